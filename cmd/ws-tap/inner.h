/* SPDX-License-Identifier: ISC */
/*
 * inner: what the parts of the live tool share: tap.c turns the loop, hear.c
 * takes what the socket brings, obey.c does what the feed wants done, say.c
 * writes what is no tick.
 */
#ifndef WS_TAP_INNER_H
#define WS_TAP_INNER_H

#include "boards.h"
#include "intake.h"
#include "queue.h"
#include "socket.h"
#include "tap.h"

struct tap {
	struct tap_conf *conf;
	struct socket *socket;
	struct boards *boards; /* NULL: no symbols */
	struct feed feed;
	struct queue queue;
	struct intake intake;
	struct buf text;
	bool *is_known;          /* by symbol: it has a board */
	int64_t beat;            /* when the next one is due, monotonic */
	int64_t heard_ts;        /* anything at all, wall clock */
	int64_t lost_from;       /* the gap that is open */
	const char *lost_reason; /* of it */
	bool is_back;            /* it is over, but there was no room to say */
	int64_t broken_from, broken_to;
	uint64_t broken_told;
	uint64_t conflated_told;
	bool is_slow;
	int rc;
	bool is_gone; /* nobody reads stdout any more */
	bool is_over;
};

/* ------------------------------------------------------------------- say.c */

/* False: there is no room. */
bool say_gap(
    struct tap *t, int64_t from, int64_t to, const char *why, uint64_t n);
void say_feed(struct tap *t, const struct served *s, const char *state,
    const char *detail);

/* The gap since the last loss, which ends now. */
void say_back(struct tap *t);

/* A heartbeat, and before it what has gathered since the last one. */
void say_beat(struct tap *t);

/* Counters, on stderr. */
void say_counts(const struct tap *t);

/* ------------------------------------------------------------------ hear.c */

/* What the socket calls, with t as its context. */
void hear_opened(void *t);
void hear_message(void *t, struct span text);
void hear_pong(void *t);
void hear_lost(void *t, enum socket_loss loss, const char *how);

/* What the intake calls. */
void hear_tick(void *t, const struct tick *tick);
void hear_status(void *t, struct span status, struct span message);

/* A loss is known: does a gap begin? */
void hear_loss(struct tap *t, const char *reason);

/* ------------------------------------------------------------------ obey.c */

/* Do all that the feed wants done now. */
void obey(struct tap *t);

#endif
