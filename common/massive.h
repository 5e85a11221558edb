/* SPDX-License-Identifier: ISC */
/*
 * massive: a page of Massive's chain snapshot -> our contract records.  Pure.
 *
 * Field by field (docs/STREAM.md): id = details.ticker; expiration, strike and
 * right from the id, and details must not say otherwise; multiplier =
 * details.shares_per_contract; bid, ask and sizes of last_quote, quote_ts =
 * its last_updated; last and last_size of last_trade, trade_ts = its
 * sip_timestamp; iv = implied_volatility; the greeks; oi = open_interest;
 * volume = day.volume.  Every object may be missing, empty or null.  Digits
 * stay as written; times are nanoseconds, cut to milliseconds as text: no
 * double could hold them.
 *
 * Layer: knows err, buf, shape, rec, contract, geom, symbol.
 */
#ifndef EPOCH_MASSIVE_H
#define EPOCH_MASSIVE_H

#include <stdint.h>

#include "buf.h"
#include "contract.h"
#include "err.h"
#include "shape.h"
#include "symbol.h"

#define MASSIVE_ROWS "results" /* where split finds the rows */
#define MASSIVE_PAGE_ROWS 250  /* the most that the vendor gives */
#define MASSIVE_URL_MAX 4096
#define MASSIVE_TEXT_MAX 81

/* What a page says about itself, from its shell. */
struct massive_page {
	char next[MASSIVE_URL_MAX]; /* next_url as written; "": the last page */
};

/*
 * From a shell (see split.h).  -1 and *e: 65 when it is no page, 76 when its
 * next_url is no URL.
 */
int massive_page_read(struct span shell, struct massive_page *p, struct err *e);

/* What an error's body says, as a few words; "" when nothing. */
void massive_error_text(struct span body, char out[MASSIVE_TEXT_MAX]);

/* A reader of rows: its counters, the underlying, and room for what spans
 * cannot borrow. */
struct massive_rows {
	uint64_t fast, slow; /* rows read by the scanner; by jansson */
	uint64_t bad_values; /* values dropped from rows that were kept */
	uint64_t odd_units;  /* times that were not nanoseconds */
	char spot[65];       /* the underlying's newest; "": untold */
	int64_t spot_ts;     /* ms; 0: untold */
	int64_t newest;      /* ms: newest time of any row; 0: none */
	int64_t newest_day;  /* day bars: whole days, while newest is 0 */
	char symbol[SYMBOL_MAX + 1]; /* private from here on */
	char known[SYMBOL_MAX + 8];  /* a ticker that was found to be symbol */
	int64_t base_ts;
	char quote_ts[24], trade_ts[24];
	char expiration[11], strike[16];
	struct buf own;
	struct shape_ahead ahead;
};

/* base_ts, ms: of contracts without a time of their own. */
void massive_rows_init(
    struct massive_rows *r, const char *symbol, int64_t base_ts);
void massive_rows_free(struct massive_rows *r);

/* For split_ahead: reads the row that massive_row is asked about next. */
size_t massive_ahead(struct massive_rows *r, struct span text);

/*
 * One row's text to a contract, whose spans live until the next call and as
 * long as the row.  -1 and *e when it is rejected: a bad id, details that say
 * otherwise, another underlying.
 */
int massive_row(
    struct massive_rows *r, struct span row, struct contract *c, struct err *e);

/*
 * A vendor's time in milliseconds, from a valid number.  Its unit is what its
 * size says: from 2001 to 2286 seconds have 10 digits, and each finer unit
 * three more.  Returns that number of digits; 0: it is no such time.
 */
unsigned massive_time(struct span text, int64_t *ms);

/* Whose row is it?  -1 when it does not say. */
int massive_underlying(struct span row, struct symbol *out);

#endif
