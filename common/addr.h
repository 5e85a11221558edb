/* SPDX-License-Identifier: ISC */
/*
 * addr: where a Redis is, from the URL that a user writes.  Pure.
 *
 * Layer: knows err, buf.  Of the rest only db uses it.
 */
#ifndef EPOCH_ADDR_H
#define EPOCH_ADDR_H

#include "err.h"

struct addr {
	char host[256]; /* "" for a unix socket */
	int port;
	char path[108]; /* of a unix socket, else "" */
	int db;
	char user[128]; /* "" for the default user */
	char pass[512]; /* "" for none */
	char name[384]; /* for messages: without user and password */
};

/*
 * redis://[[user]:pass@]host[:port][/db], unix://[[user]:pass@]/path[?db=N],
 * unix:/path, or a path that begins with / or ./  Parts may be %-encoded.
 * -1 and *e (78), whose text never repeats the URL.
 */
int addr_parse(struct addr *a, const char *url, struct err *e);

#endif
