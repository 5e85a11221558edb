/* SPDX-License-Identifier: ISC */
/*
 * asked: who asked for a snapshot, and why.  A symbol has one request at most
 * that is not yet begun; others are merged into it.
 */
#ifndef CHAIN_FETCH_ASKED_H
#define CHAIN_FETCH_ASKED_H

#include "err.h"
#include "key.h"
#include "symbol.h"

#define ASKED_MAX 1000 /* symbols */

struct request {
	struct symbol symbol;
	uint64_t turn; /* who asked first is served first; 0: nobody asks */
	const char *reason;           /* see chain_reason_named */
	char for_epoch[EPOCH_ID_MAX]; /* "": none */
	int status;                   /* of its last answer */
};

/* {0} is a valid one. */
struct asked {
	struct request *all;
	size_t n;
	uint64_t turns, merged;
};

void asked_free(struct asked *a);

/*
 * Of two requests for one symbol the later dormant one says why, else the
 * first that is not scheduled.  -1 and *e (65) for one symbol too many.
 */
int asked_add(struct asked *a, const struct symbol *symbol, const char *reason,
    const char *for_epoch, struct err *e);

/* The one to be served next; NULL when nothing is asked for. */
struct request *asked_next(const struct asked *a);

/* NULL when it never was asked for. */
struct request *asked_find(const struct asked *a, const char *symbol);

#endif
