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
 * Layer: knows err, buf, words, contract, key, db, view, act, birth, rows,
 * refresh, dormant, epoch, retire, rollback, tape, tape_row, doing, ahead.
 */
#ifndef EPOCH_REPLAY_H
#define EPOCH_REPLAY_H

#include "ahead.h"

struct replay {
	struct act *act;
	struct ahead ahead;
	const struct deed *bad; /* after a failure: the act that failed */
};

void replay_free(struct replay *r); /* but not the act */

/* Is there such an act, in this version? */
bool replay_knows(const char *kind);

/* What there is of a symbol: 1 an epoch is active, or ids were given out; 0
 * nothing; -1 and *e. */
int replay_is_used(struct act *act, const char *symbol, struct err *e);

/*
 * Do it.  first: a commit that follows whatever is active, also nothing.  -1
 * and *e: 65 BAD_ACT, the act makes no sense (or is one of a newer version);
 * 70 DIVERGED, something else came of it; 75 CONFLICT, somebody else writes;
 * 1 USED, the id was given out before.
 *
 * Ticks need not be there when it returns: they are when another act is done,
 * and after replay_settle.  So what fails may be an act before this one.
 */
int replay_act(
    struct replay *r, const struct deed *d, bool first, struct err *e);

/* Until all of it is done and was compared; -1 and *e, as above. */
int replay_settle(struct replay *r, struct err *e);

/* How many acts were sent and not compared yet. */
size_t replay_open(const struct replay *r);

#endif
