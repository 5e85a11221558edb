/* SPDX-License-Identifier: ISC */
/*
 * stream: bounded lines in, whole lines out.
 *
 * A reader hands out one line at a time, without its newline (a CR before it
 * is stripped; empty lines are skipped).  A line over the limit is skipped
 * whole and counted, an unfinished last line is never handed out and counted:
 * a writer that died in mid-line must not be believed.
 *
 * The writer collects output and is flushed by the reader exactly when the
 * next read would have to wait, so a pipeline has no latency of buffering and
 * no cost of a write a line.  A lost reader of stdout (EPIPE) ends the tool by
 * SIGPIPE, as shells expect; every other failed write is an error.
 *
 * A tool that has something better to do than wait sets in.nowait, gives its
 * output room, and offers it (out_offer) whenever it comes by.  Descriptors
 * stay blocking: they are shared with others.
 *
 * Layer: knows err, sig, clock, buf.
 */
#ifndef EPOCH_STREAM_H
#define EPOCH_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define STREAM_LINE_MAX (1024 * 1024)

struct out {
	int fd;
	struct buf buf;
	bool failed;    /* a write failed; *err says why */
	struct err err; /* exit 74 */
	uint64_t lines, bytes;
	int64_t patience_ms; /* once told to stop, with a reader that stalls */
	size_t
	    room; /* what may be queued: then it is written, and waited for */
	size_t done; /* private: of the queue, what is written */
};

#define OUT_ROOM (64 * 1024)

void out_init(struct out *o, int fd);
/* Queue n bytes (with their newline).  Errors are kept for out_close. */
void out_write(struct out *o, const char *p, size_t n);
/* Queue a line and add its newline. */
void out_line(struct out *o, struct span line);
/* Write what is queued.  -1 and o->err on failure. */
int out_flush(struct out *o);
/* Write as much of it as can be written without waiting; where a pipe has no
 * reader any more, notice it, even if there is nothing to write. */
void out_offer(struct out *o);
/* Bytes that are queued. */
size_t out_queued(const struct out *o);
/* What is queued will not be written: nobody reads any more. */
void out_drop(struct out *o);
/* Flush, and report the first failure of the stream's life: 0 or -1, *e. */
int out_close(struct out *o, struct err *e);

struct in {
	int fd;
	const char *name; /* for messages: "-" or the file's name */
	struct out
	    *tied;   /* flushed before a read that would wait; may be NULL */
	size_t max;  /* longest line, STREAM_LINE_MAX */
	bool nowait; /* in_next says 3, where it would have to wait */
	bool placed; /* read a file's bytes at to end, wherever it stands */
	int64_t at, end;
	struct buf buf; /* private from here on */
	size_t pos;
	size_t scanned;
	bool skipping, eof;
	uint64_t lines;    /* handed out: also the current line's number, */
	uint64_t line_no;  /* this one counts skipped and empty ones too */
	uint64_t too_long; /* lines over the limit, skipped */
	uint64_t torn;     /* 1 when the input ended in an unfinished line */
	uint64_t bytes;
};

/* path "-" or NULL is stdin.  -1 and *e (66) when it cannot be opened. */
int in_open(struct in *in, const char *path, struct out *tied, struct err *e);
void in_close(struct in *in);

/*
 * 1: *line is the next line, borrowed until the next call, and followed by a
 * NUL.  0: end of input, or a stop signal arrived (sig_stop).  2: a line was
 * over the limit and skipped (in->line_no says which).  3: there is none yet
 * (nowait).  -1: *e, a read error.
 */
int in_next(struct in *in, struct span *line, struct err *e);

/*
 * The next raw piece of input, up to 64 KiB, for documents that are not
 * lines: 1, 0 at the end or on a stop signal, -1 and *e.
 */
int in_chunk(struct in *in, struct span *piece, struct err *e);

/*
 * The first bytes of the input, at least n (≤ 64 KiB) unless it is shorter,
 * without taking them.  1, 0 when told to stop, -1 and *e.
 */
int in_peek(struct in *in, size_t n, struct span *piece, struct err *e);

#endif
