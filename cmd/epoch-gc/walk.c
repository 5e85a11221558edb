/* SPDX-License-Identifier: ISC */
/*
 * Along the timelines, newest first, a page at a time: the policy decides on
 * what was read, the scripts of retire.c look again and act.
 */
#include <stdlib.h>

#include "gc.h"
#include "rec.h"
#include "seal.h"

#define PAGE 200 /* epochs looked at together */

struct seen {
	char id[EPOCH_ID_MAX];
	int64_t seconds;
	struct hash meta;
	bool dirty, indexed;
};

struct walk {
	struct gc *g;
	const char *symbol;
	struct buf active;
	struct seen page[PAGE];
	size_t n;
	int64_t last;       /* seconds of the last one that was taken up */
	int64_t newer;      /* superseded ones that stay */
	int64_t last_stays; /* seconds of the oldest that stays */
	bool was_damaged;   /* the one before was born of damage */
};

/* ---- reading ---- */

static int
read_timeline(
    struct walk *w, int64_t from, int64_t to, struct words *out, struct err *e)
{
	struct act *act = &w->g->act;

	words_clear(out);
	act_clear(act);
	words_str(&act->keys, "LRANGE");
	act_key(act, KEY_TIMELINE, span_str(w->symbol));
	words_int(&act->keys, from);
	words_int(&act->keys, to);
	return db_call(act->view.db, words_view(&act->keys), act->keys.n,
	    act_strings, out, e);
}

/* Under a page that was read a promotion moves all others on: what comes
 * again is left out. */
static void
take_page(struct walk *w, const struct span *ids, size_t n)
{
	struct epoch_id id;

	w->n = 0;
	for (size_t i = 0; i < n && w->n < PAGE; i++) {
		struct seen *s = &w->page[w->n];

		if (epoch_id_parse(ids[i], &id) < 0 ||
		    strcmp(id.symbol, w->symbol) != 0 || id.seconds >= w->last)
			continue;
		w->last = s->seconds = id.seconds;
		epoch_id_text(&id, s->id);
		w->n++;
	}
}

static void
on_flag(const struct db_val *v, void *ctx)
{
	bool *flag = ctx;

	*flag = db_int(v) != 0;
}

static int
ask(struct walk *w, const char *verb, enum key_name name, struct span of,
    struct span word, db_fn *fn, void *ctx, struct err *e)
{
	struct span argv[3] = {span_str(verb), SPAN_NONE, word};
	struct buf key = {0};
	int rc;

	key_add(&key, w->g->act.view.keys, name, of, SPAN_NONE);
	argv[1] = buf_view(&key);
	rc = db_push(
	    w->g->act.view.db, argv, word.p == NULL ? 2 : 3, fn, ctx, e);
	buf_free(&key);
	return rc;
}

static int
read_page(struct walk *w, struct err *e)
{
	struct err drained;
	int rc = 0;

	for (size_t i = 0; i < w->n && rc == 0; i++) {
		struct seen *s = &w->page[i];
		struct span id = span_str(s->id), none = SPAN_NONE;

		if (ask(w, "HGETALL", KEY_META, id, none, hash_read, &s->meta,
			e) < 0 ||
		    ask(w, "SISMEMBER", KEY_DIRTY, none, id, on_flag, &s->dirty,
			e) < 0 ||
		    ask(w, "EXISTS", KEY_GEOMETRY, id, none, on_flag,
			&s->indexed, e) < 0)
			rc = -1;
	}
	/* Even after a failure: answers may still be on their way to w. */
	if (db_drain(w->g->act.view.db, &drained) < 0 && rc == 0) {
		*e = drained;
		rc = -1;
	}
	return rc;
}

/* ---- one epoch ---- */

static struct retiree
retiree_of(const struct walk *w, const struct seen *s)
{
	struct span own = hash_get(&s->meta, "incarnation");

	return (struct retiree){
	    w->symbol, s->id, own.p == NULL ? SPAN_LIT("") : own};
}

static void
begin_record(struct walk *w, const char *act, const struct seen *s)
{
	gc_begin(w->g, act);
	rec_add_str(&w->g->line, "symbol", w->symbol);
	rec_add_str(&w->g->line, "epoch_id", s->id);
}

/* Not whole, and nobody said so yet: replaced as damaged, or retired by
 * another one of us, it would be no news. */
static int
tell_damage(struct walk *w, const struct seen *s, struct err *e)
{
	struct err damage;
	int rc;

	if (w->was_damaged)
		return 0;
	rc = view_retired(&w->g->act.view, span_str(s->id), e);
	if (rc == 0) {
		err_set(&damage, EX_SOFTWARE, "DAMAGED",
		    "not all of it is there: it gets no seal (epoch-inspect "
		    "--check tells more)");
		gc_fail(w->g, s->id, &damage);
	}
	return rc < 0 ? -1 : 0;
}

static int
seal(struct walk *w, const struct seen *s, struct err *e)
{
	struct retiree r = retiree_of(w, s);
	char hash[SHA256_TEXT] = "";
	bool whole = true;
	int rc = 1;

	if (!w->g->dry)
		rc = seal_epoch(&w->g->act, w->symbol, s->id, r.incarnation,
		    hash, &whole, e);
	if (rc == 0 && !whole)
		rc = tell_damage(w, s, e);
	if (rc <= 0)
		return rc;
	w->g->sealed++;
	begin_record(w, "seal", s);
	rec_add_str(&w->g->line, "seal", hash[0] == '\0' ? NULL : hash);
	gc_end(w->g);
	return 0;
}

/* Mark it, unless that was done, and remove what the mark gives free. */
static int
retire(struct walk *w, const struct seen *s, const char *why, struct err *e)
{
	struct gc *g = w->g;
	struct retiree r = retiree_of(w, s);
	int64_t contracts = -1, models = -1;
	int rc = 1;

	if (!g->dry && why != NULL)
		rc = retire_mark(&g->act, &r, g->now, e);
	if (!g->dry && rc > 0)
		rc = retire_reclaim(&g->act, &r, &contracts, &models, e);
	if (rc <= 0)
		return rc;
	*(why != NULL ? &g->retired : &g->resumed) += 1;
	begin_record(w, why != NULL ? "retire" : "resume", s);
	rec_add_str(&g->line, "reason", why);
	if (contracts >= 0) {
		g->contracts += (uint64_t)contracts;
		rec_add_int(&g->line, "contracts", contracts);
		rec_add_int(&g->line, "models", models);
	}
	gc_end(g);
	return 1;
}

static int
treat(struct walk *w, const struct seen *s, struct err *e)
{
	struct gc_facts f = {
	    .active = span_eq(buf_view(&w->active), span_str(s->id)),
	    .dirty = s->dirty,
	    .kept = hash_flag(&s->meta, "keep"),
	    .retired = hash_flag(&s->meta, "retired"),
	    .indexed = s->indexed,
	    .newer = w->newer,
	};
	const char *why;
	enum gc_plan plan;
	int rc = 0;

	f.superseded =
	    hash_int(&s->meta, "superseded_ts", &f.superseded_ts) == 0;
	plan = gc_decide(&w->g->policy, &f, w->g->now, &why);
	w->g->seen++;
	if (f.superseded && !f.active && !f.retired &&
	    hash_get(&s->meta, "seal").p == NULL)
		rc = seal(w, s, e);
	if (rc == 0 && (plan == GC_RETIRE || plan == GC_RESUME)) {
		rc = retire(w, s, why, e);
		if (rc == 0) /* it may not go after all */
			plan = GC_STAY;
	}
	if (plan == GC_STAY) {
		w->newer += f.superseded && !f.active;
		w->last_stays = s->seconds;
	}
	w->was_damaged =
	    span_eq(hash_get(&s->meta, "reason"), SPAN_LIT("damaged"));
	return rc < 0 ? -1 : 0;
}

/* ---- meta and timeline ---- */

static int
erase(struct walk *w, const struct seen *s, struct err *e)
{
	struct retiree r = retiree_of(w, s);
	int rc = w->g->dry ? 1 : retire_erase(&w->g->act, &r, e);

	if (rc <= 0)
		return rc;
	w->g->erased++;
	begin_record(w, "erase", s);
	gc_end(w->g);
	return 1;
}

/* From the end of the timeline up to the oldest that stays. */
static int
erase_tail(struct walk *w, struct words *ids, struct err *e)
{
	int64_t skip = 0;
	int rc = 1;

	while (rc > 0) {
		if (read_timeline(w, -skip - PAGE, -skip - 1, ids, e) < 0)
			return -1;
		if (ids->n == 0)
			return 0;
		w->last = INT64_MAX;
		take_page(w, words_view(ids), ids->n);
		if (read_page(w, e) < 0)
			return -1;
		for (size_t i = w->n; i > 0 && rc > 0; i--)
			rc = w->page[i - 1].seconds >= w->last_stays
				 ? 0
				 : erase(w, &w->page[i - 1], e);
		if (w->n == 0)
			rc = 0;
		skip += w->g->dry ? (int64_t)ids->n : 0;
	}
	return rc;
}

/* ---- all ---- */

static int
walk_timeline(struct walk *w, struct words *ids, struct err *e)
{
	int64_t at = 0;

	w->last = INT64_MAX;
	do {
		if (read_timeline(w, at, at + PAGE - 1, ids, e) < 0)
			return -1;
		take_page(w, words_view(ids), ids->n);
		if (read_page(w, e) < 0)
			return -1;
		for (size_t i = 0; i < w->n; i++)
			if (treat(w, &w->page[i], e) < 0)
				return -1;
		at += PAGE;
	} while (ids->n == PAGE);
	return 0;
}

static int
walk_symbol(struct gc *g, const char *symbol, struct err *e)
{
	struct walk *w = mem_zalloc(sizeof(*w));
	struct words ids = {0};
	int rc;

	w->g = g;
	w->symbol = symbol;
	w->last_stays = INT64_MAX;
	rc = view_active(&g->act.view, span_str(symbol), &w->active, e);
	if (rc >= 0)
		rc = walk_timeline(w, &ids, e);
	if (rc >= 0 && g->erase)
		rc = erase_tail(w, &ids, e);
	for (size_t i = 0; i < PAGE; i++)
		hash_free(&w->page[i].meta);
	words_free(&ids);
	buf_free(&w->active);
	free(w);
	return rc;
}

/* Every symbol for which an id was ever reserved. */
static int
walk_all(struct gc *g, struct err *e)
{
	struct hash last = {0};
	char symbol[SYMBOL_MAX + 1];
	int rc;

	act_clear(&g->act);
	words_str(&g->act.keys, "HGETALL");
	act_key(&g->act, KEY_LAST, SPAN_NONE);
	rc = db_call(
	    g->act.view.db, words_view(&g->act.keys), 2, hash_read, &last, e);
	for (size_t i = 0; i < last.n && rc >= 0; i++) {
		struct span s = last.f[i].name;

		if (!symbol_valid(s))
			continue;
		memcpy(symbol, s.p, s.n);
		symbol[s.n] = '\0';
		rc = walk_symbol(g, symbol, e);
	}
	hash_free(&last);
	return rc;
}

int
gc_walk(struct gc *g, struct err *e)
{
	int rc = 0;

	if (g->n_symbols == 0)
		return walk_all(g, e);
	for (size_t i = 0; i < g->n_symbols && rc >= 0; i++)
		rc = walk_symbol(g, g->symbols[i].name, e);
	return rc;
}
