/* SPDX-License-Identifier: ISC */
/*
 * retire: the acts that remove what is not needed any more: old epochs, and
 * reservations that were never committed.
 *
 * An epoch is marked retired first, by a script that looks whether it may be.
 * Then its keys go, some hundred a script, geometry last: it is the index of
 * what there is to remove, so that who was killed is followed by one who goes
 * on.  A dead reservation is condemned (its commit answers "gone" from then
 * on), reclaimed, and a quarter of an hour later reclaimed once more: what its
 * promoter had on the way has arrived by then.
 *
 * Source: docs/REDIS.md, "Acts".
 * Layer: knows err, buf, geom, symbol, key, db, view, words, act, ack.
 */
#ifndef EPOCH_RETIRE_H
#define EPOCH_RETIRE_H

#include "act.h"

#define RETIRE_BATCH 500                /* keys in one script */
#define RETIRE_DEAD_MS (15 * 60 * 1000) /* age of a dead reservation */

/* Which epoch is meant, of which life of the database. */
struct retiree {
	const char *symbol, *id;
	struct span incarnation; /* meta's; "" when it has none */
};

/* All: 1 done, 0 refused (what it is now does not allow it), -1 and *e. */

/* The mark.  Done also when it is there. */
int retire_mark(
    struct act *act, const struct retiree *r, int64_t now_ms, struct err *e);

/* Remove all but meta, once it is marked.  Counts what was there. */
int retire_reclaim(struct act *act, const struct retiree *r, int64_t *contracts,
    int64_t *models, struct err *e);

/* Of a condemned reservation: contracts only, the index of them stays. */
int retire_unstage(struct act *act, const struct retiree *r, int64_t *contracts,
    struct err *e);

/* The last of it: meta and its place in the timeline, of the oldest only. */
int retire_erase(struct act *act, const struct retiree *r, struct err *e);

/* A reservation of limit_ms or before: 1 condemned now, 2 was already. */
int retire_condemn(struct act *act, const struct retiree *r, int64_t limit_ms,
    int64_t now_ms, struct err *e);

/* Nothing is left of a condemned reservation: its entry goes. */
int retire_swept(struct act *act, const struct retiree *r, struct err *e);

/* gc's mark `keep`: 1 set (or taken away), 0 no such epoch, 2 retired. */
int retire_keep(struct act *act, const char *id, bool keep, struct err *e);

#endif
