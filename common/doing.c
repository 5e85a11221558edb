/* SPDX-License-Identifier: ISC */
#include "doing.h"

#include <inttypes.h>

#define ARGS_MAX 96 /* strings of an act: a commit has some fifty */

int
doing_start(
    struct doing *g, struct act *act, const struct deed *d, struct err *e)
{
	struct span list = d->line.args, arg;
	struct buf own = {0};
	int rc;

	*g = (struct doing){.act = act,
	    .d = d,
	    .id = span_str(d->line.id),
	    .symbol = span_str(d->line.symbol)};
	while ((rc = tape_arg(&list, &own, &arg)) > 0 && g->args.n < ARGS_MAX)
		words_span(&g->args, arg);
	buf_free(&own);
	if (rc != 0)
		return doing_bad(g, "its arguments cannot be read", e);
	g->arg = words_view(&g->args);
	g->n = g->args.n;
	return 0;
}

void
doing_free(struct doing *g)
{
	words_free(&g->args);
}

int
doing_int(const struct doing *g, size_t i, int64_t *out, struct err *e)
{
	return i < g->n && span_int(g->arg[i], out) == 0
		   ? 0
		   : doing_bad(g, "a number is missing", e);
}

int
doing_bad(const struct doing *g, const char *why, struct err *e)
{
	return err_set(e, EX_DATAERR, "BAD_ACT", "act %" PRId64 " (%s): %s",
	    g->d->line.act, g->d->line.kind, why);
}

int
doing_diverged(const struct doing *g, const char *why, struct err *e)
{
	return err_set(e, EX_SOFTWARE, "DIVERGED",
	    "act %" PRId64 " (%s of %s): %s", g->d->line.act, g->d->line.kind,
	    g->d->line.id, why);
}

int
doing_judge(const struct doing *g, enum act_result r, struct err *e)
{
	if (r == ACT_DONE)
		return 0;
	if (r == ACT_FAILED)
		return -1;
	if (r == ACT_FENCED)
		return err_set(e, EX_TEMPFAIL, "CONFLICT",
		    "act %" PRId64 ": somebody else is switching away from %s",
		    g->d->line.act, g->d->line.id);
	return doing_diverged(g, g->act->answer.status, e);
}
