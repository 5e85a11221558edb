/* SPDX-License-Identifier: ISC */
/*
 * cboe: a delayed-quotes document of CBOE -> our contract records.  Pure.
 *
 * Field by field (docs/STREAM.md): id = "O:" + option; expiration, strike and
 * right from the id; last = last_trade_price, trade_ts = last_trade_time (New
 * York time, naive, may be null; a last of 0 without a time is left out); oi
 * = open_interest; the rest by its own name.  The document's timestamp is
 * naive UTC; quote_ts = timestamp − 900 s, the feed's stated delay.  Zeros
 * stay zeros, null is absent, digits stay as written.
 *
 * Layer: knows err, buf, clock, shape, rec, contract, geom, symbol.
 */
#ifndef EPOCH_CBOE_H
#define EPOCH_CBOE_H

#include <stdint.h>

#include "buf.h"
#include "contract.h"
#include "err.h"
#include "shape.h"
#include "symbol.h"

#define CBOE_DELAY_MS (900 * 1000)
#define CBOE_ROWS "data.options" /* where split finds the rows */

/* What a document says about itself, from its shell. */
struct cboe_header {
	struct symbol symbol;
	int64_t ts;      /* its timestamp, ms */
	char spot[65];   /* current_price as written; "" when absent */
	int64_t spot_ts; /* last_trade_time of the underlying; 0 when absent */
};

/* From a shell (see split.h).  -1 and *e (65) without symbol or timestamp. */
int cboe_header_read(struct span shell, struct cboe_header *h, struct err *e);

/* A reader of rows of one document: its counters, and room for what spans
 * cannot borrow. */
struct cboe_rows {
	uint64_t fast, slow; /* rows read by the scanner; by jansson */
	uint64_t bad_values; /* values dropped from rows that were kept */
	char quote_ts[24];   /* private from here on */
	char symbol[SYMBOL_MAX + 1];
	int64_t base_ts;
	char id[40];
	char trade_ts[24];
	char expiration[11], strike[16];
	struct buf own;
	struct shape_ahead ahead;
};

void cboe_rows_init(struct cboe_rows *r, const struct cboe_header *h);
void cboe_rows_free(struct cboe_rows *r);

/* For split_ahead: reads the row that cboe_row is asked about next. */
size_t cboe_ahead(struct cboe_rows *r, struct span text);

/*
 * One row's text to a contract, whose spans live until the next call and as
 * long as the row.  -1 and *e when the row's id is bad: it is rejected.
 */
int cboe_row(
    struct cboe_rows *r, struct span row, struct contract *c, struct err *e);

#endif
