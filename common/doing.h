/* SPDX-License-Identifier: ISC */
/*
 * doing: an act of a tape in hand, its arguments, and the verdict on what
 * came of it.  Private to replay and ahead.
 *
 * Layer: knows err, buf, words, key, db, view, act, tape.
 */
#ifndef EPOCH_DOING_H
#define EPOCH_DOING_H

#include "act.h"
#include "tape.h"

/* An act that counts.  A commit comes with its contracts: their rows, sorted
 * by id, each id once, and the geometry that they make. */
struct deed {
	struct tape_line line;
	const char *file; /* where it stands */
	uint64_t line_no;
	struct deed_row {
		struct span cid, row;
	} * rows;
	size_t n;
	struct buf geometry;
};

/* An act and its arguments, unescaped. */
struct doing {
	struct act *act;
	const struct deed *d;
	struct span id, symbol;
	struct words args;
	const struct span *arg;
	size_t n;
	bool first;
};

/* Take it in hand.  -1 and *e: its arguments cannot be read.  Either way
 * doing_free. */
int doing_start(
    struct doing *g, struct act *act, const struct deed *d, struct err *e);
void doing_free(struct doing *g);

/* The i-th argument as a number; -1 and *e. */
int doing_int(const struct doing *g, size_t i, int64_t *out, struct err *e);

/* It makes no sense: -1 and *e (65). */
int doing_bad(const struct doing *g, const char *why, struct err *e);

/* Something else came of it than the tape says: -1 and *e (70). */
int doing_diverged(const struct doing *g, const char *why, struct err *e);

/* What became of it, where anything but ACT_DONE is too little: 0, or -1 and
 * *e. */
int doing_judge(const struct doing *g, enum act_result r, struct err *e);

#endif
