/* SPDX-License-Identifier: ISC */
/*
 * player: tapes as one row of acts that count.
 *
 * Files whose first lines are of the same symbol are one tape, in the order
 * given; tapes of different symbols are merged by time.  A tape is read three
 * times: for damage and rewinds, for what follows from what, and to be done.
 * So nothing is done of a tape that is not good up to where it is wanted.
 */
#ifndef REPLAY_PLAYER_H
#define REPLAY_PLAYER_H

#include "source.h"
#include "story.h"

enum limit { LIMIT_NONE, LIMIT_TS, LIMIT_ACT, LIMIT_EPOCH };

struct player {
	enum limit limit; /* up to this, inclusive; an epoch: before it */
	int64_t limit_number;
	char limit_epoch[EPOCH_ID_MAX];
	char from[EPOCH_ID_MAX]; /* "": each symbol's first commit */
	bool limit_seen;

	struct source *sources;
	size_t n_sources;
	struct story *stories;
	size_t n_stories;
	size_t now; /* the source of the deed in hand */
};

/* "act:N", N, a time or an epoch id.  -1: it is none of these. */
int player_until(struct player *p, const char *text);

/* A tape, or the next piece of one; it is moved in. */
void player_add(struct player *p, const struct source_file *f);
void player_free(struct player *p);

/* First pass.  -1 and *e: damage before the limit. */
int player_scan(struct player *p, struct err *e);

/* Before another pass. */
void player_start(struct player *p);

/* The next act that counts: its story, NULL at the end; -1 and *e, where GAP
 * can be gone on from. */
int player_next(struct player *p, struct story **s, struct err *e);

/* Once all is told: the epoch of from or until that is not on the tape, NULL
 * none. */
const char *player_misses(const struct player *p);

/* "FILE, line N" of the line in hand. */
void player_place(const struct player *p, char *out, size_t size);

/* Bytes read and in all. */
void player_progress(const struct player *p, int64_t *done, int64_t *all);

/* A record a symbol: of what is done, or of what was told. */
void player_report(const struct player *p, bool told, struct out *out);

#endif
