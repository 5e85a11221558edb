/* SPDX-License-Identifier: ISC */
/*
 * reel: the tape of one symbol, on its way out: into one file a day in a
 * directory, or to stdout.
 *
 * A file grows by whole lines only: a write that fails or comes short is cut
 * off again, and what a killed writer left unfinished is cut off when the
 * reel is opened.  The files themselves are the memory of what is recorded;
 * there is no other.
 */
#ifndef RECORD_REEL_H
#define RECORD_REEL_H

#include <stdbool.h>
#include <stdint.h>

#include "stream.h"
#include "tape.h"

#define REEL_RING 65536 /* acts whose sums are remembered */

struct reel {
	const char *symbol;
	int64_t last;       /* the last act that stands, 0 none */
	char sum[TAPE_SUM]; /* its line's; "" not known */
	uint64_t acts, lost, rewinds, bytes;
	bool dirty; /* written, and not yet safe */

	const char *path; /* private from here on; NULL: out */
	struct out *out;
	bool zstd;
	int dir, lock, fd;
	char date[11]; /* of the file, "" none */
	bool headed;
	int64_t size; /* of the file: whole lines */
	struct buf buf;
	struct {
		int64_t act;
		char sum[TAPE_SUM];
	} * ring;
	struct err err; /* the first failure */
};

/* Open the symbol's tape in directory path, find its end and cut what is
 * unfinished; path NULL: lines go to out.  -1 and *e: 73 no directory or
 * file, 75 somebody else records into it, 65 the newest file is damaged. */
int reel_open(struct reel *r, const char *path, struct out *out, bool zstd,
    const char *symbol, struct err *e);
void reel_close(struct reel *r);

/* The sum of an act that stands on the tape, NULL: not remembered. */
const char *reel_sum(const struct reel *r, int64_t act);

/* The next act; may write out a day that is over.  Failures are kept for
 * reel_flush. */
void reel_add(struct reel *r, struct tape_line *l);

/* The acts after number to did not happen. */
void reel_rewind(struct reel *r, int64_t to);

/* Write what was added.  -1 and *e (74): the file ends with a whole line. */
int reel_flush(struct reel *r, struct err *e);

/* Flush, and let nothing but a broken disk take it away. */
int reel_sync(struct reel *r, struct err *e);

/* squeeze.c: FILE in dir becomes FILE.zst.  -1 and *e (74). */
int squeeze(int dir, const char *name, struct err *e);

#endif
