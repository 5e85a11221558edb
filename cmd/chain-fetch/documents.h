/* SPDX-License-Identifier: ISC */
/*
 * documents: saved bodies of CBOE, one or several behind each other, to
 * snapshots.
 */
#ifndef CHAIN_FETCH_DOCUMENTS_H
#define CHAIN_FETCH_DOCUMENTS_H

#include "chain.h"
#include "stream.h"
#include "symbol.h"

/* A symbol that was asked for. */
struct wanted {
	struct symbol symbol;
	bool answered; /* by a snapshot or an abort */
};

/*
 * Read the input to its end and answer every wanted symbol.  Returns the
 * exit status.
 */
int documents_read(struct in *in, const struct chain_conf *conf,
    struct wanted *wanted, size_t n);

/* Answer what is not answered yet: *e is why.  Returns rc or worse. */
int documents_abort(const struct chain_conf *conf, struct wanted *wanted,
    size_t n, const struct err *e, int rc);

#endif
