/* SPDX-License-Identifier: ISC */
/*
 * symbol: one name for an underlying, whatever a vendor or a user writes.
 *
 * SPX, I:SPX, _SPX and ^SPX all mean SPX; a class share's / becomes a dot.
 * A small table of indices gives each vendor's spelling; "I:" forces an
 * index, --equity the opposite.
 *
 * Layer: knows buf, err.
 */
#ifndef EPOCH_SYMBOL_H
#define EPOCH_SYMBOL_H

#include <stdbool.h>

#include "buf.h"

#define SYMBOL_MAX 16 /* [A-Z0-9][A-Z0-9.-]{0,15} */

struct symbol {
	char name[SYMBOL_MAX + 1]; /* canonical */
	bool is_index;
};

/* From an operand or a vendor's text; -1 when it is no symbol. */
int symbol_parse(struct span text, bool equity, struct symbol *out);

/* Is it already canonical (as in our records and key names)? */
bool symbol_valid(struct span text);

/* "_SPX" for an index, "SPY" else; out holds SYMBOL_MAX + 2. */
void symbol_cboe(const struct symbol *s, char *out);

/* "I:SPX" for an index, "SPY" else; out holds SYMBOL_MAX + 3. */
void symbol_massive(const struct symbol *s, char *out);

#endif
