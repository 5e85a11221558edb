/* SPDX-License-Identifier: ISC */
/*
 * queue: the side of stdout, which may be slow, before a socket that must
 * not wait.
 *
 * Lines wait in a small buffer (common/stream, which writes pieces that a pipe
 * takes whole, only when it does, on a descriptor that stays blocking); when
 * that is full, ticks wait in a pool, where a newer one takes the place of an
 * older one of its contract and group (conflation), and which has a bound.
 */
#ifndef WS_TAP_QUEUE_H
#define WS_TAP_QUEUE_H

#include "pool.h"
#include "stream.h"

#define QUEUE_LINES ((size_t)2 * 1024 * 1024) /* before the pool is used */
#define QUEUE_FLUSH ((size_t)32 * 1024)   /* do not wait for more than this */
#define QUEUE_EXTRA ((size_t)1024 * 1024) /* for other records beyond that */
#define QUEUE_FRAMES ((size_t)16 * 1024 * 1024) /* for messages, with --raw */

struct queue {
	uint64_t written, conflated, dropped; /* ticks; written: to lines */
	int64_t dropped_from, dropped_to;     /* of those not yet told of */
	uint64_t dropped_told;
	bool is_blocked; /* until poll says otherwise */
	bool is_ending;  /* all that waits is lines: no bound for the last words
			  */
	struct out out;
	struct pool *pool; /* private from here on */
	struct buf text;
};

/* Room for max groups when stdout is slow. */
void queue_init(struct queue *q, int fd, size_t max);
void queue_free(struct queue *q);

void queue_tick(struct queue *q, const struct tick *t);

/* A record, newline included.  False: there is no room for so many. */
bool queue_record(struct queue *q, struct span line, size_t room);

/* Records that stand for n events received at ts; dropped when there is no
 * room. */
void queue_events(struct queue *q, struct span lines, uint64_t n, int64_t ts);

/* Ticks in the pool. */
size_t queue_ticks(const struct queue *q);

/* Is stdout so far behind that what is no tick should wait, too? */
bool queue_is_full(const struct queue *q);

/* Write what can be written without waiting. */
void queue_flush(struct queue *q);

/* At the end: all that waits becomes lines, and what is still said has room. */
void queue_empty(struct queue *q);

#endif
