/* SPDX-License-Identifier: ISC */
/*
 * page: which rows of a board make one page of a walk.
 *
 * Places are counted in the selection (the rows that pass the filters, in
 * the order asked for), so a page has a number without any memory of who
 * asked for what before.
 *
 * Layer: knows common, book, query.
 */
#ifndef STANDIN_PAGE_H
#define STANDIN_PAGE_H

#include "query.h"

struct page {
	uint32_t from;  /* place of its first row */
	int64_t number; /* 1, 2, … */
	uint32_t rows[QUERY_LIMIT_MAX];
	uint32_t n;
	bool is_last;
};

/* The page that the query asks for. */
void page_select(const struct book *b, const struct query *q, struct page *p);

/* The page whose first row has that place. */
void page_at(
    const struct book *b, const struct query *q, uint32_t from, struct page *p);

/* The first n rows that the filters exclude; *n becomes their number. */
void page_excluded(
    const struct book *b, const struct query *q, uint32_t *rows, uint32_t *n);

#endif
