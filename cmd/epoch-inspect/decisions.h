/* SPDX-License-Identifier: ISC */
/*
 * decisions: what Redis still knows of the promoter's decisions.  Each new
 * epoch is in the timeline, its reason in its meta; a suspicious board waits in
 * epoch:pending, a reservation in epoch:staging.  Decisions that changed
 * nothing (same, rejected) leave no trace but in the promoter's own records.
 */
#ifndef EPOCH_DECISIONS_H
#define EPOCH_DECISIONS_H

#include "inspect.h"

#define DECISION_REASONS 7 /* the last one: not known */

/* Of one symbol. */
struct decisions {
	int64_t epochs[DECISION_REASONS]; /* of the timeline, by reason */
	struct buf timeline;              /* ids, each with a NUL */
	struct hash pending;              /* empty: no board waits */
};

/* One for each target; allocated.  -1 and *e. */
int decisions_read(struct inspect *in, const struct target *t, size_t n,
    struct decisions **out, struct err *e);
void decisions_free(struct decisions *d, size_t n);

/* Append their metrics. */
void decisions_print(struct buf *b, const struct target *t,
    const struct decisions *d, size_t n, int64_t now);

/* metrics.c: the two lines before the samples of a name. */
void metric_head(
    struct buf *b, const char *name, const char *type, const char *help);

#endif
