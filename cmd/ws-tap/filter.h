/* SPDX-License-Identifier: ISC */
/*
 * filter: whose ticks pass.  Those of every root that a served board has, so
 * that a contract too new for the board is seen, and those of contracts that
 * were named.  Pure.
 */
#ifndef WS_TAP_FILTER_H
#define WS_TAP_FILTER_H

#include "geom.h"

#define ROOT_TEXT 13 /* 12 and a NUL */

/* {0} is a valid one, through which nothing passes. */
struct filter {
	char (*roots)[ROOT_TEXT]; /* sorted, distinct; owned */
	size_t nroots;
	const char *const *ids; /* sorted; borrowed */
	size_t nids;
	bool is_open;    /* all pass */
	struct span hit; /* the root that passed last */
};

void filter_free(struct filter *f);

/* Add the roots of these ids. */
void filter_add_roots(struct filter *f, const struct span *ids, size_t n);

bool filter_passes(
    struct filter *f, struct span id, const struct geom_id *parts);

#endif
