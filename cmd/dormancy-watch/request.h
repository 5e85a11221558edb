/* SPDX-License-Identifier: ISC */
/*
 * request: snapshots that are wanted and have not been asked for yet, one a
 * symbol, because the reader is busy.  A `dormant` request wins over any
 * other; of others the first stays.  One snapshot answers them all.
 */
#ifndef DORMANCY_REQUEST_H
#define DORMANCY_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "key.h"
#include "symbol.h"

#define REQUESTS_MAX 1024 /* symbols */

struct requests {
	struct request {
		char symbol[SYMBOL_MAX + 1];
		char for_epoch[EPOCH_ID_MAX]; /* of a dormant one, "" none */
		char other[24];               /* reason of another, "" none */
	} * r;
	size_t n;
	uint64_t merged;
};

void requests_free(struct requests *rs);

/* for_epoch NULL: not a dormant one.  -1: it cannot be held (a table that is
 * full, a reason that is too long). */
int requests_add(struct requests *rs, const char *symbol, const char *reason,
    const char *for_epoch);

/* The silence is over, or its epoch is not active any more. */
void requests_forget_dormant(struct requests *rs, const char *symbol);

/* Append the records of all that wait, and forget them; how many. */
size_t requests_write(struct requests *rs, int64_t ts, struct buf *b);

#endif
