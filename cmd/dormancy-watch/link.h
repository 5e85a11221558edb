/* SPDX-License-Identifier: ISC */
/*
 * link: a Redis that may be away for a while.  Each call waits as long as one
 * answer may take, and after a failure there is none before a pause, which
 * doubles: so a dead server costs the stream little.  Losing it and having it
 * back is said once each.
 */
#ifndef DORMANCY_LINK_H
#define DORMANCY_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "act.h"
#include "db.h"
#include "key.h"

struct link {
	struct keys keys;
	struct db *db;
	struct act act;
	bool may_wait; /* its absence is survived, not an error */
	bool away;
	int64_t retry_at; /* monotonic ms */
	int64_t pause;
	uint64_t losses;
};

/* -1 and *e: that is an error at the start, whatever may_wait says. */
int link_open(
    struct link *l, const char *url, int64_t timeout_ms, struct err *e);
void link_close(struct link *l);

/* May it be called now?  1; 0 it is away; -1 and *e, it must not be away. */
int link_ready(struct link *l, struct err *e);

/* A call failed with *e: 0 it is away now, -1 that is the end. */
int link_failed(struct link *l, const struct err *e);

/* A call came through. */
void link_works(struct link *l);

#endif
