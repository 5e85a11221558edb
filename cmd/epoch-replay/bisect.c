/* SPDX-License-Identifier: ISC */
/*
 * bisect: the first act at which two tapes differ.
 *
 * Compared is what counts, in what order, not when it was done, under which
 * number, or in how many pieces contracts came: so the tape of a replay is
 * equal to the tape that was replayed.
 */
#include <inttypes.h>
#include <stdio.h>

#include "replayer.h"

/* Arguments but the seventh of a commit, the number of its pieces. */
static bool
same_args(const struct tape_line *a, const struct tape_line *b)
{
	struct span x = a->args, y = b->args, u, v;
	struct buf own_x = {0}, own_y = {0};
	bool is_commit = strcmp(a->kind, "commit") == 0, same = true;
	int i = 0, more = 1;

	while (same && more > 0) {
		more = tape_arg(&x, &own_x, &u);
		same = more == tape_arg(&y, &own_y, &v) &&
		       (more <= 0 || span_eq(u, v) || (is_commit && i == 6));
		i++;
	}
	buf_free(&own_x);
	buf_free(&own_y);
	return same;
}

/* What differs first, NULL nothing. */
static const char *
difference(const struct deed *a, const struct deed *b)
{
	if (strcmp(a->line.symbol, b->line.symbol) != 0)
		return "symbol";
	if (strcmp(a->line.kind, b->line.kind) != 0)
		return "kind";
	if (strcmp(a->line.id, b->line.id) != 0)
		return "epoch";
	if (!same_args(&a->line, &b->line))
		return "arguments";
	if (!span_eq(a->line.rows, b->line.rows))
		return "rows";
	if (strcmp(a->line.kind, "commit") != 0)
		return NULL;
	if (a->n != b->n)
		return "contracts";
	for (size_t i = 0; i < a->n; i++)
		if (!span_eq(a->rows[i].row, b->rows[i].row))
			return "contracts";
	return NULL;
}

static int
next(struct player *p, struct story **s)
{
	struct err e;

	if (player_next(p, s, &e) == 0)
		return 0;
	return replayer_fail(p, &e);
}

int
bisect(struct player *a, struct player *b)
{
	uint64_t n = 0;

	for (;; n++) {
		struct story *x, *y;
		const char *what;
		int status = next(a, &x);

		if (status == 0)
			status = next(b, &y);
		if (status != 0)
			return status;
		if (x == NULL && y == NULL)
			break;
		if (x == NULL || y == NULL)
			return err_fail(NULL, EX_NO, "DIFFERENT",
			    "after %" PRIu64
			    " acts that are the same the %s goes on alone: "
			    "act %" PRId64 ", %s of %s",
			    n, x == NULL ? "second" : "first",
			    x == NULL ? y->last_act : x->last_act,
			    x == NULL ? y->deed.line.kind : x->deed.line.kind,
			    x == NULL ? y->deed.line.id : x->deed.line.id);
		what = difference(&x->deed, &y->deed);
		if (what != NULL)
			return err_fail(NULL, EX_NO, "DIFFERENT",
			    "after %" PRIu64 " acts that are the same, by %s: "
			    "act %" PRId64 ", %s of %s, and act %" PRId64
			    ", %s of %s",
			    n, what, x->last_act, x->deed.line.kind,
			    x->deed.line.id, y->last_act, y->deed.line.kind,
			    y->deed.line.id);
	}
	return 0;
}
