/* SPDX-License-Identifier: ISC */
/*
 * ids: tickers as small numbers, so that a subscription is a byte in an
 * array.
 *
 * Layer: knows buf.
 */
#ifndef STANDIN_IDS_H
#define STANDIN_IDS_H

#include "buf.h"

struct ids {
	char **names; /* by number */
	size_t n, cap;
	uint32_t *slots; /* number + 1; 0: free */
	size_t nslots;   /* a power of two */
};

/* The number of that name, a new one when it has none. */
size_t ids_number(struct ids *t, struct span name);
void ids_free(struct ids *t);

#endif
