/* SPDX-License-Identifier: ISC */
/*
 * hydrate: ticks into the active epoch; see hydrate.c for the argument.
 *
 * Source: docs/REDIS.md, "Acts".
 * Layer: knows err, buf, words, key, db, act, contract, tick.
 */
#ifndef EPOCH_HYDRATE_H
#define EPOCH_HYDRATE_H

#include "act.h"
#include "tick.h"

#define HYDRATE_MAX 500 /* ticks a script: some 4 ms of the server's time */

/* What became of a tick. */
enum fate {
	FATE_APPLIED = 'a',
	FATE_LATE = 'l',      /* what is stored is newer */
	FATE_DUPLICATE = 'd', /* what is stored is that very tick */
	FATE_UNKNOWN = 'u'    /* the epoch has no such contract */
};

struct hydration {
	char fates[HYDRATE_MAX];   /* enum fate, one a tick */
	int64_t seq;               /* the epoch's, after this */
	int64_t last_tick_ts;      /* its meta's; 0: none yet */
	char active[EPOCH_ID_MAX]; /* superseded: by this; "" by none */
};

/*
 * Put n ≤ HYDRATE_MAX ticks into epoch id of symbol, at most one of each
 * contract and group.  then: what the epoch's seq must be after it, 0 as it
 * comes.  ACT_DONE: *out says what became of each.  ACT_FENCED: nothing was
 * changed, try again soon.  ACT_AGAIN: nothing was changed; act_said
 * "superseded": another epoch is active; "damaged": a promotion must replace
 * this one; "differs": the seq would be another than then, or not every tick
 * be applied, *out says which.
 */
enum act_result hydrate(struct act *act, struct span symbol, struct span id,
    const struct tick *ticks, size_t n, int64_t then, struct hydration *out,
    struct err *e);

/* A batch on its way; it stays where it is until its answer came. */
struct hydrating {
	struct hydration did;
	struct answer answer;
	size_t n;
	bool answered; /* not by an error reply: db_push */
	bool whole;    /* with one letter a tick */
};

/* The same without waiting, by a server that knows the script: else, as after
 * any error reply, the batch is never answered.  -1 and *e as db_push. */
int hydrate_push(struct act *act, struct span symbol, struct span id,
    const struct tick *ticks, size_t n, int64_t then, struct hydrating *h,
    struct err *e);

/* What became of a batch that was answered; as hydrate, act->answer too. */
enum act_result hydrate_judge(
    struct act *act, const struct hydrating *h, struct err *e);

#endif
