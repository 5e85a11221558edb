/* SPDX-License-Identifier: ISC */
/* replayer: acts of a tape into Redis. */
#ifndef REPLAY_REPLAYER_H
#define REPLAY_REPLAYER_H

#include "player.h"

struct replayer {
	struct act act;
	struct replay replay;
	struct keys keys;
	struct player player;
	double speed; /* times as fast as then; 0: as fast as can be */
	bool into_used;
	uint64_t done;
	int64_t began, first_ts;
	int64_t shown; /* progress */
};

/* Report *e with the place on the tape; returns the status. */
int replayer_fail(const struct player *p, const struct err *e);

/* Scan the tape and see whether it can be replayed; all gaps are named.
 * Returns the status. */
int replayer_check(struct player *p);

/* Do all of it; it was checked.  Returns the status. */
int replayer_run(struct replayer *r);

/* Where do two tapes differ?  1 and a line on stderr, or 0. */
int bisect(struct player *a, struct player *b);

#endif
