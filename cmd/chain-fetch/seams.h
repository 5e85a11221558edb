/* SPDX-License-Identifier: ISC */
/*
 * seams: do plain saved pages, one behind the other, leave a page out?
 *
 * A page does not say what led to it.  But a cursor of the vendor's own shape
 * tells the last ticker of its page, and a board lists each strike as a call
 * and a put.  A page that is missing takes a run of tickers with it, behind
 * some page's last one, or before the first.  In the order of tickers an
 * expiration of a root is all its calls, then all its puts, each by strike: a
 * run that is not whole expirations leaves calls without their puts, or puts
 * without their calls.  So a contract whose counterpart would be in such a
 * seam, and is not there, shows the hole.
 *
 * What it cannot see: a hole that begins and ends between two expirations, or
 * is at a cursor of another shape, of which the caller is told.
 */
#ifndef CHAIN_FETCH_SEAMS_H
#define CHAIN_FETCH_SEAMS_H

#include "board.h"

struct seams {
	struct buf lasts; /* tickers, each with a NUL */
	size_t pages;     /* that lead to another */
	size_t opaque; /* … by a cursor that does not tell the last ticker */
};

void seams_clear(struct seams *s);
void seams_free(struct seams *s);

/* Behind a page that leads to another. */
void seams_add(struct seams *s, const char *next_url);

/*
 * 0, or -1 and *e (65) when a page is missing from a sealed board.  Rows that
 * were rejected may be counterparts.  *unseen is the number of seams at which
 * that could not be told.
 */
int seams_check(const struct seams *s, const struct board *board,
    uint64_t rejected, size_t *unseen, struct err *e);

#endif
