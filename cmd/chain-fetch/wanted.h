/* SPDX-License-Identifier: ISC */
/* wanted: the symbols that were asked for; every one is answered. */
#ifndef CHAIN_FETCH_WANTED_H
#define CHAIN_FETCH_WANTED_H

#include "chain.h"
#include "symbol.h"

struct wanted {
	struct symbol symbol;
	bool answered; /* by a snapshot or an abort */
};

/* NULL when it was not asked for. */
struct wanted *wanted_find(struct wanted *wanted, size_t n, const char *name);

/* Answer what is not answered yet: *e is why.  Returns rc or worse. */
int wanted_abort(struct wanted *wanted, size_t n, const struct chain_conf *conf,
    const struct err *e, int rc);

#endif
