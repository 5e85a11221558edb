/* SPDX-License-Identifier: ISC */
/* capture_read: what the stretches of captures say: whole snapshots, and ticks
 * one after the other. */
#ifndef REPLAY_CAPTURE_READ_H
#define REPLAY_CAPTURE_READ_H

#include "capture.h"
#include "decoder.h"
#include "line.h"
#include "snapshot.h"
#include "tick.h"

/* A snapshot, as chain-fetch and geom-hash have it.  -1 and *e: there is none;
 * *s is free.  The caller frees it. */
int shot_read(const struct captures *c, const struct shot *shot,
    struct snapshot *s, struct err *e);

/* Ticks of one tap. */
struct flow {
	const struct tap *tap;
	bool started, ended;
	bool full;        /* there is one in hand: */
	struct tick tick; /* borrowed until the next */
	int64_t ts;       /* its time of receipt, which never goes back */

	struct decoder decoder; /* private from here on */
	struct buf own;
};

/* What a flow passes by. */
struct passed {
	void (*gap)(void *ctx, const struct rec *r);
	void *ctx;
};

/* Have a tick in hand: 1, 0 there is none any more (up to the limit), -1 and
 * *e. */
int flow_fill(const struct captures *c, struct flow *f,
    const struct passed *passed, struct err *e);
void flow_free(struct flow *f);

#endif
