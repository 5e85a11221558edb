/* SPDX-License-Identifier: ISC */
/*
 * snapshot: one whole board as the acts need it: what the geometry record
 * says of it, its contracts, and the numbers that follow from them.
 *
 * Owns everything it shows.  A snapshot is whole by construction: only
 * snapshot_finish makes it usable, and that checks the count and recomputes
 * the hash.
 *
 * Layer: knows err, buf, rec, contract, line, board, geom, symbol.
 */
#ifndef EPOCH_SNAPSHOT_H
#define EPOCH_SNAPSHOT_H

#include "board.h"
#include "geom.h"
#include "rec.h"

struct snapshot {
	struct rec head; /* the geometry record */
	struct board board;
	struct buf geometry; /* canonical text */
	struct span *ids;    /* of the board, sorted; borrowed from it */
	struct geom_summary sum;
	int64_t begin_ts, end_ts; /* ms */
	const char *symbol, *source, *reason;
	const char *for_epoch; /* NULL when absent */
	const char *filter;    /* "" when the board is whole */
	struct span spot, spot_ts;
	char default_ts[24]; /* time of groups that carry none, ms */
	/* A copy of an older epoch (rollback.c), else NULL: its contracts are
	 * read there, and the board has no lines, only ids. */
	const char *copy_of;
};

void snapshot_free(struct snapshot *s);

/* Start from a geometry record, which is moved in.  -1 and *e (65): then only
 * symbol, reason, for_epoch and end_ts (the record's ts) can be relied on. */
int snapshot_begin(struct snapshot *s, struct rec *geometry, struct err *e);

/* Add a contract line of this snapshot.  -1 and *e (65). */
int snapshot_add(struct snapshot *s, const struct contract *c, struct span line,
    struct err *e);

/*
 * The end record came: does everything agree?  Count of chain_end, of the
 * geometry record, and the geometry's hash.  -1 and *e (65, INCOMPLETE).
 */
int snapshot_finish(struct snapshot *s, const struct rec *end, struct err *e);

#endif
