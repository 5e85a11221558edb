/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "ack.h"

extern const char lua_ack[], lua_register[], lua_forget[];
static struct db_script script_ack = {.name = "ack", .text = lua_ack};
static struct db_script script_register = {
    .name = "register", .text = lua_register};
static struct db_script script_forget = {.name = "forget", .text = lua_forget};

#define CONFLICTS_MAX 20 /* promotions between two looks at epoch:active */

bool
model_name_valid(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) &&
		    (i == 0 || (c != '_' && c != '-')))
			return false;
	}
	return text.n > 0 && text.n <= MODEL_NAME_MAX;
}

static int
name_taken(const struct act *act, struct err *e)
{
	return err_set(e, EX_CONFIG, "NAME_TAKEN",
	    "a model of another kind is registered under that name: %s "
	    "(choose another --name, or epoch-gc --forget-model)",
	    act->answer.detail);
}

/* ---- publishing ---- */

static void
add_key(struct act *act, enum key_name name, struct span of, struct span sub)
{
	key_add(&act->keys.text, act->view.keys, name, of, sub);
	words_close(&act->keys);
}

/* They outlive the script. */
static void
add_words(struct words *to, struct words *from)
{
	const struct span *w = words_view(from);

	for (size_t i = 0; i < from->n; i++)
		words_lend(to, w[i]);
}

static void
ack_words(struct act *act, const struct ack *a)
{
	struct span id = span_str(a->id);

	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_META, id);
	act_key(act, KEY_MODELS, SPAN_NONE);
	act_key(act, KEY_DIRTY, SPAN_NONE);
	act_key(act, KEY_CLEAN, SPAN_NONE);
	add_key(act, KEY_MODEL, id, span_str(a->model->name));
	act_key(act, KEY_EVENTS, SPAN_NONE);
	act_key(act, KEY_CONFIG, SPAN_NONE);
	words_str(&act->args, a->symbol);
	words_str(&act->args, a->id);
	words_str(&act->args, a->model->name);
	words_int(&act->args, a->seq);
	words_span(&act->args, a->incarnation);
	if (a->base > 0)
		words_int(&act->args, a->base);
	else
		words_str(&act->args, "");
	words_str(&act->args, a->by);
	words_str(&act->args, a->model->options);
	words_int(&act->args, a->contracts);
	words_int(&act->args, a->ts);
	words_str(&act->args, a->model->kind);
	words_int(&act->args, a->gone == NULL ? 0 : (int64_t)a->gone->n);
	if (a->gone != NULL)
		add_words(&act->args, a->gone);
	add_words(&act->args, a->docs);
}

enum ack_result
ack_publish(struct act *act, const struct ack *a, int64_t *now, struct err *e)
{
	static const struct {
		const char *said;
		enum ack_result means;
	} answers[] = {
	    {"ok", ACK_DONE},
	    {"older", ACK_OLDER},
	    {"base", ACK_BASE},
	    {"other", ACK_OTHER},
	    {"gone", ACK_GONE},
	    {"retired", ACK_GONE},
	    {"unknown", ACK_UNKNOWN},
	};

	ack_words(act, a);
	*now = a->seq;
	if (act_script(act, &script_ack, e) < 0)
		return ACK_FAILED;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (act_said(act, answers[i].said)) {
			if (answers[i].means == ACK_DONE)
				span_int(span_str(act->answer.detail), now);
			return answers[i].means;
		}
	if (act_said(act, "taken"))
		name_taken(act, e);
	else
		act_refusal(act, "ack", e);
	return ACK_FAILED;
}

/* ---- registering and forgetting ---- */

/* A script about all active epochs: their metas (and models of a name) to the
 * keys, symbol and id to the arguments. */
static int
add_actives(struct act *act, const char *name, struct err *e)
{
	struct hash active = {0};
	struct epoch_id id;
	int rc = 0;

	if (view_actives(&act->view, &active, e) < 0)
		return -1;
	for (size_t i = 0; i < active.n && rc == 0; i++) {
		struct span text = active.f[i].value;

		if (epoch_id_parse(text, &id) < 0) {
			rc = err_set(e, EX_SOFTWARE, "ACTIVE_ID",
			    "active holds what is no epoch id (epoch-inspect "
			    "--check tells more)");
			break;
		}
		add_key(act, KEY_META, text, SPAN_NONE);
		if (name != NULL)
			add_key(act, KEY_MODEL, text, span_str(name));
		words_span(&act->args, active.f[i].name);
		words_span(&act->args, text);
	}
	hash_free(&active);
	return rc;
}

static int
until_settled(struct act *act, struct db_script *s, struct err *e)
{
	if (act_script(act, s, e) < 0)
		return -1;
	if (act_said(act, "ok"))
		return 1;
	if (act_said(act, "conflict"))
		return 0;
	if (act_said(act, "taken"))
		return name_taken(act, e);
	act_refusal(act, s->name, e);
	return -1;
}

static int
conflict(struct err *e)
{
	return err_set(e, EX_TEMPFAIL, "CONFLICT",
	    "epochs keep changing: too many promotions at once");
}

int
ack_register(struct act *act, const struct ack_model *m,
    const char *const *symbols, size_t n, struct err *e)
{
	for (int i = 0; i < CONFLICTS_MAX; i++) {
		int rc;

		act_clear(act);
		act_key(act, KEY_ACTIVE, SPAN_NONE);
		act_key(act, KEY_MODELS, SPAN_NONE);
		act_key(act, KEY_DIRTY, SPAN_NONE);
		act_key(act, KEY_CLEAN, SPAN_NONE);
		act_key(act, KEY_CONFIG, SPAN_NONE);
		words_str(&act->args, m->name);
		words_str(&act->args, m->options);
		words_str(&act->args, m->kind);
		words_int(&act->args, n == 0 ? 1 : (int64_t)n);
		if (n == 0)
			words_str(&act->args, m->name);
		for (size_t k = 0; k < n; k++) {
			buf_fmt(&act->args.text, "%s@%s", m->name, symbols[k]);
			words_close(&act->args);
		}
		if (add_actives(act, m->name, e) < 0)
			return -1;
		rc = until_settled(act, &script_register, e);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	return conflict(e);
}

struct registered {
	struct span name;
	bool found;
};

static void
on_members(const struct db_val *v, void *ctx)
{
	struct registered *r = ctx;

	for (size_t i = 0; i < db_len(v); i++) {
		struct span m = db_str(db_at(v, i));

		if (m.n >= r->name.n &&
		    memcmp(m.p, r->name.p, r->name.n) == 0 &&
		    (m.n == r->name.n || m.p[r->name.n] == '@'))
			r->found = true;
	}
}

int
ack_is_registered(struct act *act, const char *name, struct err *e)
{
	struct registered r = {span_str(name), false};

	act_clear(act);
	words_str(&act->keys, "SMEMBERS");
	act_key(act, KEY_MODELS, SPAN_NONE);
	if (db_call(
		act->view.db, words_view(&act->keys), 2, on_members, &r, e) < 0)
		return -1;
	return r.found;
}

int
ack_forget(struct act *act, const char *member, int64_t *gone, int64_t *cleaned,
    struct err *e)
{
	for (int i = 0; i < CONFLICTS_MAX; i++) {
		const char *text = act->answer.detail;
		size_t blank;
		int rc;

		act_clear(act);
		act_key(act, KEY_ACTIVE, SPAN_NONE);
		act_key(act, KEY_MODELS, SPAN_NONE);
		act_key(act, KEY_DIRTY, SPAN_NONE);
		act_key(act, KEY_CLEAN, SPAN_NONE);
		act_key(act, KEY_EVENTS, SPAN_NONE);
		act_key(act, KEY_CONFIG, SPAN_NONE);
		words_str(&act->args, member);
		if (add_actives(act, NULL, e) < 0)
			return -1;
		rc = until_settled(act, &script_forget, e);
		if (rc < 0)
			return -1;
		if (rc > 0) {
			*gone = *cleaned = 0;
			blank = strcspn(text, " ");
			span_int((struct span){text, blank}, gone);
			if (text[blank] == ' ')
				span_int(span_str(text + blank + 1), cleaned);
			return 0;
		}
	}
	return conflict(e);
}
