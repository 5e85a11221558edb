/* SPDX-License-Identifier: ISC */
/*
 * query: the arguments of a chain request, and the cursor that carries them
 * from page to page.
 *
 * The vendor's cursor is a form string in base64url: ap= (the last row given
 * out), as= (empty), then the arguments of the first request in the order of
 * their names.  Sorted by ticker, ap is TICKER:STRIKE; in the other orders it
 * is TICKER, and the bound of the sorted column moves along:
 * strike_price.gte=682.000000 (lte when descending).  A bound that the first
 * request had there itself we keep in as=.  The page after a cursor is found
 * by comparing, so a cursor stays good when its row is gone.
 *
 * Layer: knows common, form, book.
 */
#ifndef STANDIN_QUERY_H
#define STANDIN_QUERY_H

#include "book.h"
#include "form.h"

#define QUERY_LIMIT_MAX 250
#define QUERY_LIMIT_DEFAULT 10

enum query_op { OP_EQ, OP_GT, OP_GTE, OP_LT, OP_LTE, QUERY_OPS };

struct query {
	int64_t limit;
	enum book_order sort;
	bool desc;
	bool
	    is_after; /* behind the row of this key, whether it exists or not */
	struct book_key after;
	char right; /* 'C', 'P' or 0 for both */
	bool has_strike[QUERY_OPS], has_date[QUERY_OPS];
	double strike[QUERY_OPS];
	int32_t date[QUERY_OPS];
	struct buf args; /* as a form string, without ap and as: for cursors */
};

/*
 * From name, value … words.  strict: a limit out of range is an error, else
 * it is clamped.  -1: *why is the text of the vendor's error 400.
 */
int query_parse(
    struct query *q, struct words *args, bool strict, struct buf *why);
void query_free(struct query *q);

/* Does the row pass the filters? */
bool query_takes(const struct query *q, const struct book_key *key);

/*
 * Append what stands behind '?' for the page after that row: cursor=…; NULL:
 * for the first page.  nonce > 0 makes a cursor that no other equals, for the
 * same page.
 */
void query_next(const struct query *q, const struct book_key *after,
    uint64_t nonce, struct buf *out);

/* What a cursor says, as a form string; -1 when it is none. */
int query_open_cursor(struct span cursor, struct buf *out);

#endif
