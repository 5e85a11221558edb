/* SPDX-License-Identifier: ISC */
/*
 * action: what the commands share.
 *
 * Layer: knows feed.
 */
#ifndef STANDIN_ACTION_H
#define STANDIN_ACTION_H

#include "feed.h"

/* One command about the server. */
struct call {
	struct feed *feed;
	struct conn *self;
	struct span to, args;
	struct buf *reply;
	int64_t *limit; /* of a wait, ms */
	struct err *e;
};

/* Those about a connection: -1 when text is no argument of theirs.  Those
 * about the server: -1 and *e; 1: ask again. */
#define CONN_ACTION(run, name, args, help)                                     \
	int do_##run(struct conn *c, struct span text);
#define FEED_ACTION(run, name, args, help) int do_##run(struct call *k);
#include "actions.def"
#undef CONN_ACTION
#undef FEED_ACTION

/* -1 and *e (64): what: word. */
int action_bad(struct err *e, const char *what, struct span word);

#endif
