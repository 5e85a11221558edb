/* SPDX-License-Identifier: ISC */
/*
 * board: the contracts of one snapshot, held until it is whole.
 *
 * Lines are kept verbatim in an arena; sealing sorts them by id (bytewise)
 * and folds repetitions of an id into one: groups are merged newest first, so
 * order, paging and repetition of the input do not matter.
 *
 * Layer: knows err, buf, contract, line.
 */
#ifndef EPOCH_BOARD_H
#define EPOCH_BOARD_H

#include "buf.h"
#include "contract.h"
#include "err.h"

#define BOARD_MAX 200000                    /* contracts in one snapshot */
#define BOARD_BYTES_MAX (256 * 1024 * 1024) /* and their text */

struct board_row {
	struct span id;
	struct span line; /* without newline */
};

struct board {
	struct board_row *rows; /* sorted and distinct once sealed */
	size_t n;
	size_t duplicates; /* repetitions folded by board_seal */
	size_t cap;        /* private from here on */
	size_t bytes;
	struct board_chunk *chunks;
};

void board_free(struct board *b);
void board_clear(struct board *b);

/* Copy a contract line (c was read from it).  -1 and *e (65, TOO_MANY). */
int board_add(
    struct board *b, const struct contract *c, struct span line, struct err *e);

/* The same in the place of the i-th line of a board that is not sealed. */
int board_replace(struct board *b, size_t i, const struct contract *c,
    struct span line, struct err *e);

/* Forget all but the first n lines of a board that is not sealed. */
void board_cut(struct board *b, size_t n);

/*
 * Sort and fold.  Identity is the id, which fixes expiration, strike and
 * right.  -1 and *e (65) when a held line no longer reads.
 */
int board_seal(struct board *b, struct err *e);

/* The ids of a sealed board, in order; allocated, free it. */
struct span *board_ids(const struct board *b);

#endif
