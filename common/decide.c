/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "decide.h"

#define FUTURE_MS (60 * 1000)        /* more ahead than that is refused */
#define CONFIRM_APART_MS (60 * 1000) /* between two sights of a board */

/* What leaves a board, and how much of that had not expired. */
struct turnover {
	char today[DATE_TEXT];
	size_t unexpired, unexpired_gone;
	size_t entered, exited;
};

static bool
is_expired(struct span id, const char *today)
{
	struct geom_id g;

	return geom_id_parse(id, &g) == 0 && strcmp(g.expiration, today) < 0;
}

static void
on_left(struct span id, void *ctx)
{
	struct turnover *t = ctx;

	t->exited++;
	if (!is_expired(id, t->today))
		t->unexpired_gone++;
}

static void
on_entered(struct span id, void *ctx)
{
	struct turnover *t = ctx;

	(void)id;
	t->entered++;
}

static void
count_turnover(
    const struct current *now, const struct snapshot *s, struct turnover *t)
{
	*t = (struct turnover){0};
	clock_ny_date(s->end_ts, 0, t->today);
	for (size_t i = 0; i < now->n; i++)
		t->unexpired += !is_expired(now->ids[i], t->today);
	geom_diff(now->ids, now->n, s->ids, s->board.n, on_left, on_entered, t);
}

static int64_t
meta_int(const struct current *now, const char *field, int64_t otherwise)
{
	int64_t v = otherwise;

	hash_int(&now->meta, field, &v);
	return v;
}

/* A missing text field of meta is an empty one. */
static bool
meta_is(const struct current *now, const char *field, const char *want)
{
	return span_eq(hash_get(&now->meta, field), span_str(want));
}

static void
reject(struct verdict *v, const char *reason)
{
	v->kind = VERDICT_REJECT;
	v->reason = reason;
}

/*
 * A dormant request counts only while its epoch is active and silent.  The
 * first tick after the watch counted silence sets dormant_count back to 0,
 * so "0 although ticks came" means that the silence is over.
 */
static bool
silence_lasts(const struct current *now, const struct snapshot *s)
{
	return s->for_epoch != NULL && strcmp(s->reason, "dormant") == 0 &&
	       span_eq(buf_view(&now->id), span_str(s->for_epoch)) &&
	       (meta_int(now, "dormant_count", 0) > 0 ||
		   meta_int(now, "ticks", 0) == 0);
}

/* Has a shrunk board been seen often enough, far enough apart? */
static bool
is_confirmed(const struct current *now, const struct snapshot *s,
    const struct policy *p, const struct turnover *t, struct verdict *v)
{
	int64_t seen = 0, first = s->end_ts, last = 0;

	if (span_eq(hash_get(&now->pending, "hash"),
		span_str(s->sum.geometry_hash))) {
		hash_int(&now->pending, "seen", &seen);
		hash_int(&now->pending, "first_ts", &first);
		last = first;
		hash_int(&now->pending, "last_ts", &last);
	}
	if (seen == 0 || s->end_ts >= last + CONFIRM_APART_MS) {
		seen++;
		last = s->end_ts;
	}
	if (seen >= p->confirm)
		return true;
	reject(v, "shrink");
	v->suspect = true;
	v->seen = seen;
	v->first_ts = first;
	v->last_ts = last;
	snprintf(v->detail, sizeof(v->detail),
	    "%zu of %zu unexpired contracts gone, %" PRId64 " of %" PRId64
	    " confirmations",
	    t->unexpired_gone, t->unexpired, seen, p->confirm);
	return false;
}

/* The refusals, in the order in which they are told. */
static bool
is_refused(const struct current *now, const struct snapshot *s,
    const struct policy *p, const struct turnover *t, bool same_filter,
    struct verdict *v)
{
	int64_t begin = meta_int(now, "begin_ts", 0);
	int64_t end = meta_int(now, "snapshot_ts", 0);
	bool same_hash = meta_is(now, "geometry_hash", s->sum.geometry_hash);

	if (now->exists && (s->begin_ts < begin || s->end_ts < end)) {
		reject(v, "stale");
		snprintf(v->detail, sizeof(v->detail),
		    "snapshot of %" PRId64 ", the active one is of %" PRId64,
		    s->end_ts, end);
	} else if (now->exists && !same_filter && !p->accept_filter) {
		reject(v, "filter");
		snprintf(v->detail, sizeof(v->detail),
		    "filter \"%.60s\" is not the active epoch's", s->filter);
	} else if (s->end_ts > now->now_ms + FUTURE_MS) {
		reject(v, "future");
		snprintf(v->detail, sizeof(v->detail),
		    "snapshot is %" PRId64 " s ahead of the server's clock",
		    (s->end_ts - now->now_ms) / 1000);
	} else if (now->exists && hash_flag(&now->meta, "pinned") &&
		   !(same_hash && same_filter)) {
		reject(v, "pinned");
		snprintf(v->detail, sizeof(v->detail),
		    "the symbol is pinned to another board");
	} else if (now->exists && same_filter && !p->accept_shrink &&
		   (double)t->unexpired_gone * 10000 >
		       (double)t->unexpired * (double)p->max_shrink_bp) {
		return !is_confirmed(now, s, p, t, v);
	} else {
		return false;
	}
	return true;
}

void
decide(const struct current *now, const struct snapshot *s,
    const struct policy *p, struct verdict *v)
{
	struct turnover t;
	bool same_hash, same_filter, asked;

	*v = (struct verdict){0};
	if (s->board.n == 0) {
		reject(v, "empty");
		snprintf(v->detail, sizeof(v->detail), "no contracts");
		return;
	}
	count_turnover(now, s, &t);
	v->entered = t.entered;
	v->exited = t.exited;
	same_hash = meta_is(now, "geometry_hash", s->sum.geometry_hash);
	same_filter = now->damaged && hash_get(&now->meta, "filter").p == NULL
			  ? true
			  : meta_is(now, "filter", s->filter);
	v->by_silence = now->exists && !p->force && silence_lasts(now, s);
	asked = v->asked = p->force || v->by_silence;
	if (now->exists && !now->damaged && same_hash && same_filter &&
	    s->begin_ts == meta_int(now, "begin_ts", 0) &&
	    s->end_ts == meta_int(now, "snapshot_ts", 0)) {
		/* The very same snapshot again: repairs a cut refresh. */
		v->kind = !asked ? VERDICT_REFRESH
			  : meta_int(now, "forced_ts", -1) == s->end_ts
			      ? VERDICT_SAME
			      : VERDICT_PROMOTE;
	} else if (is_refused(now, s, p, &t, same_filter, v)) {
		return;
	} else if (now->exists && !now->damaged && same_hash && same_filter &&
		   !asked) {
		v->kind = VERDICT_REFRESH;
	} else {
		v->kind = VERDICT_PROMOTE;
	}
	if (v->kind == VERDICT_PROMOTE) {
		v->forced = asked && now->exists;
		v->reason = !now->exists   ? "first"
			    : now->damaged ? "damaged"
			    : !same_hash   ? "geometry"
			    : !same_filter ? "filter"
					   : "forced";
	}
}

void
decide_rollback(
    const struct current *now, const struct snapshot *s, struct verdict *v)
{
	struct turnover t;

	count_turnover(now, s, &t);
	*v = (struct verdict){.kind = VERDICT_PROMOTE,
	    .reason = "rollback",
	    .entered = t.entered,
	    .exited = t.exited};
}
