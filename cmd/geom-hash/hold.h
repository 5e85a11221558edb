/* SPDX-License-Identifier: ISC */
/*
 * hold: one snapshot, held back until it is known to be whole.
 *
 * The engine of geom-hash: records in, records out, no input or output of its
 * own.  A hold is closed, or open between chain_begin and chain_end, or
 * refused: open still, so that the rest of the snapshot is known for what it
 * is, but holding nothing.
 */
#ifndef GEOM_HASH_HOLD_H
#define GEOM_HASH_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "contract.h"
#include "err.h"
#include "geom.h"
#include "line.h"
#include "rec.h"

enum hold_state { HOLD_CLOSED, HOLD_OPEN, HOLD_REFUSED };

/* {0} is a valid closed one. */
struct hold {
	enum hold_state state;
	struct rec begin;   /* the record that opened it */
	struct span symbol; /* of that */
	uint64_t lines;     /* contract lines since, repetitions included */
	struct board board;
	struct line_reader reader;
};

void hold_free(struct hold *h);

/* The symbol of an open or refused snapshot, borrowed; else NULL. */
const char *hold_symbol(const struct hold *h);

/* Open; *begin is moved in whatever the result.  -1 and *e (65). */
int hold_begin(struct hold *h, struct rec *begin, struct err *e);

/* Take a contract line.  -1 and *e (65). */
int hold_add(struct hold *h, struct span line, struct err *e);

/*
 * The end came: is the snapshot whole?  Seals the board.  -1 and *e (65,
 * INCOMPLETE, EMPTY or BAD_…).
 */
int hold_end(struct hold *h, const struct rec *end, struct err *e);

/* Let go of what is held. */
void hold_refuse(struct hold *h);
void hold_close(struct hold *h);

/* Append the geometry record of a sealed hold.  -1 and *e (65, 70). */
int hold_geometry(const struct hold *h, const struct rec *end, struct buf *out,
    struct err *e);

/*
 * Append the end record: line as it came, or, when repetitions were folded,
 * the same fields in the same order with contracts and duplicates corrected.
 */
void hold_end_line(const struct hold *h, const struct rec *end,
    struct span line, struct buf *out);

#endif
