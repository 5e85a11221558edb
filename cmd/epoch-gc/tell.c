/* SPDX-License-Identifier: ISC */
/* What epoch-gc tells: records, counters, failures. */
#include <inttypes.h>

#include "gc.h"
#include "rec.h"

void
gc_fail(struct gc *g, const char *subject, const struct err *e)
{
	g->status = err_worse(g->status, err_report(subject, e));
}

void
gc_begin(struct gc *g, const char *act)
{
	buf_clear(&g->line);
	rec_begin(&g->line, "gc", g->now);
	rec_add_str(&g->line, "act", act);
}

/* Written at once: who is killed has told what it did. */
void
gc_end(struct gc *g)
{
	if (g->dry)
		rec_add_bool(&g->line, "dry_run", true);
	rec_end(&g->line);
	out_write(&g->out, g->line.p, g->line.n);
	out_flush(&g->out);
}

void
gc_show(const struct gc *g)
{
	err_warn(NULL, "COUNTS",
	    "epochs %" PRIu64 " sealed %" PRIu64 " retired %" PRIu64
	    " resumed %" PRIu64 " erased %" PRIu64 " condemned %" PRIu64
	    " swept %" PRIu64 " contracts %" PRIu64,
	    g->seen, g->sealed, g->retired, g->resumed, g->erased, g->condemned,
	    g->swept, g->contracts);
}
