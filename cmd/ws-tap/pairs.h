/* SPDX-License-Identifier: ISC */
/*
 * pairs: what is to be subscribed (CHANNEL.TICKER, or CHANNEL.*), and what
 * became of each: not yet asked for, asked, granted, silent, refused.  Pure.
 *
 * The vendor acknowledges pair by pair; what it does not know it never
 * answers, and what it does not allow it refuses without a name.  So pairs of
 * one channel are asked in one frame, one frame at a time: what then lacks its
 * acknowledgement is what an error meant, or what is silent.
 */
#ifndef WS_TAP_PAIRS_H
#define WS_TAP_PAIRS_H

#include "buf.h"

#define PAIR_TEXT 36   /* "AM." + id, and a NUL */
#define PAIR_CHUNK 250 /* in one frame */

enum pair_state {
	PAIR_NEW,
	PAIR_ASKED,
	PAIR_GRANTED,
	PAIR_SILENT,
	PAIR_REFUSED,
	PAIR_STATES
};

struct pair {
	char text[PAIR_TEXT];
	enum pair_state state;
};

/* {0} is a valid empty one. */
struct pairs {
	struct pair *p; /* sorted by text */
	size_t n;
	size_t count[PAIR_STATES];
	char (*leaving)[PAIR_TEXT]; /* no longer wanted, not yet said so */
	size_t nleaving;
};

void pairs_free(struct pairs *p);

/* Want these, sorted and distinct, and no others.  True: something changed. */
bool pairs_want(struct pairs *p, const struct pair *want, size_t n);

/* A new connection knows of none. */
void pairs_forget(struct pairs *p);

/* Append up to a chunk of texts, comma between: of leaving ones, which are
 * forgotten; of new ones of one channel, which are now asked. */
size_t pairs_leave(struct pairs *p, struct buf *out);
size_t pairs_ask(struct pairs *p, struct buf *out);

/*
 * It was acknowledged.  False: that is not waited for, as nobody wants it, or
 * it was given back and is to be asked for again: what counts is that answer.
 */
bool pairs_granted(struct pairs *p, struct span text);

/* What is asked and unanswered becomes that. */
void pairs_settle(struct pairs *p, enum pair_state as);

#endif
