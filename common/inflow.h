/* SPDX-License-Identifier: ISC */
/*
 * inflow: the ticks of one symbol: what waits for Redis, what became of the
 * others, and the records that tell it.  Every tick that was read is, at any
 * moment, in exactly one place: it waits, or it has been counted as one of
 * the others below; a record covers those that no longer wait, so that
 * read = the sum of the rest in each.
 *
 * Layer: knows err, buf, clock, rec, stream, tick, contract, pool, listing,
 * strangers.
 */
#ifndef EPOCH_INFLOW_H
#define EPOCH_INFLOW_H

#include "listing.h"
#include "pool.h"
#include "strangers.h"
#include "stream.h"

/* In the order of the record. */
enum count {
	COUNT_READ,
	COUNT_APPLIED,
	COUNT_CONFLATED, /* a newer one came while it waited */
	COUNT_LATE,
	COUNT_DUPLICATE,
	COUNT_UNKNOWN,
	COUNT_HELD, /* of unknown contracts, kept until the board changes */
	COUNT_FUTURE,
	COUNT_DROPPED,
	COUNTS
};

extern const char *const count_names[COUNTS];

struct inflow {
	struct listing listing; /* symbol "": ids whose root no board knows */
	struct pool *pool;      /* waiting; NULL there */
	size_t in_flight;       /* waiting, too: on their way to Redis */
	int64_t total[COUNTS];
	int64_t since[COUNTS];            /* since the last record … */
	size_t waited;                    /* … and how many waited then */
	int64_t recv_ts;                  /* newest of all its ticks */
	int64_t line_due;                 /* monotonic; no record before */
	int64_t paused_until;             /* monotonic: fenced, or damaged */
	bool damaged;                     /* said so */
	int64_t lost_from, lost_to, lost; /* dropped, and not yet told */
	struct alarm alarm;
};

void inflow_init(struct inflow *f, const char *symbol);
void inflow_free(struct inflow *f);

static inline void
inflow_count(struct inflow *f, enum count what, int64_t n)
{
	f->since[what] += n;
	f->total[what] += n;
}

size_t inflow_waiting(const struct inflow *f);

/* A tick that could not be kept. */
void inflow_drop(struct inflow *f, const struct tick *t);

/* Is there anything to tell? */
bool inflow_has_news(const struct inflow *f);

/* The hydrated record of what was counted since the last one. */
void inflow_tell(struct inflow *f, struct out *out);

/* The gap record of what was dropped, if anything was: overflow, disconnect. */
void inflow_tell_gap(struct inflow *f, const char *reason, struct out *out);

#endif
