/* SPDX-License-Identifier: ISC */
/*
 * hydrator: from the records of the input to batches of ticks in Redis.
 *
 * hydrator.c reads, common/keep keeps (pools, no Redis); deliver.c talks to
 * Redis.
 * While deliver.c waits there, hydrator_read runs inside the wait
 * (db_meanwhile): it touches pools and counters only.
 */
#ifndef HYDRATOR_H
#define HYDRATOR_H

#include "act.h"
#include "keep.h"
#include "stream.h"

struct hydrator {
	/* set by main */
	int64_t deadline_ms; /* for what still waits once the input ended */
	struct in in;
	struct out out;
	struct db *db;
	struct keys keys;
	struct act act;

	struct keeper keep; /* queue and unknown_limit: main's, too */
	struct buf own;     /* of a tick line that jansson had to read */
	bool eof;

	/* deliver.c's */
	int64_t poll_due, retry_at, retry_wait;
	bool away; /* said so */

	bool failed; /* no use in going on; status says why */
	int status;  /* worst so far */
	uint64_t passed, bad;
	uint64_t batches, superseded, promotions, outages, slow;
};

void hydrator_init(struct hydrator *h);
void hydrator_free(struct hydrator *h);
void hydrator_add_status(struct hydrator *h, int status);

/* Read until the input would wait, a batch is full, or max_lines came. */
void hydrator_read(struct hydrator *h, size_t max_lines);

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
