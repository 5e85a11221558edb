/* SPDX-License-Identifier: ISC */
/*
 * capture_play: captures into Redis: snapshots and ticks in the order in which
 * they were received, by the functions of epoch-promote and epoch-hydrate.
 *
 * The clock of an act is the time of receipt, so the same captures make the
 * same epochs on any day.  All of them are decoded once before the first act,
 * and once more to be done: so nothing is done of what is not good.
 */
#ifndef REPLAY_CAPTURE_PLAY_H
#define REPLAY_CAPTURE_PLAY_H

#include "capture_read.h"
#include "keep.h"
#include "replayer.h"

struct capture_play {
	struct replayer *r; /* connection, act, speed */
	struct captures *c;
	struct keeper keep;
	struct flow *flows; /* one a tap */
	size_t n_flows;
	bool leave_out;    /* what is bad, instead of doing nothing at all */
	bool only_check;   /* the report is of what would be done */
	size_t shot, flow; /* the first of each that is not over */
	size_t good;       /* snapshots, as far as they were checked */
	int64_t last_ts;
};

void capture_play_free(struct capture_play *p);

/* Are they whole, and can all of it be decoded?  Every fault is reported, and
 * what it is in is left out.  Returns the status, also when there is enough
 * left to go on (capture_play_may_run). */
int capture_play_check(struct capture_play *p);

bool capture_play_may_run(const struct capture_play *p, int status);

/* Do all of it; it was checked.  Returns the status. */
int capture_play_run(struct capture_play *p);

/* What was done, or would be: a replay record a symbol, and one of ticks that
 * are nobody's. */
void capture_play_report(const struct capture_play *p, struct out *out);

#endif
