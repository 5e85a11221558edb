/* SPDX-License-Identifier: ISC */
/*
 * dormant: the act of silence; see common/lua/dormant.lua.
 *
 * Source: docs/REDIS.md, "The acts".
 * Layer: knows err, buf, words, key, act.
 */
#ifndef EPOCH_DORMANT_H
#define EPOCH_DORMANT_H

#include <stdbool.h>
#include <stdint.h>

#include "act.h"

/*
 * Raise the stored count of the symbol's active epoch to at least count; with
 * force, make it dirty for a full recompute in the same step.  ACT_AGAIN:
 * nothing was changed, another epoch is active ("superseded") or the epoch is
 * not whole ("damaged"); act_said tells which.
 */
enum act_result dormant(struct act *act, const char *symbol, const char *id,
    int64_t count, bool force, struct err *e);

#endif
