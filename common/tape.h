/* SPDX-License-Identifier: ISC */
/*
 * tape: the lines of a tape: tape (the head of a file), act, rewind.
 *
 * Each line ends with a sum over its own bytes, so a flipped one is noticed,
 * also inside a number; the acts are numbered, so a missing, repeated or moved
 * one is, too.  Lines are read only as they were written: a tape is no place
 * for other spellings, which would fail the sum anyhow.
 *
 * Source: docs/STREAM.md "tape", "act", "rewind".  Pure.
 * Layer: knows err, buf, text, symbol, sha, key.
 */
#ifndef EPOCH_TAPE_H
#define EPOCH_TAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "key.h"

#define TAPE_VERSION 1
#define TAPE_SUM 17  /* 16 hex digits of SHA-256, and a NUL */
#define TAPE_KIND 16 /* longest name of a kind, and a NUL */

enum tape_what {
	TAPE_HEAD,  /* acts of a symbol follow */
	TAPE_ACT,   /* one act */
	TAPE_REWIND /* Redis fell back: the acts after number act are void */
};

struct tape_line {
	enum tape_what what;
	int64_t ts; /* ms */
	char symbol[SYMBOL_MAX + 1];
	int64_t act;  /* its number; head: the last one before; rewind: to */
	int64_t from; /* rewind: the last one that was written */
	char id[EPOCH_ID_MAX]; /* act only, as all that follows */
	char kind[TAPE_KIND];
	struct span args; /* a JSON list of strings */
	struct span rows; /* "" none */
	char sum[TAPE_SUM];
};

/* Does a file that begins so hold a tape that zstd packed? */
#define TAPE_PEEK 4 /* bytes that tell */
bool tape_is_packed(struct span head);

/* Append the line, its sum and newline; l->sum is set. */
void tape_write(struct buf *b, struct tape_line *l);

/* Can these be written: nothing in them that a JSON string would escape, an
 * epoch id, a known size?  For what was not read from a tape. */
bool tape_act_ok(const struct tape_line *l);

/* Read a line without its newline; spans borrow from it.  -1 and *e (65):
 * BAD_SUM, BAD_TAPE (not such a line), NEWER (another version). */
int tape_read(struct span line, struct tape_line *l, struct err *e);

/* The next string of a list "["a","b"]": *list starts as tape_line.args.  1,
 * 0 at the end, -1 when it is no such list; unescaped into *own where it has
 * escapes, else borrowed. */
int tape_arg(struct span *list, struct buf *own, struct span *arg);

#endif
