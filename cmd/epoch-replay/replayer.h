/* SPDX-License-Identifier: ISC */
/* replayer: acts of a tape into Redis. */
#ifndef REPLAY_REPLAYER_H
#define REPLAY_REPLAYER_H

#include "player.h"

/* An act that was sent. */
struct sent {
	size_t story;
	struct tape_line line; /* but its arguments and rows */
};

#define SENT_MAX (AHEAD_BATCHES + 1) /* and the one in hand */

struct replayer {
	struct act act;
	struct replay replay;
	struct keys keys;
	struct player player;
	double speed; /* times as fast as then; 0: as fast as can be */
	bool into_used;
	uint64_t done;     /* and compared with what came of it then */
	struct sent *sent; /* a ring of those that are not, yet */
	size_t first, n_sent;
	int64_t began, first_ts;
	int64_t shown;       /* progress */
	int64_t part, whole; /* of captures; whole 0: a tape's */
};

/* Report *e with the place on the tape; returns the status. */
int replayer_fail(const struct player *p, const struct err *e);

/* Scan the tape and see whether it can be replayed; all gaps are named.
 * Returns the status. */
int replayer_check(struct player *p);

/* Do all of it; it was checked.  Returns the status. */
int replayer_run(struct replayer *r);

void replayer_free(struct replayer *r);

/* Is Redis's the symbol's name already, and may that be?  -1 and *e (1). */
int replayer_check_used(struct replayer *r, const char *symbol, struct err *e);

/* Progress, on a terminal, not too often. */
void replayer_show(struct replayer *r, bool last);

/* With a speed: ms until it is that time's turn; and wait for it. */
int64_t replayer_due(struct replayer *r, int64_t ts);
void replayer_wait(struct replayer *r, int64_t ts);

/* Where do two tapes differ?  1 and a line on stderr, or 0. */
int bisect(struct player *a, struct player *b);

#endif
