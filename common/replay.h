/* SPDX-License-Identifier: ISC */
/*
 * replay: one act of a tape once more, through the functions by which it was
 * done.
 *
 * Each is held against what the tape says came of it (the epoch's seq, every
 * tick applied), so a state that is not the one of then is noticed at the very
 * act where it shows.
 *
 * Source: docs/REDIS.md "Journal".
 * Layer: knows err, buf, words, contract, tick, key, db, view, act, birth,
 * rows, refresh, hydrate, dormant, epoch, retire, rollback, tape, tape_row.
 */
#ifndef EPOCH_REPLAY_H
#define EPOCH_REPLAY_H

#include "act.h"
#include "tape.h"

/* An act that counts.  A commit comes with its contracts: their rows, sorted
 * by id, each id once, and the geometry that they make. */
struct deed {
	struct tape_line line;
	struct deed_row {
		struct span cid, row;
	} * rows;
	size_t n;
	struct buf geometry;
};

/* What there is of a symbol: 1 an epoch is active, or ids were given out; 0
 * nothing; -1 and *e. */
int replay_is_used(struct act *act, const char *symbol, struct err *e);

/*
 * Do it.  first: a commit that follows whatever is active, also nothing.  -1
 * and *e: 65 BAD_ACT, the act makes no sense (or is one of a newer version);
 * 70 DIVERGED, something else came of it; 75 CONFLICT, somebody else writes;
 * 1 USED, the id was given out before.
 */
int replay_act(
    struct act *act, const struct deed *d, bool first, struct err *e);

#endif
