/* SPDX-License-Identifier: ISC */
/* recorder: from the journal onto reels. */
#ifndef RECORD_RECORDER_H
#define RECORD_RECORDER_H

#include "journal.h"
#include "opt.h"
#include "reel.h"

struct recorder {
	struct act act;
	struct keys keys;
	struct reel *reels;
	const char **symbols; /* of the reels, in their order … */
	int64_t *last;        /* … and where each stands */
	size_t n;
	bool once, trim, switch_on;
	bool greeted, told_off;
	struct opt_redis redis;
	int64_t max;     /* of --max, 0: as it is */
	int64_t sync_ms; /* longest time between two syncs */
	int64_t sync_due;
	int status;
	uint64_t outages, trimmed;
};

/* Record until told to stop; or, once, until there is nothing new. */
void recorder_run(struct recorder *r);
/* The status of one that is told to stop: its usual end, or, once, before it
 * did all. */
int recorder_stopped(const struct recorder *r);

void recorder_show(const struct recorder *r);

#endif
