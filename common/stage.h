/* SPDX-License-Identifier: ISC */
/*
 * stage: the contracts of a new epoch, written under its reserved id, each
 * merged with what the old epoch holds of it (carry).
 *
 * They are those of a snapshot, or, to go back, those of an older epoch; in
 * that case only what ticks brought is carried: the snapshots of the epoch
 * that is being left are what nobody wants.
 *
 * Layer: knows err, buf, words, geom, contract, key, db, view, line, act,
 * snapshot, decide, birth, rows.
 */
#ifndef EPOCH_STAGE_H
#define EPOCH_STAGE_H

#include "contract.h"
#include "decide.h"
#include "line.h"
#include "rows.h"
#include "snapshot.h"

#define STAGE_CHUNK ROWS_CHUNK /* contracts read and written at a time */

struct stage {
	size_t *rows;         /* board rows for stage_again, STAGE_CHUNK */
	size_t carried;       /* contracts that kept a group of the old epoch */
	bool had_ws;          /* … one of them from a tick */
	int64_t last_tick_ts; /* the newest such tick, ms; 0 none */
	struct rows out;      /* its chunks count */

	struct act *act; /* private from here on */
	const struct current *now;
	const struct snapshot *s;
	const char *id;
	struct line_reader reader;
	struct words copy; /* of an older epoch: the chunk's values */
	bool replace;      /* rows were staged before: write them anew */
	bool *is_carried;  /* by row */
	struct err bad;    /* a row that does not read */
};

/* The id of birth (borrowed) is reserved, and nobody else's, before anything
 * is written. */
void stage_init(struct stage *st, struct birth *birth,
    const struct current *now, const struct snapshot *s);
void stage_free(struct stage *st);

/* Every contract; 0 when every reply was read and none was an error.  Of a
 * copy, a contract that the older epoch lacks is an error (70, SOURCE). */
int stage_all(struct stage *st, struct err *e);

/* The contracts st->rows[0..n-1] once more, n ≤ STAGE_CHUNK. */
int stage_again(struct stage *st, size_t n, struct err *e);

/* Queue the removal of every contract. */
void stage_take_back(struct stage *st, struct err *e);

#endif
