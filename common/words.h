/* SPDX-License-Identifier: ISC */
/*
 * words: a list of strings built one after the other, for a command's keys
 * or arguments.  Megabytes that somebody else keeps are lent, not copied.
 *
 * Layer: knows buf.
 */
#ifndef EPOCH_WORDS_H
#define EPOCH_WORDS_H

#include "buf.h"

struct words {
	struct buf text;
	struct words_item {
		const char *lent; /* NULL: it ends in text at … */
		size_t n;         /* … this; else its length */
	} * item;
	size_t n, cap;
	struct span *view; /* rebuilt by words_view */
	size_t view_cap;
};

void words_free(struct words *w);
void words_clear(struct words *w);

/* Append one word: from a span, a string, a number, … */
void words_span(struct words *w, struct span s);
void words_str(struct words *w, const char *s);
void words_int(struct words *w, int64_t v);
/* … one whose bytes stay where they are as long as the list is used … */
void words_lend(struct words *w, struct span s);
/* … or whatever was added to w->text since the last word. */
void words_close(struct words *w);

/* All words, valid until the list is changed. */
const struct span *words_view(struct words *w);

#endif
