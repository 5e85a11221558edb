/* SPDX-License-Identifier: ISC */
/*
 * documents: bodies of CBOE to snapshots: saved ones, one or several behind
 * each other, or a live one as its bytes arrive.
 */
#ifndef CHAIN_FETCH_DOCUMENTS_H
#define CHAIN_FETCH_DOCUMENTS_H

#include "wanted.h"

/*
 * name: of the input, for messages.  live: it is one document that may yet
 * turn out to be cut, so nothing at all is written before documents_end.
 */
struct documents *documents_new(const struct chain_conf *conf, const char *name,
    struct wanted *wanted, size_t n, bool live);
void documents_free(struct documents **d);

/* -1 when no more is to be read: it is broken, *e says why. */
int documents_feed(struct documents *d, struct span piece, struct err *e);

/* Is the input complete as it stands? */
bool documents_whole(const struct documents *d);

/*
 * Nothing more comes: answer every wanted symbol.  why: the reason if the
 * input did not end in order, else NULL.  Returns the exit status.
 */
int documents_end(struct documents *d, const struct err *why);

#endif
