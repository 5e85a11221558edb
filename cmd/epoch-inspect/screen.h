/* SPDX-License-Identifier: ISC */
/*
 * screen: what the output can show.  Colours only on a terminal, and not
 * when NO_COLOR is set (https://no-color.org); box characters only where the
 * locale is one of UTF-8; else plain text that a file can keep.
 */
#ifndef INSPECT_SCREEN_H
#define INSPECT_SCREEN_H

#include "buf.h"

enum ink {
	INK_PLAIN,
	INK_RED,
	INK_GREEN,
	INK_YELLOW,
	INK_CYAN,
	INK_DIM,
	INK_BOLD
};

struct screen {
	size_t width;  /* columns: the terminal's, $COLUMNS, or 80 */
	size_t height; /* lines: the terminal's, or 48 */
	bool colour, utf8;
};

struct screen screen_of(int fd);

/* Begin an ink; INK_PLAIN ends it. */
void screen_ink(const struct screen *s, struct buf *b, enum ink ink);

/* n times c, or the UTF-8 character that stands for it. */
void screen_fill(
    const struct screen *s, struct buf *b, const char *utf8, char c, size_t n);

/* 1234567 as "1.23m"; k, m, bn, tn. */
void screen_amount(struct buf *b, double v);

/* A price without the zeros that end it, of at most so many places. */
void screen_price(struct buf *b, double v, int places);

/* Items of a line with something between two; where the screen ends the next
 * line begins. */
struct screen_line {
	const struct screen *screen;
	struct buf *b;
	const char *between;
	enum ink ink;
	size_t used; /* columns */
};

struct screen_line screen_line(
    const struct screen *s, struct buf *b, const char *between);
void screen_item(struct screen_line *l, const char *text);

#endif
