/* SPDX-License-Identifier: ISC */
/*
 * coverage: which part of a board went quiet while the rest still ticks.
 *
 * The watch sees batches, not ticks.  What each contract got is in Redis: the
 * time of a group that a tick won (its *_seq is there).  A scan reads these
 * times, some hundred contracts a step, and keeps the newest for each
 * contract, so that a snapshot that replaces a group does not hide when it
 * ticked last.
 *
 * Against `ref`, the present in the feed's own time: a contract is active
 * when its last tick is at most QUIETS × quiet_ms old, and quiet when, being
 * active, its last tick is older than quiet_ms.  A class (expiration and
 * right) is dead when all of its active contracts, and at least CLASS_MIN of
 * them, are quiet.
 */
#ifndef DORMANCY_COVERAGE_H
#define DORMANCY_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "clock.h"
#include "err.h"
#include "key.h"
#include "view.h"

#define COVERAGE_QUIETS 10
#define COVERAGE_CLASS_MIN 5
#define COVERAGE_SLICE 250 /* contracts a step: 1 to 2 ms */

struct coverage_class {
	char expiration[DATE_TEXT];
	char right; /* C or P */
	bool dead;
	size_t active, quiet;
};

struct coverage {
	char epoch[EPOCH_ID_MAX]; /* of ids, "" none */
	struct buf geometry;
	struct span *ids;
	struct coverage_contract {
		int64_t tick_ts; /* 0: none that we know of */
		size_t class;
	} * c; /* one for each of ids */
	size_t n, at;
	struct coverage_class *classes; /* sorted */
	size_t n_classes;
	int64_t newest;         /* tick_ts of all */
	bool scanning, scanned; /* a scan goes on; one was finished */
};

void coverage_free(struct coverage *c);

/* Begin a scan.  1, 0 nothing to scan, -1 and *e. */
int coverage_begin(
    struct coverage *c, const struct view *v, const char *epoch, struct err *e);

/* The next contracts: 1 there are more, 0 it was the last step, -1 and *e. */
int coverage_step(struct coverage *c, const struct view *v, struct err *e);

/* Count the active and the quiet of each class by what is known. */
void coverage_count(struct coverage *c, int64_t ref, int64_t quiet_ms);

/* Which classes are dead by these counts?  Returns how many; *changed: not
 * the same as at the last judgement. */
size_t coverage_judge(struct coverage *c, bool *changed);

/* The classes with quiet contracts, and the dead ones, as a JSON array. */
void coverage_json(const struct coverage *c, struct buf *b);

#endif
