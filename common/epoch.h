/* SPDX-License-Identifier: ISC */
/*
 * epoch: the acts on an epoch, one function an act, so that a live tool and
 * a replay cannot differ.
 *
 * epoch_apply reads what is active, decides, and promotes or refreshes; when
 * somebody else was faster it decides again on what it then finds.  A lost
 * connection is opened again within the deadline: a half-staged id is
 * abandoned for a new one, a commit of unknown outcome is repeated.
 *
 * Source: docs/REDIS.md, "Acts".
 * Layer: knows err, buf, clock, sig, db, key, view, snapshot, decide, geom,
 * line, contract, words.
 */
#ifndef EPOCH_EPOCH_H
#define EPOCH_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#include "decide.h"
#include "snapshot.h"
#include "view.h"
#include "words.h"

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

/* The first strings of a script's answer. */
struct answer {
	char status[16];
	char detail[80];
};

struct epoch {
	struct view view;
	int64_t deadline; /* monotonic ms; set by epoch_start */
	uint64_t conflicts, reconnects, fence_waits; /* counters */
	struct words keys, args;                     /* private: a script's */
	struct answer answer;                        /* private: its answer */
};

/* Give the next act this many ms in all. */
void epoch_start(struct epoch *ep, int64_t deadline_ms);
void epoch_end(struct epoch *ep); /* frees what it holds, not the db */

/*
 * -1 and *e (78, EVICTING) when the server may evict keys: it would eat
 * epochs, epoch:active included.
 */
int epoch_check_server(struct db *db, struct err *e);

/* Decide on a whole snapshot and carry the decision out.  -1 and *e when
 * that could not be done; whatever is active is whole then, too. */
int epoch_apply(struct epoch *ep, const struct snapshot *s,
    const struct policy *p, struct outcome *out, struct err *e);

/*
 * The snapshot asked for by a dormant request could not be had: the epoch
 * that stays is marked forced and fully dirty, unless for_epoch (may be NULL)
 * names another one.  out->id is the epoch that stays.
 */
int epoch_keep(struct epoch *ep, const char *symbol, const char *for_epoch,
    bool dormant, struct outcome *out, struct err *e);

/* What is active; fill *now, freed by current_free. */
int epoch_load(
    struct epoch *ep, const char *symbol, struct current *now, struct err *e);
void current_free(struct current *now);

/* --- between epoch.c, promote.c and refresh.c --- */

enum act_result {
	ACT_DONE,
	ACT_AGAIN,  /* the state moved on: load and decide again */
	ACT_FENCED, /* another promoter is switching: wait, then again */
	ACT_FAILED  /* *e */
};

enum act_result epoch_promote(struct epoch *ep, const struct current *now,
    const struct snapshot *s, const struct verdict *v, struct outcome *out,
    struct err *e);
enum act_result epoch_refresh(struct epoch *ep, const struct current *now,
    const struct snapshot *s, struct err *e);

/* Add a key to ep->keys. */
void epoch_key(struct epoch *ep, enum key_name name, struct span of);

/* Run a script over ep->keys and ep->args; its answer is in ep->answer. */
int epoch_script(struct epoch *ep, struct db_script *s, struct err *e);
bool epoch_said(const struct epoch *ep, const char *status);

/*
 * The answers that end any act the same way: "badtype" (78), anything
 * unknown (70).
 */
enum act_result epoch_refusal(
    const struct epoch *ep, const char *script, struct err *e);

/* Is there time for another try?  Reopens a dead connection; -1 and *e when
 * the deadline passed or that failed. */
int epoch_recover(struct epoch *ep, struct err *e);

#endif
