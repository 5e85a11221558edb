/* SPDX-License-Identifier: ISC */
/*
 * reel: the tape of one symbol, on its way out: into one file a day in a
 * directory, or to stdout.
 *
 * A file grows by whole lines only: a write that fails or comes short is cut
 * off again, and what a killed writer left unfinished is cut off when the
 * reel is opened.  The files themselves are the memory of what is recorded;
 * there is no other.  The two newest stay as they are, so that at midnight,
 * too, there is one to go back to.
 */
#ifndef RECORD_REEL_H
#define RECORD_REEL_H

#include <stdbool.h>
#include <stdint.h>

#include "stream.h"
#include "tape.h"

#define REEL_RING 65536 /* acts whose sums are remembered */
#define REEL_NAME 64    /* symbol, date, .ndjson.zst, and a NUL */

struct reel {
	const char *symbol;
	int64_t last;       /* the last act that stands, 0 none */
	bool known;         /* the next one is last + 1, else any */
	char sum[TAPE_SUM]; /* its line's; "" not known */
	int64_t last_ts;    /* its; 0 not known */
	uint64_t acts, lost, rewinds, bytes;
	bool dirty; /* written, and not yet safe */

	const char *path; /* private from here on; NULL: out */
	struct out *out;
	bool zstd;
	int dir, lock, fd;
	char date[11], prev[11]; /* of the file, the one before; "" none */
	bool headed;
	int64_t size; /* of the file: whole lines; … */
	int64_t safe; /* … when it was opened, or last synced */
	struct buf buf;
	struct {
		int64_t act;
		char sum[TAPE_SUM];
	} * ring;
	struct err err;      /* the first failure */
	struct err unpacked; /* of a file that could not be compressed */
};

/* Open the symbol's tape in directory path, find its end and cut what is
 * unfinished; path NULL: lines go to out.  1: told to stop before that was
 * done; -1 and *e: 73 no directory or file, 75 somebody else records into it,
 * 65 the newest file is damaged. */
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

/* ---- past.c: what is on the tape already ---- */

void reel_name(const struct reel *r, const char *date, char out[REEL_NAME]);
void reel_remember(struct reel *r, const struct tape_line *l);
void reel_go_back(struct reel *r, int64_t to);

/* Which are the newest files?  r->date and r->prev.  -1 and *e (73). */
int past_find(struct reel *r, struct err *e);

/* Read them; the newest is open and left at its end.  0; 1 told to stop; -1
 * and *e (65). */
int past_read(struct reel *r, struct err *e);

/* With --zstd: compress all files before r->prev.  What fails is told, and kept
 * in r->unpacked: recording goes on. */
void past_squeeze(struct reel *r);

/* squeeze.c: FILE in dir becomes FILE.zst, unless told to stop before that is
 * done.  -1 and *e (74). */
int squeeze(int dir, const char *name, struct err *e);

#endif
