/* SPDX-License-Identifier: ISC */
/*
 * boards: what Redis says of the symbols that are served: which contracts
 * there are, and where the spot is; and what follows for the subscriptions.
 *
 * A thread of its own, since a Redis that is frozen or away must not keep the
 * socket waiting, and common/db waits.  It owns its connection and all that it
 * reads; what it found out is handed over whole, under a lock that is held for
 * two assignments; a byte in a pipe wakes whoever polls.  It takes no signals.
 *
 * A new choice is made when an epoch, or New York's date changes, or a spot
 * moved by more than a strike step.  A board that is gone (Redis was emptied)
 * stays as it was known.
 */
#ifndef WS_TAP_BOARDS_H
#define WS_TAP_BOARDS_H

#include "err.h"
#include "filter.h"
#include "opt.h"
#include "report.h"

struct boards; /* private */

struct boards_conf {
	struct served symbols;
	struct opt_redis redis;
	size_t quotes; /* how many to choose */
};

/* What there is to subscribe; freed by boards_news_free. */
struct boards_news {
	char (*quotes)[32]; /* ids */
	size_t nquotes;
	char (*roots)[ROOT_TEXT];
	size_t nroots;
	bool *is_known; /* by symbol: it has a board */
};

/* -1 and *e (71, 78). */
int boards_start(
    struct boards **out, const struct boards_conf *conf, struct err *e);

/* Ends the thread, if it does so in time. */
void boards_stop(struct boards **b);

/* Becomes readable when there is something to take. */
int boards_fd(const struct boards *b);

/* 1 and *news; 0: nothing new; -1 and *e: it has given up (77, 78). */
int boards_take(struct boards *b, struct boards_news **news, struct err *e);
void boards_news_free(struct boards_news **news);

/* Once, waiting; without a thread.  -1 and *e; 1 (no active epoch). */
int boards_read(
    const struct boards_conf *conf, struct boards_news **news, struct err *e);

#endif
