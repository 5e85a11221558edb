/* SPDX-License-Identifier: ISC */
/*
 * promote: a snapshot becomes a new epoch; see promote.c for the argument.
 *
 * Source: docs/REDIS.md, "Acts".
 * Layer: knows err, buf, clock, sig, act, snapshot, decide, birth,
 * stage.
 */
#ifndef EPOCH_PROMOTE_H
#define EPOCH_PROMOTE_H

#include "act.h"
#include "decide.h"
#include "snapshot.h"

enum outcome_kind { OUTCOME_NEW, OUTCOME_SAME, OUTCOME_REJECTED };

/* What became of one snapshot: the epoch record's content. */
struct outcome {
	enum outcome_kind kind;
	const char *reason;    /* static text; NULL for a refresh */
	char id[EPOCH_ID_MAX]; /* the epoch that is active now; "" none */
	char prev[EPOCH_ID_MAX];
	size_t entered, exited, carried;
	bool forced;
	int exit;         /* status of a rejection: 1, 65 or 75 */
	char detail[160]; /* numbers of a rejection, for people */
};

/*
 * Carry out the verdict on what was loaded.  ACT_DONE: *out says which epoch.
 * Else no epoch became visible, or the unknown answer of a commit is settled
 * by the next decision on the same snapshot.
 */
enum act_result promote(struct act *act, const struct current *now,
    const struct snapshot *s, const struct verdict *v, struct outcome *out,
    struct err *e);

#endif
