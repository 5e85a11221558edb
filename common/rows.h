/* SPDX-License-Identifier: ISC */
/*
 * rows: contracts written under a reserved id, and told to the journal where
 * it is on.
 *
 * A contract's hash and its row in the journal come from one struct contract,
 * and a chunk of the journal holds exactly the contracts whose hashes were
 * sent before it.
 *
 * Source: docs/REDIS.md, "Journal".
 * Layer: knows err, buf, words, contract, key, db, act, birth,
 * tape_row.
 */
#ifndef EPOCH_ROWS_H
#define EPOCH_ROWS_H

#include "birth.h"
#include "contract.h"

#define ROWS_CHUNK 500 /* contracts between two calls of rows_send */

struct rows {
	int64_t chunks; /* acts of the journal so far; 0 when it is off */

	struct birth *birth;        /* private from here on */
	struct buf field[CF_COUNT]; /* field names in RESP */
	struct buf key, text;
	struct buf resp; /* commands in hand … */
	size_t *end;     /* … and where each ends */
	size_t n, cap;
};

/* The id of birth (borrowed) is reserved, or will be before rows_send. */
void rows_init(struct rows *r, struct birth *birth);
void rows_free(struct rows *r);

/* One contract, in memory.  replace: it was written before. */
void rows_add(
    struct rows *r, struct span cid, const struct contract *c, bool replace);

/* Forget what was added and not sent. */
void rows_drop(struct rows *r);

/* Send what was added, at most ROWS_CHUNK contracts; replies may still be
 * outstanding.  -1 and *e. */
int rows_send(struct rows *r, struct err *e);

#endif
