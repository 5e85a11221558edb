/* SPDX-License-Identifier: ISC */
/*
 * settle: when an option settles.  Pure.
 *
 * By its root: options on SPX settle on the opening of the exchange, those on
 * SPXW on its close, and both may expire on one Friday; so never by the date
 * alone.  A root that is not in the table settles on the close; for an index
 * that is an assumption, and said.  Days that close early are a table, too.
 *
 * Layer: knows buf, clock, geom, symbol.
 */
#ifndef EPOCH_SETTLE_H
#define EPOCH_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "geom.h"

enum settle_root {
	SETTLE_KNOWN,   /* the root is in the table, or an equity's own */
	SETTLE_ASSUMED, /* an index option of a root that nobody told us of */
	SETTLE_ADJUSTED /* a root that ends in a digit: an adjusted contract */
};

/* ms since 1970; the time of day is New York's. */
int64_t settle_instant(const struct geom_id *id);

/* What is known of the root, on a board of that symbol. */
enum settle_root settle_root(const struct geom_id *id, const char *symbol);

#endif
