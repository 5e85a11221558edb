/* SPDX-License-Identifier: ISC */
/*
 * policy: which epochs are not needed any more.  Pure: a function of what was
 * read.  The scripts look again at what must never be wrong.
 */
#ifndef GC_POLICY_H
#define GC_POLICY_H

#include <stdbool.h>
#include <stdint.h>

struct gc_policy {
	int64_t keep;       /* that many superseded ones, the newest */
	int64_t grace_ms;   /* none that was superseded less than that ago */
	int64_t max_age_ms; /* … but none longer ago than that; 0: no limit */
};

/* What was read of one epoch of a timeline. */
struct gc_facts {
	bool active;
	bool superseded; /* committed, and another one came after it */
	bool dirty, kept, retired;
	bool indexed;          /* its geometry is there */
	int64_t superseded_ts; /* ms */
	int64_t newer;         /* superseded ones that stay, newer than it */
};

enum gc_plan {
	GC_STAY,   /* *why: active, unfinished, dirty, keep, grace, newest */
	GC_RETIRE, /* *why: surplus, max_age */
	GC_RESUME, /* retired, and not all was removed */
	GC_GONE    /* retired, nothing left to remove */
};

enum gc_plan gc_decide(const struct gc_policy *p, const struct gc_facts *f,
    int64_t now_ms, const char **why);

#endif
