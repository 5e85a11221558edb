/* SPDX-License-Identifier: ISC */
#include "retire.h"

#include "ack.h"
#include "geom.h"

extern const char lua_retire[], lua_reclaim[], lua_erase[], lua_condemn[],
    lua_swept[], lua_keep[];
static struct db_script script_mark = {.name = "retire", .text = lua_retire};
static struct db_script script_reclaim = {
    .name = "reclaim", .text = lua_reclaim};
static struct db_script script_erase = {.name = "erase", .text = lua_erase};
static struct db_script script_condemn = {
    .name = "condemn", .text = lua_condemn};
static struct db_script script_swept = {.name = "swept", .text = lua_swept};
static struct db_script script_keep = {.name = "keep", .text = lua_keep};

static const struct span none = {NULL, 0};

/* Run it: 1 "ok", 2 "again", 0 "kept" or "gone"; -1 and *e. */
static int
run(struct act *act, struct db_script *s, struct err *e)
{
	if (act_script(act, s, e) < 0)
		return -1;
	if (act_said(act, "ok"))
		return 1;
	if (act_said(act, "again") || act_said(act, "retired"))
		return 2;
	if (act_said(act, "kept") || act_said(act, "gone"))
		return 0;
	act_refusal(act, s->name, e);
	return -1;
}

/* Keys and arguments that the scripts begin with. */
static void
begin_words(struct act *act, const struct retiree *r)
{
	act_clear(act);
	act_key(act, KEY_ACTIVE, none);
	act_key(act, KEY_META, span_str(r->id));
	words_str(&act->args, r->symbol);
	words_str(&act->args, r->id);
}

int
retire_mark(
    struct act *act, const struct retiree *r, int64_t now_ms, struct err *e)
{
	begin_words(act, r);
	act_key(act, KEY_DIRTY, none);
	act_key(act, KEY_CLEAN, none);
	act_journal(act, span_str(r->symbol));
	words_span(&act->args, r->incarnation);
	words_int(&act->args, now_ms);
	return run(act, &script_mark, e);
}

int
retire_erase(struct act *act, const struct retiree *r, struct err *e)
{
	begin_words(act, r);
	act_key(act, KEY_TIMELINE, span_str(r->symbol));
	act_key(act, KEY_GEOMETRY, span_str(r->id));
	words_span(&act->args, r->incarnation);
	return run(act, &script_erase, e);
}

int
retire_condemn(struct act *act, const struct retiree *r, int64_t limit_ms,
    int64_t now_ms, struct err *e)
{
	begin_words(act, r);
	act_key(act, KEY_STAGING, none);
	words_int(&act->args, limit_ms);
	words_int(&act->args, now_ms);
	return run(act, &script_condemn, e);
}

int
retire_swept(struct act *act, const struct retiree *r, struct err *e)
{
	begin_words(act, r);
	act_key(act, KEY_STAGING, none);
	act_key(act, KEY_GEOMETRY, span_str(r->id));
	return run(act, &script_swept, e);
}

int
retire_keep(struct act *act, const char *id, bool keep, struct err *e)
{
	act_clear(act);
	act_key(act, KEY_ACTIVE, none);
	act_key(act, KEY_META, span_str(id));
	words_int(&act->args, keep);
	return run(act, &script_keep, e);
}

/* ---- reclaim ---- */

struct reclaim {
	struct act *act;
	const struct retiree *r;
	int64_t removed; /* of the script before */
};

static void
begin(struct reclaim *c)
{
	begin_words(c->act, c->r);
	words_span(&c->act->args, c->r->incarnation);
}

static size_t
waiting(const struct reclaim *c)
{
	return c->act->keys.n - 2;
}

static void
add_key(struct reclaim *c, enum key_name name, struct span sub)
{
	key_add(&c->act->keys.text, c->act->view.keys, name, span_str(c->r->id),
	    sub);
	words_close(&c->act->keys);
}

static int
remove_keys(struct reclaim *c, struct err *e)
{
	int rc = run(c->act, &script_reclaim, e);

	c->removed = 0;
	if (rc > 0)
		span_int(span_str(c->act->answer.detail), &c->removed);
	return rc;
}

/* The ids of a geometry, line by line: also of one that is damaged, whatever
 * of it can be read. */
static int
remove_contracts(
    struct reclaim *c, struct span text, int64_t *removed, struct err *e)
{
	struct geom_id parts;
	int rc = 1;

	begin(c);
	while (text.n > 0 && rc > 0) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p);
		struct span cid = {text.p, n};

		if (geom_id_parse(cid, &parts) == 0)
			add_key(c, KEY_CONTRACT, cid);
		n += end != NULL;
		text = (struct span){text.p + n, text.n - n};
		if (waiting(c) == RETIRE_BATCH ||
		    (text.n == 0 && waiting(c) > 0)) {
			rc = remove_keys(c, e);
			*removed += c->removed;
			begin(c);
		}
	}
	return rc;
}

static void
on_members(const struct db_val *v, void *ctx)
{
	struct reclaim *c = ctx;

	for (size_t i = 0; i < db_len(v); i++) {
		struct span m = db_str(db_at(v, i));
		const char *at = m.n == 0 ? NULL : memchr(m.p, '@', m.n);

		if (at != NULL)
			m.n = (size_t)(at - m.p);
		if (model_name_valid(m))
			add_key(c, KEY_MODEL, m);
	}
}

/*
 * Whoever published on it has acknowledged it, or is registered.  Looked up
 * after the mark, from which on nobody publishes there any more.
 */
static int
remove_models(struct reclaim *c, int64_t *removed, struct err *e)
{
	static const char ack[] = "ack:";
	const size_t skip = sizeof(ack) - 1;
	struct view *v = &c->act->view;
	struct buf key = {0};
	struct span argv[2] = {SPAN_LIT("SMEMBERS")};
	struct hash meta = {0};
	int rc = view_meta(v, span_str(c->r->id), &meta, e);

	begin(c);
	for (size_t i = 0; rc >= 0 && i < meta.n; i++) {
		struct span name = meta.f[i].name;

		if (name.n <= skip || memcmp(name.p, ack, skip) != 0)
			continue;
		name = (struct span){name.p + skip, name.n - skip};
		if (model_name_valid(name))
			add_key(c, KEY_MODEL, name);
	}
	key_add(&key, v->keys, KEY_MODELS, none, none);
	argv[1] = buf_view(&key);
	if (rc >= 0)
		rc = db_call(v->db, argv, 2, on_members, c, e);
	if (rc >= 0)
		rc = waiting(c) == 0 ? 1 : remove_keys(c, e);
	if (rc > 0)
		*removed += c->removed;
	hash_free(&meta);
	buf_free(&key);
	return rc;
}

int
retire_reclaim(struct act *act, const struct retiree *r, int64_t *contracts,
    int64_t *models, struct err *e)
{
	struct reclaim c = {.act = act, .r = r};
	struct buf text = {0};
	int rc = view_geometry(&act->view, span_str(r->id), &text, e);

	*contracts = *models = 0;
	if (rc >= 0)
		rc = remove_contracts(&c, buf_view(&text), contracts, e);
	if (rc > 0)
		rc = remove_models(&c, models, e);
	if (rc > 0) {
		begin(&c);
		add_key(&c, KEY_CHANGED, none);
		add_key(&c, KEY_HAD_WS, none);
		add_key(&c, KEY_GEOMETRY, none);
		rc = remove_keys(&c, e);
	}
	buf_free(&text);
	return rc;
}

int
retire_unstage(
    struct act *act, const struct retiree *r, int64_t *contracts, struct err *e)
{
	struct reclaim c = {.act = act, .r = r};
	struct buf text = {0};
	int rc = view_geometry(&act->view, span_str(r->id), &text, e);

	*contracts = 0;
	if (rc >= 0)
		rc = remove_contracts(&c, buf_view(&text), contracts, e);
	buf_free(&text);
	return rc;
}
