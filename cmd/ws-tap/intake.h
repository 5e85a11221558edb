/* SPDX-License-Identifier: ISC */
/*
 * intake: from the messages of the feed, live or recorded, to ticks, with an
 * account of every event: received = passed on + filtered + unsupported +
 * bad.  A message that cannot be read is one bad event, and what is told of
 * it as a gap.  Statuses are no events.
 */
#ifndef WS_TAP_INTAKE_H
#define WS_TAP_INTAKE_H

#include "filter.h"
#include "massive_frame.h"

struct intake {
	uint64_t received, filtered, unsupported, bad;
	uint64_t broken; /* messages; they are in bad, too */
	int64_t last_ts; /* receipt of the last event, ms; 0: none */
	struct massive_frame frame;
	struct filter filter;
	void (*on_tick)(void *ctx, const struct tick *t);
	void (*on_status)(
	    void *ctx, struct span status, struct span message); /* or NULL */
	void *ctx;
};

void intake_free(struct intake *in);

/* False: it was broken somewhere. */
bool intake_message(struct intake *in, struct span message, int64_t recv_ts);

/* How many events it has, the rest of a broken one as one; and the time of
 * the newest, 0 when none has one.  Statuses are told. */
uint64_t intake_count(struct intake *in, struct span message, int64_t *newest);

#endif
