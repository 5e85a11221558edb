/* SPDX-License-Identifier: ISC */
/* What was changed in an epoch since its promotion, and whether by ticks. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

#define NAMED_MAX 5 /* of many findings of one kind, so many are named */
#define PAGE 500    /* members read at once: nobody else shall wait long */

struct marks_walk {
	struct check *c;
	const struct seen *s;
	const struct span *ids;
	size_t n, seen, bad;
	int64_t top; /* the highest score */
};

static int
by_bytes(const void *a, const void *b)
{
	const struct span *sa = a, *sb = b;

	return span_cmp(*sa, *sb);
}

static void
on_changed(const struct db_val *v, void *ctx)
{
	struct marks_walk *w = ctx;
	int64_t score;

	w->seen = db_len(v) / 2;
	for (size_t i = 0; i + 1 < db_len(v); i += 2) {
		struct span cid = db_str(db_at(v, i));
		bool known = bsearch(&cid, w->ids, w->n, sizeof(*w->ids),
				 by_bytes) != NULL;

		if (span_int(db_str(db_at(v, i + 1)), &score) < 0)
			score = 0;
		if (score > w->top)
			w->top = score;
		if ((!known || score < 1) && w->bad++ < NAMED_MAX)
			check_found(w->c, "CHANGED",
			    "%s: changed holds %.*s, score %.*s", w->s->name,
			    (int)cid.n, cid.p, (int)db_str(db_at(v, i + 1)).n,
			    db_str(db_at(v, i + 1)).p);
	}
}

int
check_changed(struct check *c, const struct seen *s, const struct span *ids,
    size_t n, struct err *e)
{
	struct marks_walk w = {.c = c, .s = s, .ids = ids, .n = n, .seen = 1};
	struct buf key = {0};
	struct hash meta = {0};
	char from[24], to[24];
	int64_t seq = -1;
	int rc = 0;

	key_add(
	    &key, c->in->view.keys, KEY_CHANGED, span_str(s->name), SPAN_NONE);
	for (size_t at = 0; w.seen > 0 && rc == 0; at += PAGE) {
		struct span argv[] = {SPAN_LIT("ZRANGE"), buf_view(&key),
		    SPAN_NONE, SPAN_NONE, SPAN_LIT("WITHSCORES")};

		snprintf(from, sizeof(from), "%zu", at);
		snprintf(to, sizeof(to), "%zu", at + PAGE - 1);
		argv[2] = span_str(from);
		argv[3] = span_str(to);
		rc = db_call(c->in->view.db, argv, 5, on_changed, &w, e);
	}
	if (rc == 0)
		rc = view_meta(&c->in->view, span_str(s->name), &meta, e);
	if (rc >= 0 && hash_int(&meta, "seq", &seq) == 0 && w.top > seq)
		check_found(c, "CHANGED",
		    "%s: a change has number %lld, but seq is %lld", s->name,
		    (long long)w.top, (long long)seq);
	buf_free(&key);
	hash_free(&meta);
	return rc < 0 ? -1 : 0;
}

static void
on_had_ws(const struct db_val *v, void *ctx)
{
	struct marks_walk *w = ctx;
	struct span s = db_str(v);
	int64_t ticks = 0;

	hash_int(&w->s->meta, "ticks", &ticks);
	if (ticks > 0 && span_eq(s, SPAN_LIT("0")))
		check_found(w->c, "HAD_WS",
		    "%s: has %lld ticks, but had_ws_updates is 0", w->s->name,
		    (long long)ticks);
	if (!span_eq(s, SPAN_LIT("0")) && !span_eq(s, SPAN_LIT("1")))
		check_found(w->c, "HAD_WS",
		    "%s: had_ws_updates is neither 0 nor 1", w->s->name);
}

int
check_had_ws(struct check *c, const struct seen *s, struct err *e)
{
	struct marks_walk w = {.c = c, .s = s};
	struct buf key = {0};
	struct span argv[2] = {SPAN_LIT("GET")};
	int rc;

	key_add(
	    &key, c->in->view.keys, KEY_HAD_WS, span_str(s->name), SPAN_NONE);
	argv[1] = buf_view(&key);
	rc = db_call(c->in->view.db, argv, 2, on_had_ws, &w, e);
	buf_free(&key);
	return rc;
}
