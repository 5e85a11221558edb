/* SPDX-License-Identifier: ISC */
/*
 * saved: what was fetched before: bodies of either vendor as they were saved,
 * one behind the other, or an archive of chain_page records.  The first bytes
 * say which.
 */
#ifndef CHAIN_FETCH_SAVED_H
#define CHAIN_FETCH_SAVED_H

#include "documents.h"

/*
 * Read the input to its end and answer every wanted symbol.  A conf without
 * source or reason takes the input's, else cboe or massive, and scheduled.
 * Returns the exit status.
 */
int saved_read(struct in *in, const struct chain_conf *conf,
    struct wanted *wanted, size_t n);

/* The archive's half of it. */
int archive_read(struct in *in, const struct chain_conf *conf,
    struct wanted *wanted, size_t n);

/* Why the input is over: told to stop, or cut.  *e as in_chunk left it when
 * more is -1. */
void saved_over(int more, struct err *e);

#endif
