/* SPDX-License-Identifier: ISC */
/*
 * Batches of ticks, many on their way.
 *
 * Why it is right: Redis does what one connection sends in its order, and each
 * batch is judged by its own answer, in that order, as if it had been waited
 * for.  A batch is done whole, and only on the seq that the tape says: behind
 * one of its epoch that diverged, or was answered by an error, none is.  So it
 * is noticed some batches later, but Redis stands where it was noticed.  Where
 * the error passes (the server had forgotten the script, was busy), what was
 * not done is done again, one by one.  Cut off at any point, Redis holds a
 * state that once was.
 */
#include <stdlib.h>

#include "ahead.h"
#include "hydrate.h"
#include "tape_row.h"

struct batch {
	struct deed deed; /* of it the line alone … */
	struct buf text;  /* … and its arguments and rows */
	int64_t seq;      /* after it */
	struct hydrating h;
};

void
ahead_free(struct ahead *a)
{
	for (size_t i = 0; a->ring != NULL && i < AHEAD_BATCHES; i++)
		buf_free(&a->ring[i].text);
	free(a->ring);
	*a = (struct ahead){.ring = NULL};
}

/* --- what is on the tape --- */

static int
read_tick(const struct span *column, int n, struct tick *t)
{
	static const struct {
		const char *letter;
		enum contract_group group;
	} groups[] = {{"q", CG_QUOTE}, {"t", CG_TRADE}, {"v", CG_VOLUME}};

	for (size_t i = 0; i < 3; i++) {
		if (!span_eq(column[0], span_str(groups[i].letter)))
			continue;
		*t = (struct tick){.group = groups[i].group, .id = column[1]};
		if (n != 4 + (int)tick_values(t->group) ||
		    span_int(column[2], &t->ts) < 0 ||
		    span_int(column[3], &t->seq) < 0)
			return -1;
		for (size_t v = 0; v < tick_values(t->group); v++)
			if (column[4 + v].n > 0)
				t->v[v] = column[4 + v];
		return 0;
	}
	return -1;
}

static int
read_ticks(const struct doing *g, struct tick *ticks, size_t *n, struct err *e)
{
	struct span text = g->d->line.rows, column[TAPE_ROW_MAX];
	int columns;

	*n = 0;
	while ((columns = tape_row_next(&text, column)) != 0) {
		if (*n == HYDRATE_MAX ||
		    read_tick(column, columns, &ticks[*n]) < 0)
			return doing_bad(g, "a tick that cannot be", e);
		++*n;
	}
	return 0;
}

/* --- one batch --- */

static struct batch *
at(struct ahead *a, size_t i)
{
	return &a->ring[(a->head + i) % AHEAD_BATCHES];
}

static struct span
keep(struct buf *b, struct span s)
{
	size_t before = b->n;

	buf_span(b, s);
	return (struct span){b->p + before, s.n};
}

/* A copy: the line in hand will be another by the time of its answer. */
static void
hold(struct batch *b, const struct deed *d)
{
	buf_clear(&b->text);
	buf_reserve(&b->text, d->line.args.n + d->line.rows.n);
	b->deed = (struct deed){
	    .line = d->line, .file = d->file, .line_no = d->line_no};
	b->deed.line.args = keep(&b->text, d->line.args);
	b->deed.line.rows = keep(&b->text, d->line.rows);
}

static int
judge(const struct doing *g, const struct batch *b, enum act_result r,
    struct err *e)
{
	if (r != ACT_AGAIN || !act_said(g->act, "differs"))
		return doing_judge(g, r, e);
	for (size_t i = 0; i < b->h.n; i++)
		if (b->h.did.fates[i] != FATE_APPLIED)
			return doing_diverged(
			    g, "a tick of it would not be applied", e);
	return doing_diverged(g, "another seq would come of it", e);
}

/* Once more, and this time with patience. */
static int
redo(const struct doing *g, struct batch *b, struct err *e)
{
	struct tick ticks[HYDRATE_MAX];
	size_t n;

	if (read_ticks(g, ticks, &n, e) < 0)
		return -1;
	return judge(g, b,
	    hydrate(g->act, g->symbol, g->id, ticks, n, b->seq, &b->h.did, e),
	    e);
}

/* No answer, or that something in front of it was not done: by now it is. */
static bool
was_early(const struct batch *b)
{
	return !b->h.answered || strcmp(b->h.answer.status, "differs") == 0;
}

static int
finish(struct ahead *a, struct act *act, struct batch *b, struct err *e)
{
	struct doing g;
	int rc = doing_start(&g, act, &b->deed, e);

	if (rc == 0)
		rc = was_early(b)
			 ? redo(&g, b, e)
			 : judge(&g, b, hydrate_judge(act, &b->h, e), e);
	doing_free(&g);
	if (rc < 0)
		a->bad = &b->deed;
	return rc;
}

/* --- all of them --- */

/* The first ones, as far as they were answered; or all of them, now that no
 * answer is outstanding. */
static int
finish_some(struct ahead *a, struct act *act, bool all, struct err *e)
{
	while (a->n > 0 && (all || at(a, 0)->h.answered)) {
		if (finish(a, act, at(a, 0), e) < 0)
			return -1;
		a->ticks -= at(a, 0)->h.n;
		a->head = (a->head + 1) % AHEAD_BATCHES;
		a->n--;
	}
	return 0;
}

/* The first that has no answer is the one that failed, unless one in front of
 * it did. */
static int
fail(struct ahead *a, struct act *act, struct err *e)
{
	struct err why = *e;

	if (finish_some(a, act, false, e) < 0)
		return -1;
	*e = why;
	a->bad = a->n > 0 ? &at(a, 0)->deed : NULL;
	return -1;
}

int
ahead_settle(struct ahead *a, struct act *act, struct err *e)
{
	if (db_drain(act->view.db, e) < 0) {
		bool passes =
		    strcmp(e->code, "REDIS_NOSCRIPT") == 0 || db_may_retry(e);

		if (!passes || !db_alive(act->view.db))
			return fail(a, act, e);
	}
	return finish_some(a, act, true, e);
}

int
ahead_push(
    struct ahead *a, struct act *act, const struct deed *d, struct err *e)
{
	struct tick ticks[HYDRATE_MAX];
	struct doing g;
	struct batch *b;
	size_t n;
	int rc;

	if (a->ring == NULL)
		a->ring = mem_zalloc(AHEAD_BATCHES * sizeof(*a->ring));
	if ((a->n == AHEAD_BATCHES || a->ticks > AHEAD_TICKS) &&
	    ahead_settle(a, act, e) < 0)
		return -1;
	b = at(a, a->n);
	hold(b, d);
	rc = doing_start(&g, act, &b->deed, e);
	if (rc == 0)
		rc = doing_int(&g, 0, &b->seq, e);
	if (rc == 0)
		rc = read_ticks(&g, ticks, &n, e);
	if (rc < 0) {
		struct err first;

		a->bad = &b->deed;
		if (ahead_settle(a, act, &first) < 0)
			*e = first;
		doing_free(&g);
		return -1;
	}
	a->n++;
	a->ticks += n;
	rc = hydrate_push(act, g.symbol, g.id, ticks, n, b->seq, &b->h, e);
	doing_free(&g);
	return rc < 0 ? ahead_settle(a, act, e) : finish_some(a, act, false, e);
}
