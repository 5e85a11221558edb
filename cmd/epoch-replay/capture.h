/* SPDX-License-Identifier: ISC */
/*
 * capture: what files of chain-fetch --raw and ws-tap --raw hold: snapshots and
 * runs of ticks, each a stretch of one file or of several that follow each
 * other, in the order of receipt.
 *
 * The order in which files are named does not matter.  A file that begins in
 * the middle of a snapshot (or message) goes on where another one broke off.
 * What is inside a page or a message is not looked at here: decoder.h.
 */
#ifndef REPLAY_CAPTURE_H
#define REPLAY_CAPTURE_H

#include "rec.h"
#include "source.h"
#include "symbol.h"

#define SHOT_RUN 24

struct stretch {
	size_t file; /* number of it */
	int64_t from, to;
};

/* Where something stands, in order. */
struct reading {
	struct stretch *s;
	size_t n;
};

/* A snapshot's pages. */
struct shot {
	char symbol[SYMBOL_MAX + 1];
	char run[SHOT_RUN]; /* "": archived before there was one */
	int64_t ts;         /* receipt of its last page */
	uint64_t line;      /* where it begins */
	struct reading pages;
	bool whole;                /* its last page is there */
	bool left_out;             /* it failed then, or is after the limit */
	bool doubted;              /* it may have failed: then it does now */
	int64_t page, part, parts; /* the last one */
};

/* Messages, or ticks. */
struct tap {
	struct reading text;
	int64_t first_ts;   /* no tick is of before; 0: not known */
	int64_t conn, part; /* of a message that goes on */
	bool more;
};

struct capture_file {
	struct source_file f;
	int64_t first_ts;   /* of its first record */
	int64_t page, part; /* where that is one of a snapshot */
};

/* A symbol that a snapshot was asked for. */
struct capture_symbol {
	char name[SYMBOL_MAX + 1];
	uint64_t aborted; /* that failed then */
	/* what was done: snapshots, and what became of them */
	uint64_t acts, epochs, same, rejected;
	uint64_t gaps; /* told of, in which ticks were lost */
	int64_t last_ts;
	char id[EPOCH_ID_MAX]; /* that is active; "" none */
};

struct captures {
	int64_t until; /* ms, inclusive; INT64_MAX: all */
	struct capture_file *files;
	size_t n_files;
	struct shot *shots; /* by ts */
	size_t n_shots;
	struct tap *taps; /* by first_ts */
	size_t n_taps;
	struct capture_symbol *symbols; /* by name */
	size_t n_symbols;
	uint64_t faults;
	uint64_t ticks, gaps; /* of all; ticks: as far as they were checked */
};

/* Does it hold records of a capture?  Looks at the first one. */
bool capture_is(const struct source_file *f);

/* Take a file, which is moved in. */
void captures_add(struct captures *c, const struct source_file *f);
void captures_free(struct captures *c);

/* Find out what they hold.  Returns the status; every fault is reported. */
int captures_scan(struct captures *c);

/* One file of it; files are in order.  Returns the status. */
int captures_scan_file(struct captures *c, size_t file);

/* The snapshot breaks off, and nothing goes on: it is left out.  Returns the
 * status. */
int captures_cut(struct captures *c, struct shot *shot);

/* Told to stop: says so. */
int captures_interrupted(void);

struct capture_symbol *captures_symbol(struct captures *c, const char *name);

/* Report *e, of what begins at that line of a reading; returns the status. */
int captures_fail(struct captures *c, const struct reading *r, uint64_t line,
    const struct err *e);

/* A descriptor, the caller's, from which all of a reading can be read; -1 and
 * *e (66, 71, 74). */
int captures_open(
    const struct captures *c, const struct reading *r, struct err *e);

#endif
