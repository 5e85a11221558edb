/* SPDX-License-Identifier: ISC */
/*
 * promoter: the records of epoch-promote's input, one by one, to decisions.
 * Knows streams and the acts; options and the connection are main.c's.
 */
#ifndef PROMOTER_H
#define PROMOTER_H

#include "contract.h"
#include "epoch.h"
#include "line.h"
#include "snapshot.h"
#include "stream.h"

struct promoter {
	int64_t deadline_ms; /* for one snapshot */
	bool allow_none;     /* no snapshot at all is no failure */
	struct policy policy;
	struct in in;
	struct out out;
	struct db *db;
	struct keys keys;
	struct act act;
	struct line_reader reader;
	struct snapshot snap;
	bool open;         /* between geometry and chain_end */
	struct err spoilt; /* exit != 0: why the open one cannot count */
	struct buf line;
	int status; /* worst so far */
	uint64_t snapshots, fresh, same, rejected, aborted, failed;
	uint64_t bad, passed;
};

/* Read p->in to its end, or to a stop signal; p->status is the worst met. */
void promoter_run(struct promoter *p);

/* One line of counters on stderr. */
void promoter_show(const struct promoter *p);

void promoter_add_status(struct promoter *p, int status);

/* The record of a decision; s: the snapshot, as far as it is known, or NULL. */
void promoter_tell(struct promoter *p, int64_t ts, const char *symbol,
    const struct snapshot *s, const struct outcome *o);

/* The error line of a rejection, and its status. */
void promoter_refuse(
    struct promoter *p, const char *symbol, const struct outcome *o);

/* back.c: go back to an older board (to: an epoch id, or NULL), and end the
 * lock that this brings. */
void promoter_rollback(struct promoter *p, const char *symbol, const char *to);
void promoter_unpin(struct promoter *p, const char *symbol);

/* Frees what it holds: not the connection, not the streams. */
void promoter_free(struct promoter *p);

#endif
