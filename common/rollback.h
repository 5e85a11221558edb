/* SPDX-License-Identifier: ISC */
/*
 * rollback: back to an older board, and its lock; see rollback.c for the
 * argument.
 *
 * Source: docs/REDIS.md, "Acts".
 * Layer: knows err, buf, geom, sha, key, db, view, words, act, snapshot,
 * decide, promote, epoch, seal.
 */
#ifndef EPOCH_ROLLBACK_H
#define EPOCH_ROLLBACK_H

#include "epoch.h"

struct rollback {
	struct act *act;
	const char *symbol;
	const char *to;    /* an epoch id, or NULL: the one before */
	struct snapshot s; /* the copy, once it is done: for the record */

	struct current now; /* private from here on */
	char from[EPOCH_ID_MAX];
	struct hash meta; /* of that epoch */
	struct buf source, filter;
};

/*
 * A new epoch whose board and values are those of an older one; the symbol is
 * pinned to that board.  0: *out; -1 and *e (1, when there is nothing to go
 * back to; 70, when what there is was changed).
 */
int rollback_apply(struct rollback *b, struct outcome *out, struct err *e);
void rollback_free(struct rollback *b);

/* End the lock: 1, 0 there is none, -1 and *e.  out->id: the active epoch. */
int rollback_unpin(
    struct act *act, const char *symbol, struct outcome *out, struct err *e);

#endif
