/* SPDX-License-Identifier: ISC */
/*
 * row: one row of CBOE's document -> one row of Massive's chain.  Pure.
 *
 * Numbers keep the document's digits; what it lacks (null, absent) is left
 * out, as the vendor does.  Computed, because the document has no such thing:
 * midpoint, break_even_price, change_to_break_even.  Made up: shares 100,
 * exchange 302, the trade's size 1 and condition, day.vwap (the last price),
 * and the last six digits of every time, which the document does not know:
 * they make it a nanosecond stamp that no double can hold.
 *
 * Layer: knows common.
 */
#ifndef STANDIN_ROW_H
#define STANDIN_ROW_H

#include "cboe.h"
#include "geom.h"

#define ROW_TIME 32 /* room for a time's digits */

struct row_maker {
	char underlying[SYMBOL_MAX + 3]; /* as the vendor spells it */
	bool is_index;
	char spot[65];
	char spot_time[ROW_TIME], day_time[ROW_TIME]; /* ns, or "" */
	int64_t quote_ms;
	uint32_t made; /* rows so far; moves the nanoseconds */
	struct buf own;
};

void row_maker_init(struct row_maker *m, const struct cboe_header *h);
void row_maker_free(struct row_maker *m);

/*
 * Append the row's JSON to out, its ticker's text to ticker, its parts to id,
 * borrowed from ticker.  -1 and *e (65): the row has no valid id.
 */
int row_make(struct row_maker *m, struct span row, struct buf *out,
    char ticker[40], struct geom_id *id, struct err *e);

#endif
