/* SPDX-License-Identifier: ISC */
/*
 * diff: what entered and left between two boards, by expiration, as text.
 * Pure.  One form for everybody who shows it:
 *
 *	expiration 2026-08-21: 2 entered, 1 left
 *	+ O:SPX260821C07000000
 *	+ O:SPX260821P07000000
 *	- O:SPX260821C04000000
 *	total: 2 entered, 1 left
 *
 * Expirations ascend; within one, first what entered, each part by id.  Two
 * equal boards give only the total.
 *
 * Layer: knows buf, geom.
 */
#ifndef EPOCH_DIFF_H
#define EPOCH_DIFF_H

#include "buf.h"

struct diff_count {
	size_t entered, left;
};

/* a and b are sorted bytewise and distinct; entered = in b and not in a. */
struct diff_count diff_boards(struct buf *out, const struct span *a, size_t na,
    const struct span *b, size_t nb);

#endif
