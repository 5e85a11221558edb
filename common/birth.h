/* SPDX-License-Identifier: ISC */
/*
 * birth: the scripts by which an epoch is born (reserve, fence, commit,
 * abandon), for whoever has one to bring: a promotion, a replay.
 *
 * Source: docs/REDIS.md, "Promote".
 * Layer: knows err, buf, words, key, db, act.
 */
#ifndef EPOCH_BIRTH_H
#define EPOCH_BIRTH_H

#include <stdbool.h>
#include <stdint.h>

#include "act.h"

struct birth {
	struct act *act;
	struct span symbol;
	struct span old; /* the epoch that is left; "" none */
	char id[EPOCH_ID_MAX];
	char nonce[ACT_NONCE], token[ACT_NONCE];
	bool journalled; /* reserve said: the journal is on */
};

/* Reserve b->id under b->nonce.  ACT_AGAIN: "conflict", another epoch than old
 * is active; or "taken", with the highest seconds as detail. */
enum act_result birth_reserve(
    struct birth *b, struct span geometry, int64_t now_ms, struct err *e);

/* Take, renew or drop the fence of b->old, under b->token.  ACT_AGAIN:
 * "conflict" or "lapsed". */
enum act_result birth_fence(struct birth *b, const char *how, struct err *e);

/* What the commit compares, or writes beside the fields of meta. */
struct birth_facts {
	int64_t begin_ts, end_ts;
	bool had_ws;
	struct span why; /* "silence", "forced", "rollback" or "" */
	bool same_board;
	int64_t chunks; /* acts of the journal that hold the contracts */
};

/* Prepare the commit; the caller adds meta's fields and values to
 * b->act->args … */
void birth_facts(struct birth *b, const struct birth_facts *f);

/* … and this carries it out; repeated after a lost answer, under the same
 * nonce and token.  ACT_AGAIN: not committed, the state moved on. */
enum act_result birth_commit(struct birth *b, struct err *e);

/* ACT_DONE: from now on nobody can commit b->id.  ACT_AGAIN: somebody has. */
enum act_result birth_give_up(struct birth *b, struct err *e);

#endif
