/* SPDX-License-Identifier: ISC */
/*
 * tape_row: rows of a journalled act: columns between commas, an absent one
 * empty, rows between semicolons.  No value of a contract holds either.
 *
 *	rows           id, then all fields of docs/REDIS.md section 3
 *	refresh_rows   as common/lua/refresh_rows.lua has them
 *	hydrate        q,t or v; id, time, sequence, values
 *
 * Source: docs/STREAM.md "act".  Pure.
 * Layer: knows buf, contract.
 */
#ifndef EPOCH_TAPE_ROW_H
#define EPOCH_TAPE_ROW_H

#include <stdbool.h>

#include "buf.h"
#include "contract.h"

#define TAPE_ROW_MAX 25 /* columns, one more than any row has */

/* Append a contract's row. */
void tape_row_write(struct buf *b, struct span cid, const struct contract *c);

/* Take the next row off *text: its columns, their number; 0 at the end, -1
 * when it has more than TAPE_ROW_MAX. */
int tape_row_next(struct span *text, struct span column[TAPE_ROW_MAX]);

/* A contract's row; -1 when it is none.  cid and c borrow from column. */
int tape_row_contract(const struct span column[TAPE_ROW_MAX], int n,
    struct span *cid, struct contract *c);

#endif
