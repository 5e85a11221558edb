/* SPDX-License-Identifier: ISC */
/*
 * hydrator: from the records of the input to batches of ticks in Redis.
 *
 * hydrator.c reads, keep.c keeps (pools, no Redis); deliver.c talks to Redis.
 * While deliver.c waits there, hydrator_read runs inside the wait
 * (db_meanwhile): it touches pools and counters only.
 */
#ifndef HYDRATOR_H
#define HYDRATOR_H

#include "feed.h"
#include "hydrate.h"
#include "stream.h"

#define HELD_MAX 65536 /* ticks of unknown contracts */

struct hydrator {
	/* set by main */
	int64_t queue;         /* ticks that may wait */
	int64_t unknown_limit; /* 0: never ask */
	int64_t deadline_ms;   /* for what still waits once the input ended */
	struct in in;
	struct out out;
	struct db *db;
	struct keys keys;
	struct act act;

	/* one a symbol; the first is nobody's: roots that no board knows */
	struct feed **feeds;
	size_t n_feeds;
	size_t waiting;     /* in all feeds */
	bool batch_is_full; /* in some feed: time to deliver */
	struct pool *held;
	uint32_t held_by[HELD_MAX]; /* by place in held: the feed */
	struct strangers *strangers;
	struct buf own; /* of a tick line that jansson had to read */
	bool eof;

	/* deliver.c's */
	struct tick batch[HYDRATE_MAX];
	struct buf batch_text;
	int64_t poll_due, retry_at, retry_wait;
	bool away; /* said so */

	bool failed; /* no use in going on; status says why */
	int status;  /* worst so far */
	uint64_t passed, bad, requests;
	uint64_t batches, superseded, promotions, outages, slow;
};

void hydrator_init(struct hydrator *h);
void hydrator_free(struct hydrator *h);
void hydrator_add_status(struct hydrator *h, int status);

/* Read until the input would wait, a batch is full, or max_lines came. */
void hydrator_read(struct hydrator *h, size_t max_lines);

/* The feed that lists the id (*listed), else one whose board knows its root
 * and whose window might hold it, else one that knows the root, else nobody's:
 * its number. */
uint32_t hydrator_owner(
    const struct hydrator *h, const struct tick *t, bool *listed);

/* A tick that was counted as read, of a contract that feed f lists. */
void hydrator_offer(struct hydrator *h, struct feed *f, const struct tick *t);

/* … and of one that no board lists; f is whose it might be. */
void hydrator_hold(struct hydrator *h, struct feed *f, const struct tick *t);

/* A board is another one, or gone: everything that waits or is held is
 * looked at again. */
void hydrator_sort_again(struct hydrator *h);

/* The feed of a symbol, made if need be. */
struct feed *hydrator_feed(struct hydrator *h, const char *symbol);

/* What waits or is held will not be delivered any more. */
void hydrator_give_up(struct hydrator *h);

/* All of the input, to its end or to a stop signal. */
void hydrator_run(struct hydrator *h);

/* One line of counters on stderr. */
void hydrator_show(const struct hydrator *h);

/*
 * Deliver what can be delivered now: find out which epochs are active, when
 * that is due; one batch of each feed that has ticks.  Returns false when
 * there was nothing to do.
 */
bool deliver(struct hydrator *h);

/* Look for the first time.  -1 and *e. */
int deliver_open(struct hydrator *h, struct err *e);

/* When deliver may next have something to do, monotonic ms. */
int64_t deliver_due(const struct hydrator *h);

#endif
