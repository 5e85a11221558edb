/* SPDX-License-Identifier: ISC */
/*
 * price: dollars as integers, so that sums of prices are exact.
 *
 * A price is counted in 10^-12 $; a sum of prices, or the middle of two, in
 * halves of that.  Quotes have 2 decimals, rarely 4; what has more than 12,
 * as a double written out, is rounded to 12, half away from zero.  Prices
 * below 10^6 $ are represented, so that four of them in halves do not
 * overflow.
 *
 * Layer: knows buf.
 */
#ifndef EPOCH_PRICE_H
#define EPOCH_PRICE_H

#include "buf.h"

#define PRICE_PLACES 12
#define PRICE_MAX INT64_C(1000000000000000000) /* not reached: 10^6 $ */
#define PRICE_MILLI INT64_C(1000000000)        /* a thousandth of a dollar */

/* A number in JSON's grammar, not negative; -1 when it is none, or as large
 * as PRICE_MAX. */
int price_parse(struct span text, int64_t *price);

/* A number of halves, as a decimal without trailing zeros. */
void price_add_halves(struct buf *b, int64_t halves);

#endif
