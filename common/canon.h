/* SPDX-License-Identifier: ISC */
/*
 * canon: the fastest path for contract lines: those that are, byte for byte,
 * what line_write could have written.
 *
 * One pass in the record's own order, no table, no copy.  What it does not
 * know (an exponent, a -0.0, a blank, a key out of order) is "not mine", not
 * an error: the caller goes on to line_read, with which it agrees on
 * everything it accepts (tests/unit and tests/fuzz hold the two together).
 *
 * Layer: knows buf, contract, geom, symbol.
 */
#ifndef EPOCH_CANON_H
#define EPOCH_CANON_H

#include <stdbool.h>

#include "contract.h"

/* true: a valid contract, its spans point into line.  false: not mine, *c is
 * undefined. */
bool canon_read(struct span line, struct contract *c);

#endif
