/* SPDX-License-Identifier: ISC */
/*
 * ranges: how a board is cut into ranges of expirations that can be walked
 * side by side.  Pure: days are counted from the New York date of a moment.
 */
#ifndef CHAIN_FETCH_RANGES_H
#define CHAIN_FETCH_RANGES_H

#include "board.h"
#include "filter.h"

/* From a day on, up to and without another. */
struct range {
	int from, to; /* RANGE_OPEN: no bound */
};

#define RANGE_OPEN INT32_MIN
#define RANGES_MAX 64

/* What a filter (see filter_at) leaves of all days. */
struct range range_of(const struct filter *at, int64_t now_ms);

/*
 * The parts of a range that is more than a page, for so many walks side by
 * side, those that should take longest first.  Together they are the range.
 * Returns their number, at most RANGES_MAX.
 */
size_t range_plan(
    struct range whole, int64_t walks, int64_t now_ms, struct range *out);

/*
 * The two halves of a range that turned out to be long, given the contracts
 * seen so far, the walk's newest last.  false: it cannot be cut, or the walk is
 * behind the middle, and both halves again would take longer than its rest.
 */
bool range_halve(struct range r, const struct board *seen, int64_t now_ms,
    struct range half[2]);

/* Append the range and the filter's strikes as arguments of a query. */
void range_query(
    struct buf *url, struct range r, const struct filter *at, int64_t now_ms);

#endif
