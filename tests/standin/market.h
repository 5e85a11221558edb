/* SPDX-License-Identifier: ISC */
/*
 * market: made-up events on the contracts of boards, the same for the same
 * seed.
 *
 * Nine of ten events are of contracts drawn by weight, which falls with the
 * distance from the money and from today, the tenth is of any contract.
 * There are contracts that no board has (a board's root, a strike between
 * two), and some of roots that no board has.  Per contract q grows, with
 * gaps, from one burst to the next.
 *
 * Layer: knows feed.
 */
#ifndef STANDIN_MARKET_H
#define STANDIN_MARKET_H

#include "feed.h"

enum origin { OF_BOARD, OF_NO_BOARD, OF_NO_ROOT, ORIGINS };

struct tick {
	enum channel channel;
	enum origin origin;
	size_t number; /* of its ticker */
	int64_t t;     /* ms */
	uint64_t q;
	uint32_t price, other; /* cents: bid and ask, or price and high */
	uint32_t size, size2;
	bool is_again, is_late, is_future;
};

/* Where contracts are drawn from. */
struct market_want {
	struct span symbol; /* SPAN_NONE: of all boards */
	size_t version;     /* which of the symbol's; 0: the current one */
	bool is_subscribed_only;
};

struct market;

/* NULL and *e when there is no such board, or no contract in it. */
struct market *market_new(
    struct feed *f, const struct market_want *want, struct err *e);
void market_free(struct market *m);

/* Can an event on that channel be made (does anyone want one)? */
bool market_has(const struct market *m, enum channel ch);

/* The next random number below n; *state is the seed, then the state. */
uint32_t market_random(uint64_t *state, uint32_t n);

/* One event of that channel and origin (or of a board, where there is none
 * of that). */
void market_tick(struct market *m, uint64_t *random, enum channel ch,
    enum origin origin, struct tick *out);

/* The event in the vendor's words; scale: of t from ms to the unit wanted,
 * negative: that part of it. */
void market_write(
    const struct feed *f, const struct tick *t, int64_t scale, struct buf *b);

#endif
