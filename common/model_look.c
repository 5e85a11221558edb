/* SPDX-License-Identifier: ISC */
/* model_look: which epochs wait for us; part of model_life. */
#include <stdlib.h>

#include "clock.h"
#include "model_life.h"
#include "sig.h"

void
model_fail(struct model *m, const char *subject, const struct err *e)
{
	m->status = err_worse(m->status, m->c->report(subject, e));
}

struct slot *
model_slot_add(struct model *m, struct span symbol)
{
	struct slot *s = mem_zalloc(sizeof(*s));

	memcpy(s->symbol, symbol.p, symbol.n);
	m->slots = mem_grow(m->slots, m->n_slots + 1, sizeof(*m->slots));
	m->slots[m->n_slots++] = s;
	return s;
}

struct slot *
model_slot_find(struct model *m, struct span symbol)
{
	for (size_t i = 0; i < m->n_slots; i++)
		if (!m->slots[i]->fixed &&
		    span_eq(span_str(m->slots[i]->symbol), symbol))
			return m->slots[i];
	return NULL;
}

void
model_slot_drop(struct model *m, size_t i)
{
	slot_close(&m->w, m->slots[i]);
	plate_free(&m->slots[i]->plate);
	free(m->slots[i]);
	m->slots[i] = m->slots[--m->n_slots];
}

static bool
is_served(const struct model *m, struct span symbol)
{
	for (size_t i = 0; i < m->n_symbols; i++)
		if (span_eq(span_str(m->symbols[i]), symbol))
			return true;
	return m->all;
}

/* ---- a look ---- */

static void
on_dirty(const struct db_val *v, void *ctx)
{
	struct model *m = ctx;

	for (size_t k = 0; k < m->n_slots; k++) {
		struct slot *s = m->slots[k];

		s->dirty = false;
		for (size_t i = 0; i < db_len(v); i++)
			s->dirty |=
			    span_eq(db_str(db_at(v, i)), span_str(s->id));
	}
}

/* What is active is data from outside: look at it before it names a key. */
static void
take_active(struct model *m, struct span symbol, struct span text)
{
	struct epoch_id id;
	struct slot *s;
	struct err e;

	if (!symbol_valid(symbol) || !is_served(m, symbol))
		return;
	s = model_slot_find(m, symbol);
	if (s == NULL)
		s = model_slot_add(m, symbol);
	if (epoch_id_parse(text, &id) < 0 ||
	    !span_eq(symbol, span_str(id.symbol))) {
		err_set(&e, EX_SOFTWARE, "ACTIVE_ID",
		    "active is no id of it: %.*s",
		    (int)(text.n > 60 ? 60 : text.n), text.p);
		model_fail(m, s->symbol, &e);
		return;
	}
	s->there = true;
	if (!span_eq(span_str(s->id), text))
		s->failed = 0;
	epoch_id_text(&id, s->id);
}

int
model_look_around(struct model *m, struct err *e)
{
	struct act *act = &m->w.act;
	struct hash active = {0};
	int rc;

	act_start(act, MODEL_ACT_MS);
	rc = view_actives(&act->view, &active, e);
	for (size_t i = 0; i < m->n_slots; i++)
		m->slots[i]->there = m->slots[i]->fixed;
	for (size_t i = 0; rc >= 0 && i < active.n; i++)
		take_active(m, active.f[i].name, active.f[i].value);
	hash_free(&active);
	if (rc < 0)
		return -1;
	for (size_t i = m->n_slots; i-- > 0;)
		if (!m->slots[i]->there)
			model_slot_drop(m, i);
	act_clear(act);
	words_str(&act->keys, "SMEMBERS");
	act_key(act, KEY_DIRTY, SPAN_NONE);
	return db_call(act->view.db, words_view(&act->keys), 2, on_dirty, m, e);
}

/* Nobody waits for us any more, or for another one under our name. */
static bool
is_struck_off(const struct err *e)
{
	return strcmp(e->code, "FORGOTTEN") == 0 ||
	       strcmp(e->code, "NAME_TAKEN") == 0;
}

/*
 * Marks and pointers are read one after the other, so that what is not dirty
 * may also be gone.  Who goes on finds it at the next look; with --once there
 * is none, and each epoch's own meta tells.
 */
static bool
is_due(const struct model *m, const struct slot *s)
{
	if (!s->dirty && m->c->mode != MODEL_ONCE)
		return false;
	/* A board that cannot be computed is not read again for every tick on
	 * it, or on another. */
	return s->failed == 0 || clock_mono_ms() >= s->retry_ms;
}

int
model_look(struct model *m, struct model_did *did, struct err *e)
{
	*did = (struct model_did){0};
	m->looks++;
	if (model_look_around(m, e) < 0)
		return -1;
	did->left = m->n_slots;
	for (; did->left > 0 && sig_stop == 0; did->left--) {
		struct slot *s = m->slots[m->n_slots - did->left];
		int rc;

		if (!is_due(m, s))
			continue;
		rc = slot_work(&m->w, s, m->out, e);
		did->done += rc == SLOT_DONE;
		did->lost += rc == SLOT_LOST;
		if (rc >= 0)
			continue;
		if (!db_alive(m->w.act.view.db) || db_may_retry(e) ||
		    is_struck_off(e))
			return -1;
		if (s->failed == 0 || s->failed != s->plate.seq)
			model_fail(m, s->id, e);
		s->failed = s->plate.seq;
		s->retry_ms = clock_mono_ms() + m->c->poll_ms;
	}
	return 0;
}
