/* SPDX-License-Identifier: ISC */
/*
 * refresh: the same board with newer values; see refresh.c for the argument.
 *
 * Source: docs/REDIS.md, "Acts".
 * Layer: knows err, buf, words, act, contract, line, snapshot, decide.
 */
#ifndef EPOCH_REFRESH_H
#define EPOCH_REFRESH_H

#include "act.h"
#include "decide.h"
#include "snapshot.h"

#define REFRESH_MAX 100   /* rows a script: about 2 ms of the server's time */
#define REFRESH_VALUES 17 /* of a row of refresh_rows.lua, after its id */

/* The three scripts, for a replay: which epoch, claimed by which times. */
struct refresh {
	struct act *act;
	struct span symbol, id;
	int64_t begin_ts, end_ts;
};

/* Claim the epoch's times. */
enum act_result refresh_begin(const struct refresh *r, struct err *e);

/* Merge a batch: start it, add at most REFRESH_MAX rows, send it. */
void refresh_batch(const struct refresh *r);
void refresh_add(
    const struct refresh *r, struct span cid, const struct span *values);
enum act_result refresh_merge(const struct refresh *r, struct err *e);

/* The rest of meta: start it, add fields and values to what is returned, send
 * it. */
struct words *refresh_facts(const struct refresh *r);
enum act_result refresh_end(const struct refresh *r, struct err *e);

/* All of it.  ACT_AGAIN after "damaged": a contract is gone, the epoch must be
 * replaced; else: it is no longer the active one, or no longer this snapshot's.
 */
enum act_result refresh(struct act *act, const struct current *now,
    const struct snapshot *s, struct err *e);

#endif
