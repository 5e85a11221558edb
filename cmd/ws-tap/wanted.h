/* SPDX-License-Identifier: ISC */
/*
 * wanted: the pairs that follow from what is served: trades and aggregates of
 * all contracts where a board is known, quotes of the contracts that were
 * named and, up to a number, of those that were chosen.  Pure.
 */
#ifndef WS_TAP_WANTED_H
#define WS_TAP_WANTED_H

#include "boards.h"
#include "pairs.h"
#include "tap.h"

/* Sorted and distinct; allocated, free it.  news may be NULL. */
struct pair *wanted_pairs(
    const struct tap_conf *conf, const struct boards_news *news, size_t *n);

#endif
