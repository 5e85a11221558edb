/* SPDX-License-Identifier: ISC */
/*
 * url: where the feed is: wss://host[:port][/path]; ws:// of literal loopback
 * addresses only, for a name means what a resolver says.
 */
#ifndef WS_TAP_URL_H
#define WS_TAP_URL_H

#include <stdbool.h>

#include "err.h"

struct url {
	char host[256], path[512];
	char authority[264]; /* for the Host header */
	int port;
	bool is_tls;
};

/* -1 and *e (78). */
int url_read(struct url *u, const char *url, struct err *e);

#endif
