/* SPDX-License-Identifier: ISC */
/*
 * chain: one snapshot in the making, and the only writer of chain records.
 *
 * Knows no vendor.  Contracts are held until chain_finish: what comes out is
 * either a whole snapshot or one chain_abort, never a part.
 */
#ifndef CHAIN_FETCH_CHAIN_H
#define CHAIN_FETCH_CHAIN_H

#include "board.h"
#include "contract.h"
#include "filter.h"
#include "stream.h"

/* The same for all snapshots of a run. */
struct chain_conf {
	struct out *out;
	const char *source;
	const char *reason;    /* NULL: scheduled */
	const char *for_epoch; /* of a request; NULL: it named none */
	struct filter filter;
	int64_t max_contracts;
};

/* What of a chain's counts came since. */
struct chain_mark {
	size_t contracts;
	uint64_t rows, rejected, filtered;
};

/* A snapshot's time that is learnt only at its end. */
#define CHAIN_TS_LATER 1

struct chain {
	const struct chain_conf *conf;
	const char *symbol; /* borrowed */
	int64_t begin_ts;   /* ms, or CHAIN_TS_LATER */
	struct filter filter;
	struct board board;
	struct buf line;
	uint64_t rows;     /* all that were seen */
	uint64_t rejected; /* their id was bad */
	uint64_t filtered; /* not asked for */
	struct span *owed; /* ids of contracts that must come again */
	size_t n_owed, owed_cap;
	struct err why;    /* of the first rejection */
	struct err failed; /* exit != 0: this cannot become whole */
	bool is_sealed;
};

/* What is known only at the end. */
struct chain_end {
	int64_t ts, spot_ts; /* ms; spot_ts 0: unknown */
	const char *spot;    /* the vendor's digits; "": unknown */
	int64_t pages;
	uint64_t bad_values; /* dropped from contracts that were kept */
	uint64_t slow;       /* rows that the scanner left to jansson */
	uint64_t odd_units;  /* times in another unit than the vendor's */
};

const char *chain_reason(const struct chain_conf *conf);

/* The reason of that name; NULL when there is none. */
const char *chain_reason_named(const char *name);

/* Start over with another snapshot; {0} is a valid one before the first. */
void chain_start(struct chain *c, const struct chain_conf *conf,
    const char *symbol, int64_t begin_ts);
void chain_free(struct chain *c);

void chain_add(struct chain *c, const struct contract *contract);
void chain_reject(struct chain *c, const struct err *why);

/* Where it stands, and back to there: as if nothing had come since. */
struct chain_mark chain_mark(const struct chain *c);
void chain_back(struct chain *c, const struct chain_mark *mark);

/*
 * Forget n of the contracts, from one on (board.rows), since they are asked
 * for again: when they do not come, the snapshot is not whole.
 */
void chain_forget(struct chain *c, size_t from, size_t n);

/*
 * Nothing more comes.  0: as far as the chain can tell it is whole, the board
 * is sealed, who knows more may look at it and set c->failed.  -1 and
 * c->failed: it is not.  ts is the snapshot's, ms.
 */
int chain_seal(struct chain *c, int64_t ts);

/* Writes the snapshot, or why there is none; seals it, if that was not done.
 * Returns the exit status. */
int chain_finish(struct chain *c, const struct chain_end *end);

/* Writes chain_abort, and *e to stderr.  Returns e->exit. */
int chain_abort(const struct chain_conf *conf, const char *symbol, int64_t ts,
    const struct err *e);

#endif
