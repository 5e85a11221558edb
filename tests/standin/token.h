/* SPDX-License-Identifier: ISC */
/*
 * token: a line of a script cut into words.
 *
 * Words with blanks are put in '…' or "…"; a '#' outside quotes ends a line.
 *
 * Layer: knows buf, err.
 */
#ifndef STANDIN_TOKEN_H
#define STANDIN_TOKEN_H

#include "buf.h"
#include "err.h"

#define WORDS_MAX 64

/* A line being read: its words, and the next one. */
struct line {
	struct span words[WORDS_MAX + 1];
	size_t n, at;
};

/* -1 and *e (64). */
int line_split(struct line *l, struct span text, struct err *e);

/* The next word, SPAN_NONE behind the last. */
struct span line_next(struct line *l);

/* Is the next word that one?  Then it is taken. */
bool line_take(struct line *l, const char *word);

/* The next word of what blanks separate, quotes or not, taken from *text,
 * which then begins with the word after it; false: none. */
bool word_next(struct span *text, struct span *word);

/* A whole small file.  -1 and *e (66). */
int text_read(struct buf *out, const char *file, struct err *e);

#endif
