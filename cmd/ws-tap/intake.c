/* SPDX-License-Identifier: ISC */
/* intake: see intake.h. */
#include <inttypes.h>

#include "err.h"
#include "intake.h"

#define WARNINGS 10 /* bad events told of, before they are only counted */

void
intake_free(struct intake *in)
{
	massive_frame_free(&in->frame);
	filter_free(&in->filter);
}

static void
tell_bad(struct intake *in, struct span why)
{
	if (in->bad++ < WARNINGS)
		err_warn(NULL, "BAD_EVENT", "%.*s", (int)why.n, why.p);
	else if (in->bad == WARNINGS + 1)
		err_warn(
		    NULL, "BAD_EVENT", "further bad events are counted only");
}

bool
intake_message(struct intake *in, struct span message, int64_t recv_ts)
{
	struct massive_event ev;
	enum massive_what what;
	bool is_whole = true;

	massive_frame_begin(&in->frame, message, recv_ts);
	while ((what = massive_frame_next(&in->frame, &ev)) != MASSIVE_END) {
		if (what == MASSIVE_STATUS) {
			if (in->on_status != NULL)
				in->on_status(in->ctx, ev.status, ev.message);
			continue;
		}
		in->received++;
		in->last_ts = recv_ts;
		if (what == MASSIVE_UNSUPPORTED)
			in->unsupported++;
		else if (what != MASSIVE_TICK)
			tell_bad(in, ev.why);
		else if (!filter_passes(&in->filter, ev.tick.id, &ev.id))
			in->filtered++;
		else
			in->on_tick(in->ctx, &ev.tick);
		is_whole = is_whole && what != MASSIVE_BROKEN;
	}
	in->broken += !is_whole;
	return is_whole;
}

uint64_t
intake_count(struct intake *in, struct span message, int64_t *newest)
{
	struct massive_event ev;
	const struct massive_frame before = in->frame;
	enum massive_what what;
	uint64_t n = 0;

	*newest = 0;
	massive_frame_begin(&in->frame, message, 0);
	while ((what = massive_frame_next(&in->frame, &ev)) != MASSIVE_END) {
		if (what != MASSIVE_STATUS)
			n++;
		else if (in->on_status != NULL)
			in->on_status(in->ctx, ev.status, ev.message);
		if (what == MASSIVE_TICK && ev.tick.ts > *newest)
			*newest = ev.tick.ts;
	}
	/* a look, no reading: whoever reads it counts */
	in->frame.fast = before.fast;
	in->frame.slow = before.slow;
	in->frame.odd_units = before.odd_units;
	return n;
}
