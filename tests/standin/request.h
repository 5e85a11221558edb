/* SPDX-License-Identifier: ISC */
/*
 * request: what was asked, out of libwebsockets' hands.
 *
 * Layer: knows common, libwebsockets.
 */
#ifndef STANDIN_REQUEST_H
#define STANDIN_REQUEST_H

#include <libwebsockets.h>

#include "buf.h"
#include "words.h"

struct request {
	int64_t number; /* 1, 2, … since the start */
	int64_t at;     /* monotonic ms: when it came */
	const char *method;
	struct buf path;      /* decoded */
	struct words args;    /* name, value, … decoded; without apiKey */
	struct words headers; /* their names, as far as the library tells */
	struct words key_in;  /* where the server's key was seen */
	struct buf host;
	struct buf key;  /* the one that counts: the header's before the
			    argument's; empty: none */
	bool is_bearer;  /* there was an Authorization: Bearer header */
	bool is_query;   /* there was an apiKey argument */
	bool takes_gzip; /* Accept-Encoding names it */
	bool is_http10;
};

/* key: the server's, to look for everywhere; NULL: none. */
void request_read(
    struct request *r, struct lws *wsi, const char *path, const char *key);
void request_free(struct request *r);

/* "bearer", "query", "both" or "none". */
const char *request_auth(const struct request *r);

#endif
