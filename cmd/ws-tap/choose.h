/* SPDX-License-Identifier: ISC */
/*
 * choose: which contracts get one of the quotes that a connection may have:
 * those nearest to the spot in the nearest expirations first.  Pure.
 *
 * A board's contracts are ranked by (e + 1) × (s + 1), e the rank of the
 * expiration among those not yet over, s that of the strike by its distance
 * to the spot within the expiration: many strikes of today, fewer of next
 * week, the one at the money of next year; calls and puts alike.  Boards take
 * turns, so that each gets its share, and what one does not use the others
 * get.
 */
#ifndef WS_TAP_CHOOSE_H
#define WS_TAP_CHOOSE_H

#include "geom.h"

struct choose_board {
	const struct span *ids;
	size_t n;
	int64_t spot_milli; /* 0: unknown, then the middle strike */
};

/* today: YYYY-MM-DD in New York.  Writes up to max ids to out, in no order
 * that matters, and returns their number. */
size_t choose_quotes(const struct choose_board *boards, size_t nboards,
    size_t max, const char *today, struct span *out);

/* The distance of the two strikes around the spot, in thousandths: the least
 * on the board there.  0: the board has no two strikes. */
int64_t choose_step(const struct choose_board *board);

/* Thousandths of a decimal text; 0 when it is no number above 0. */
int64_t choose_milli(struct span spot);

#endif
