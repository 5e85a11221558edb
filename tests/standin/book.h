/* SPDX-License-Identifier: ISC */
/*
 * book: a CBOE document in memory, verbatim, and the same as the rows of
 * Massive's chain, in the vendor's three orders.
 *
 * Layer: knows common, row.
 */
#ifndef STANDIN_BOOK_H
#define STANDIN_BOOK_H

#include "cboe.h"

enum book_order { BY_TICKER, BY_EXPIRATION, BY_STRIKE, BOOK_ORDERS };

/* What rows are ordered and filtered by. */
struct book_key {
	char ticker[24];
	int32_t expiration; /* yyyymmdd */
	int32_t strike;     /* thousandths */
	char right;         /* 'C' or 'P' */
};

struct book_row {
	struct book_key key;
	uint32_t len;
	size_t at; /* its JSON in text */
};

struct book {
	struct cboe_header header;
	struct buf document;
	struct buf gzip; /* the document once it was asked for compressed */
	struct buf text;
	struct book_row *rows;
	uint32_t n;
	uint32_t *order[BOOK_ORDERS]; /* indices of rows */
};

/* Read FILE.  -1 and *e (66 or 65). */
int book_load(struct book *b, const char *file, struct err *e);
void book_free(struct book *b);

struct span book_text(const struct book *b, uint32_t row);

/* A valid YYYY-MM-DD as the number yyyymmdd. */
int32_t book_date(const char *text);

/* -1 when it is not a ticker of the usual form. */
int book_key_parse(struct span ticker, struct book_key *key);

int book_compare(
    enum book_order order, const struct book_key *a, const struct book_key *b);

/* The row of that ticker, or NULL. */
const struct book_row *book_find(const struct book *b, struct span ticker);

#endif
