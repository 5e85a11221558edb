/* SPDX-License-Identifier: ISC */
/*
 * ahead: batches of ticks of a tape, sent before those in front of them were
 * answered; see ahead.c for the argument.  Private to replay.
 *
 * Layer: knows err, buf, words, key, db, view, act, contract, tick, hydrate,
 * tape, tape_row, doing.
 */
#ifndef EPOCH_AHEAD_H
#define EPOCH_AHEAD_H

#include "doing.h"

#define AHEAD_BATCHES 256
#define AHEAD_TICKS 8192 /* bounds what is kept of them */

struct ahead {
	const struct deed *bad; /* after a failure: the act that failed */
	struct batch *ring;     /* private */
	size_t head, n, ticks;
};

void ahead_free(struct ahead *a);

/* Send a hydrate act.  -1 and *e: it, or one in front of it, failed. */
int ahead_push(
    struct ahead *a, struct act *act, const struct deed *d, struct err *e);

/* Until all were answered, and as the tape says.  -1 and *e. */
int ahead_settle(struct ahead *a, struct act *act, struct err *e);

#endif
