/* SPDX-License-Identifier: ISC */
/*
 * story: what a tape tells of one symbol, act by act: are they all there, in
 * order, which of them count, and which contracts belong to a commit.
 *
 * Acts count from the first commit on whose contracts are all there, up to
 * the end or a limit; not those that a later rewind made void, nor contracts
 * of an id that is never committed.  Whatever counts must follow from what
 * came before: numbers without a gap, the epoch that is active, its seq.
 */
#ifndef REPLAY_STORY_H
#define REPLAY_STORY_H

#include "replay.h"

#define STORY_PENDING 16 /* ids whose contracts are held at a time */

struct story {
	char symbol[SYMBOL_MAX + 1];
	bool started, done;      /* done: the limit was reached */
	char id[EPOCH_ID_MAX];   /* the epoch that is active */
	int64_t seq;             /* its */
	char from[EPOCH_ID_MAX]; /* start with that commit; "" any, or done */
	bool is_from;            /* it was to */
	/* counters, of what was told … */
	int64_t first_act, last_act, last_ts;
	uint64_t acts, epochs, before, voided, gaps;
	/* … and of that, what is done, which others count */
	struct story_done {
		int64_t first_act, last_act, last_ts;
		uint64_t acts, epochs;
		char id[EPOCH_ID_MAX];
	} did;

	int64_t good;     /* the last act up to which nothing was wrong */
	int64_t number;   /* private: of the act before; -1 not known */
	uint64_t ordinal; /* of the line, among the symbol's */
	struct story_rewind {
		uint64_t ordinal;
		int64_t to, least; /* least of this and all later ones */
	} * rewinds;
	size_t n_rewinds, next_rewind;
	struct story_pending {
		char id[EPOCH_ID_MAX];
		struct buf rows;
		int64_t chunks;
		uint64_t used;
	} pending[STORY_PENDING];
	struct buf text; /* contracts of the deed in hand */
	struct deed deed;
};

void story_free(struct story *s);

/* First pass: only rewinds matter. */
void story_scan(struct story *s, const struct tape_line *l);

/* Before another pass. */
void story_start(struct story *s);

/*
 * The next line.  1: it counts, as s->deed says, which borrows from l; 0: it
 * does not; -1 and *e (65): ORDER, INCOMPLETE, or GAP, after which the story
 * may be told on: it starts anew with the next commit.
 */
int story_tell(struct story *s, const struct tape_line *l, struct err *e);

#endif
