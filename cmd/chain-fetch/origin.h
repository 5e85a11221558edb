/* SPDX-License-Identifier: ISC */
/*
 * origin: scheme, host and port of the base URL, and whether a URL that a
 * vendor hands out stays there.  By libcurl's own reading of URLs, so that
 * what is checked is what is requested.
 */
#ifndef CHAIN_FETCH_ORIGIN_H
#define CHAIN_FETCH_ORIGIN_H

#include "buf.h"
#include "err.h"

struct origin {
	char *scheme, *host, *port; /* libcurl's memory */
};

/* -1 and *e (78) unless base is https, or http to a loopback address. */
int origin_read(struct origin *o, const char *base, struct err *e);
void origin_free(struct origin *o);

/* See http_resolve. */
int origin_resolve(const struct origin *o, const char *url, const char *next,
    struct buf *out, struct err *e);

#endif
