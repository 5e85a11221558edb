/* SPDX-License-Identifier: ISC */
/*
 * refresh: the same board with newer values; see refresh.c for the argument.
 *
 * Source: docs/REDIS.md, "Acts".
 * Layer: knows err, buf, act, contract, line, snapshot, decide.
 */
#ifndef EPOCH_REFRESH_H
#define EPOCH_REFRESH_H

#include "act.h"
#include "decide.h"
#include "snapshot.h"

/* ACT_AGAIN after "damaged": a contract is gone, the epoch must be replaced;
 * else: it is no longer the active one, or no longer this snapshot's. */
enum act_result refresh(struct act *act, const struct current *now,
    const struct snapshot *s, struct err *e);

#endif
