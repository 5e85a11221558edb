/* SPDX-License-Identifier: ISC */
/*
 * source: the lines of one tape: files one after the other, which can be read
 * from the start again.
 */
#ifndef REPLAY_SOURCE_H
#define REPLAY_SOURCE_H

#include "source_file.h"
#include "tape.h"

struct source {
	char symbol[SYMBOL_MAX + 1]; /* of its first line */
	struct tape_line line;       /* the one in hand, if … */
	bool full;                   /* … there is one */
	bool ended;
	int64_t size, done; /* bytes, of all files */

	size_t n_symbols; /* that were added */

	struct source_file *files; /* private from here on */
	size_t n, at;
	char (*symbols)[SYMBOL_MAX + 1];
	bool reading; /* of files[at] */
	struct in in;
};

/* Append a file, which is moved in. */
void source_add(struct source *s, const struct source_file *f);
void source_free(struct source *s);

/* As source_free, but its files are somebody else's, too. */
void source_leave(struct source *s);

/* That there are lines of that symbol in it, once said. */
void source_add_symbol(struct source *s, const char *symbol);
bool source_tells_of(const struct source *s, const char *symbol);

/* From the first line again. */
void source_rewind(struct source *s);

/* Have a line in hand: 1, 0 there is none any more, -1 and *e (65). */
int source_fill(struct source *s, struct err *e);

/* Where the line in hand, or the bad one, stands. */
const char *source_name(const struct source *s);
uint64_t source_line(const struct source *s);

#endif
