/* SPDX-License-Identifier: ISC */
/*
 * act: what every act on an epoch needs: a view of Redis, a deadline, a
 * script with its keys, arguments and answer, and what became of it.
 *
 * Layer: knows err, buf, clock, sig, db, key, view, words.
 */
#ifndef EPOCH_ACT_H
#define EPOCH_ACT_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "err.h"
#include "key.h"
#include "view.h"
#include "words.h"

#define ACT_NONCE 33 /* 32 hex digits and a NUL */

enum act_result {
	ACT_DONE,
	ACT_AGAIN,  /* the state moved on: load and decide again */
	ACT_FENCED, /* another promoter is switching: wait, then again */
	ACT_FAILED  /* *e */
};

/* The first strings of a script's answer. */
struct answer {
	char status[16];
	char detail[80];
};

struct act {
	struct view view;
	int64_t deadline;     /* monotonic ms; set by act_start */
	int64_t now_ms;       /* the time of a replay; 0: it is now */
	char fence_token[33]; /* of the last fence taken; "" none */
	uint64_t conflicts, reconnects, fence_waits; /* counters */
	struct words keys, args;                     /* of the next script */
	struct answer answer;                        /* of the last one */
};

/* Give the next act this many ms in all. */
void act_start(struct act *a, int64_t deadline_ms);
void act_free(struct act *a); /* what it holds, not the connection */

/* A random name that nobody else has: of a promoter, of a fence, of one run
 * of a model.  -1 and *e (71). */
int act_nonce(char out[ACT_NONCE], struct err *e);

/* The time that acts go by: a replay's, EPOCH_NOW_MS, or Redis's.  -1 and *e.
 */
int act_now(struct act *a, int64_t *ms, struct err *e);

/* Forget keys and arguments of the script before. */
void act_clear(struct act *a);

/* Add a key to a->keys.  of: its symbol or epoch id, where it has one. */
void act_key(struct act *a, enum key_name name, struct span of);

/* The last two keys of every script that journals: epoch:config and the
 * symbol's journal. */
void act_journal(struct act *a, struct span symbol);

/* A db_fn for a script's answer: ctx is a struct answer. */
void act_answer(const struct db_val *v, void *ctx);

/* A db_fn for a list of strings: ctx is a struct words, which gets them. */
void act_strings(const struct db_val *v, void *ctx);

/* Run a script over a->keys and a->args; its answer is in a->answer. */
int act_script(struct act *a, struct db_script *s, struct err *e);
bool act_said(const struct act *a, const char *status);

/*
 * The answers that end any act the same way: "badtype" (78), anything
 * unknown (70).  Returns ACT_FAILED.
 */
enum act_result act_refusal(
    const struct act *a, const char *script, struct err *e);

/* Is there time for another try?  Reopens a dead connection; -1 and *e when
 * the deadline passed or that failed. */
int act_recover(struct act *a, struct err *e);

#endif
