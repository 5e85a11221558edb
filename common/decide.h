/* SPDX-License-Identifier: ISC */
/*
 * decide: what a whole snapshot means for the board that is active.  Pure: a
 * function of what was read, so every rule is tested without a server.
 *
 * Source: docs/REDIS.md, "Acts: decide".
 * Layer: knows err, buf, clock, geom, snapshot, view (its structs only).
 */
#ifndef EPOCH_DECIDE_H
#define EPOCH_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"
#include "view.h"

struct policy {
	int64_t max_shrink_bp; /* share of unexpired contracts, 1/100 % */
	int64_t confirm;       /* times a shrunk board must be seen */
	bool force;
	bool accept_shrink;
	bool accept_filter;
};

/* What Redis says of a symbol now. */
struct current {
	bool exists;
	struct buf id;
	struct hash meta;
	struct buf geometry;
	struct span *ids; /* of the geometry, sorted */
	size_t n;
	bool damaged;        /* meta or geometry gone or not what they say */
	struct hash pending; /* the suspicious board, if one waits */
	int64_t highest;     /* highest SECONDS ever reserved, 0 none */
	int64_t now_ms;      /* Redis's clock */
};

enum verdict_kind {
	VERDICT_REJECT,
	VERDICT_SAME,    /* nothing to do: already forced by this snapshot */
	VERDICT_REFRESH, /* same board: new values in place */
	VERDICT_PROMOTE  /* a new epoch */
};

struct verdict {
	enum verdict_kind kind;
	const char *reason; /* as in the epoch record; NULL for the same */
	bool asked;         /* a forced one was asked for */
	bool forced;        /* the new epoch is a forced one */
	bool by_silence;    /* forced by a dormant request, not by --force */
	bool suspect;       /* reject: remember the board as pending … */
	int64_t seen;       /* … seen that many times, … */
	int64_t first_ts;   /* … the first time at this end_ts, … */
	int64_t last_ts;    /* … the last time that counted at this one */
	size_t entered, exited;
	char detail[160]; /* a refusal's numbers, for people */
};

/* The same of going back to an older epoch, which nothing speaks against. */
void decide_rollback(
    const struct current *now, const struct snapshot *s, struct verdict *out);

void decide(const struct current *now, const struct snapshot *s,
    const struct policy *p, struct verdict *out);

#endif
