/* SPDX-License-Identifier: ISC */
/*
 * journal: the acts that the scripts left in Redis: the switch, reading,
 * waiting, trimming.
 *
 * Source: docs/REDIS.md "Journal".
 * Layer: knows err, buf, words, key, db, act, symbol, tape.
 */
#ifndef EPOCH_JOURNAL_H
#define EPOCH_JOURNAL_H

#include "act.h"
#include "tape.h"

/* Switch it, for all symbols of the prefix; max: acts a symbol, 0: as it is.
 * -1 and *e. */
int journal_switch(struct act *act, bool on, int64_t max, struct err *e);

struct journal_config {
	bool said, on; /* said: Redis knows whether it is */
	int64_t max;   /* 0: not said */
};

/* How it is switched.  -1 and *e. */
int journal_look(struct act *act, struct journal_config *c, struct err *e);

/* Called for each act, in order; l borrows.  Not called for an entry that is
 * none of ours: then journal_read says BAD_ACT. */
typedef void journal_fn(struct tape_line *l, void *ctx);

/* At most count acts from number first on.  How many, -1 and *e (65,
 * BAD_ACT). */
int journal_read(struct act *act, const char *symbol, int64_t first, int count,
    journal_fn *fn, void *ctx, struct err *e);

/* The newest act's number, 0: none is there, *exists: is the stream?  -1 and
 * *e. */
int journal_newest(struct act *act, const char *symbol, int64_t *newest,
    bool *exists, struct err *e);

/* Forget the acts before number before, which was done at ts: 1; 0 that act is
 * not there, and nothing was forgotten; -1 and *e. */
int journal_trim(struct act *act, const char *symbol, int64_t before,
    int64_t ts, struct err *e);

/* Wait up to ms for an act after the last known one of any of n symbols: 1
 * there is one, 0 none, -1 and *e. */
int journal_wait(struct act *act, const char *const *symbols,
    const int64_t *last, size_t n, int64_t ms, struct err *e);

#endif
