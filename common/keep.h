/* SPDX-License-Identifier: ISC */
/*
 * keep: ticks on their way into the active epochs: whose each is, and where it
 * waits: in its symbol's pool for Redis, or held, because no board lists its
 * contract.  Every tick that was taken is in one place at any moment, so the
 * counters close.
 *
 * Who keeps tells which epochs are active (keeper_follow), and delivers
 * (keeper_batch, hydrate, keeper_fates).
 *
 * Layer: knows err, buf, clock, rec, stream, view, tick, contract, pool,
 * hydrate, listing, strangers, inflow.
 */
#ifndef EPOCH_KEEP_H
#define EPOCH_KEEP_H

#include "hydrate.h"
#include "inflow.h"

#define HELD_MAX 65536 /* ticks of unknown contracts */

struct keeper {
	/* set by whoever keeps */
	int64_t queue;         /* ticks that may wait */
	int64_t unknown_limit; /* 0: never ask */
	struct out *asks;      /* where refresh records go; NULL with 0 */

	/* one a symbol; the first is nobody's: roots that no board knows */
	struct inflow **flows;
	size_t n;
	size_t waiting;     /* in all flows */
	bool batch_is_full; /* in some flow: time to deliver */
	uint64_t requests;  /* refresh records */
	struct tick batch[HYDRATE_MAX];

	struct pool *held;          /* private from here on */
	uint32_t held_by[HELD_MAX]; /* by place in held: the flow */
	struct strangers *strangers;
	struct buf batch_text;
};

void keeper_init(struct keeper *k);
void keeper_free(struct keeper *k);

/* The flow of a symbol, made if need be. */
struct inflow *keeper_flow(struct keeper *k, const char *symbol);

/* A tick that was read; what is kept of it is copied. */
void keeper_take(struct keeper *k, const struct tick *t);

/*
 * Epoch id is the active one of f's symbol, "" none is: everything that waits
 * or is held is looked at again.  1; 0: it is not (or no longer) all there, and
 * f lists nothing; -1 and *e: f lists what it did.
 */
int keeper_follow(struct keeper *k, struct inflow *f, const struct view *v,
    struct span id, struct err *e);

/* Up to a batch of what waits for f, into k->batch; how many.  They are on
 * their way until the next of the two. */
size_t keeper_batch(struct keeper *k, struct inflow *f);

/* They wait on: nothing became of them. */
void keeper_give_back(struct keeper *k, struct inflow *f, size_t n);

/* This became of them. */
void keeper_fates(
    struct keeper *k, struct inflow *f, const struct hydration *did, size_t n);

/* What waits or is held will not be delivered any more. */
void keeper_give_up(struct keeper *k);

#endif
