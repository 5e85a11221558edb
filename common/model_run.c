/* SPDX-License-Identifier: ISC */
/* model_run: the life of a model; part of model_life. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "model_life.h"
#include "sig.h"

#define ONCE_TRIES 3 /* that --once makes when its epoch vanishes */

static void
show_counts(struct model *m)
{
	char text[300];

	snprintf(text, sizeof(text),
	    "looks %" PRIu64 " whole %" PRIu64 " changed %" PRIu64
	    " contracts %" PRIu64 " published %" PRIu64 " again %" PRIu64
	    " reconnects %" PRIu64 " hints %" PRIu64,
	    m->looks, m->w.whole, m->w.changed, m->w.contracts, m->w.published,
	    m->w.again, m->reconnects, m->hear.messages);
	m->c->counts(m->c->name, text);
}

/* ---- the life of a model ---- */

static int
enrol(struct model *m, struct err *e)
{
	act_start(&m->w.act, MODEL_ACT_MS);
	return ack_register(
	    &m->w.act, &m->w.model, m->symbols, m->n_symbols, e);
}

/* Whoever was forgotten must not go on as if it were waited for. */
static int
still_enrolled(struct model *m, struct err *e)
{
	int rc;

	act_start(&m->w.act, MODEL_ACT_MS);
	rc = ack_is_registered(&m->w.act, m->w.model.name, e);
	if (rc == 0)
		return err_set(e, EX_NO, "FORGOTTEN",
		    "%s is not registered any more", m->w.model.name);
	return rc < 0 ? -1 : 0;
}

/*
 * The server went away, or refuses: look for it as long as our patience
 * lasts; false when it is over.  Nothing that was read before is true of what
 * comes back.
 */
static bool
recover(struct model *m, int *rc, struct err *e)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < m->n_slots; i++)
		slot_close(&m->w, m->slots[i]);
	if (m->failing == 0)
		m->failing = now;
	if (!db_may_retry(e) || now - m->failing >= m->c->patience_ms)
		return false;
	m->reconnects++;
	act_start(&m->w.act, m->failing + m->c->patience_ms - now);
	if (act_recover(&m->w.act, e) < 0)
		return false;
	*rc = enrol(m, e);
	return true;
}

static int
turn(struct model *m, int64_t *polled, struct err *e)
{
	struct model_did did;

	if (model_look(m, &did, e) < 0)
		return -1;
	m->failing = 0;
	if (clock_mono_ms() - *polled >= m->c->poll_ms) {
		*polled = clock_mono_ms();
		if (still_enrolled(m, e) < 0)
			return -1;
	}
	if (out_flush(m->out) < 0)
		return 0; /* out_close will tell */
	/* What changed while we computed is found by the next look. */
	if (did.done == 0)
		hear_wait(&m->hear, m->c->poll_ms);
	return 0;
}

static void
follow(struct model *m)
{
	int64_t polled = clock_mono_ms();
	struct err e;
	int rc = enrol(m, &e);

	while (sig_stop == 0 && !m->out->failed) {
		if (sig_usr1) {
			sig_usr1 = 0;
			show_counts(m);
		}
		if (rc == 0)
			rc = turn(m, &polled, &e);
		else if (!recover(m, &rc, &e))
			break;
	}
	if (rc < 0 && sig_stop == 0)
		model_fail(m, m->w.model.name, &e);
}

static void
no_epoch(struct model *m, const char *subject)
{
	struct err e;

	err_set(&e, EX_NO, "NO_EPOCH", "no active epoch");
	model_fail(m, subject, &e);
}

static void
check_there(struct model *m)
{
	if (m->all && m->n_slots == 0)
		no_epoch(m, NULL);
	for (size_t i = 0; i < m->n_symbols; i++)
		if (model_slot_find(m, span_str(m->symbols[i])) == NULL)
			no_epoch(m, m->symbols[i]);
}

/* Once and whole; -1 and *e.  When Redis loses its state meanwhile, our
 * registration is gone with what we computed: all of it anew. */
static int
look_once(struct model *m, struct err *e)
{
	struct model_did did = {0};
	int rc = 0;

	for (int i = 0; i < ONCE_TRIES; i++) {
		rc = enrol(m, e);
		if (rc == 0)
			rc = model_look(m, &did, e);
		if (rc < 0 || did.left > 0 || did.lost == 0)
			break;
	}
	if (sig_stop != 0 && (rc < 0 || did.left > 0 || did.lost > 0))
		return err_set(e, EX_TEMPFAIL, "STOPPED", "told to stop");
	if (rc == 0 && did.lost > 0)
		rc = err_set(e, EX_TEMPFAIL, "LOST",
		    "what is active is not there, or gone before it is "
		    "computed (epoch-inspect --check tells more)");
	return rc;
}

static void
once(struct model *m)
{
	struct err e;

	if (look_once(m, &e) < 0)
		model_fail(m, m->w.model.name, &e);
	else
		check_there(m);
}

static int
by_id(const void *a, const void *b)
{
	const struct slot *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static void
print(struct model *m)
{
	struct err e;
	int rc = 0;

	if ((m->all || m->n_symbols > 0) && model_look_around(m, &e) < 0) {
		model_fail(m, NULL, &e);
		return;
	}
	check_there(m);
	if (m->n_slots > 0)
		qsort(m->slots, m->n_slots, sizeof(*m->slots), by_id);
	for (size_t i = 0; i < m->n_slots && sig_stop == 0; i++) {
		act_start(&m->w.act, MODEL_ACT_MS);
		rc = slot_show(&m->w, m->slots[i], m->out, &e);
		if (rc == 0)
			rc = err_set(&e, EX_NO, "NO_EPOCH",
			    "it is not there, or retired");
		if (rc < 0)
			model_fail(m, m->slots[i]->id, &e);
	}
}

/* ---- beginning and end ---- */

static int
take_operand(struct model *m, const char *text, struct err *e)
{
	struct span s = span_str(text);
	struct symbol *symbol = &m->names[m->n_symbols];
	struct epoch_id id;

	if (m->c->mode == MODEL_PRINT && epoch_id_parse(s, &id) == 0) {
		struct slot *slot = model_slot_add(m, span_str(id.symbol));

		slot->fixed = true;
		epoch_id_text(&id, slot->id);
		return 0;
	}
	if (symbol_parse(s, false, symbol) < 0)
		return err_set(e, EX_USAGE, "OPERAND", "no symbol%s: %.80s",
		    m->c->mode == MODEL_PRINT ? " and no epoch id" : "", text);
	m->symbols[m->n_symbols++] = symbol->name;
	return 0;
}

static int
model_open(struct model *m, char *const *operands, size_t n, struct err *e)
{
	m->w.ops = m->c->ops;
	m->w.conf = m->c->ops_conf;
	m->w.model = (struct ack_model){
	    m->c->name, m->c->kind, buf_view(&m->c->options).p};
	m->all = n == 0;
	m->symbols = mem_zalloc((n + 1) * sizeof(*m->symbols));
	m->names = mem_zalloc((n + 1) * sizeof(*m->names));
	for (size_t i = 0; i < n; i++)
		if (take_operand(m, operands[i], e) < 0)
			return -1;
	if (clock_init(e) < 0 || keys_init(&m->keys, e) < 0 ||
	    act_nonce(m->w.by, e) < 0)
		return -1;
	hear_init(&m->hear, m->c->redis.url, m->c->redis.timeout_ms, &m->keys);
	m->w.act.view.keys = &m->keys;
	m->w.act.view.db = db_open(m->c->redis.url, m->c->redis.timeout_ms, e);
	return m->w.act.view.db == NULL ? -1 : 0;
}

static void
model_close(struct model *m)
{
	while (m->n_slots > 0)
		model_slot_drop(m, m->n_slots - 1);
	free(m->slots);
	free(m->symbols);
	free(m->names);
	hear_close(&m->hear);
	slot_worker_free(&m->w);
	act_free(&m->w.act);
	db_close(&m->w.act.view.db);
}

int
model_run(const struct model_conf *c, char *const *operands, size_t n,
    struct out *out)
{
	static void (*const run[])(struct model *) = {
	    [MODEL_FOLLOW] = follow,
	    [MODEL_ONCE] = once,
	    [MODEL_PRINT] = print,
	};
	struct model m = {.c = c, .out = out};
	struct err e;

	if (model_open(&m, operands, n, &e) < 0)
		model_fail(&m, NULL, &e);
	else
		run[c->mode](&m);
	if (c->verbose)
		show_counts(&m);
	model_close(&m);
	return m.status;
}
