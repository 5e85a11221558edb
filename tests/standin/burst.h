/* SPDX-License-Identifier: ISC */
/*
 * burst: what one is to be, and how far it is.
 *
 * Layer: knows feed, market.
 */
#ifndef STANDIN_BURST_H
#define STANDIN_BURST_H

#include "market.h"

#define BURST_WINDOW_MAX 100000

struct burst {
	/* what is wanted */
	int64_t count, rate, seed, start, unknown, foreign, again, window;
	int64_t late, late_ms, future, future_ms, frame;
	int64_t scale;
	int64_t kinds[CHANNELS], kinds_sum;
	struct market_want from;
	/* where it is */
	struct market *market;
	uint64_t random;
	int64_t began, ended;
	bool is_running;
	int64_t made, sent, sent_of[CHANNELS], sent_from[ORIGINS];
	int64_t sent_again, sent_late, sent_future;
	struct tick *held; /* to be shuffled */
	size_t nheld;
	struct buf event;
};

/* From a command's arguments; what they do not name stays.  -1 and *e. */
int burst_read(struct burst *b, struct span args, struct err *e);

#endif
