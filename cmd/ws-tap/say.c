/* SPDX-License-Identifier: ISC */
/*
 * say: see inner.h.
 *
 * The account.  Every event received is, at any moment, written as a line, or
 * waiting in the pool of a slow stdout, or gone for one of the counted
 * reasons.  A heartbeat tells of settled events only, so what waits is not yet
 * received; and it stands in the same buffer as the ticks, so its "written" is
 * the number of tick lines above it.
 */
#include <inttypes.h>

#include "clock.h"
#include "inner.h"

static bool
put(struct tap *t)
{
	bool said = queue_record(&t->queue, buf_view(&t->text), QUEUE_EXTRA);

	if (!said)
		err_warn(NULL, "LOST_RECORD",
		    "stdout is too slow even for what is no tick");
	buf_clear(&t->text);
	return said;
}

bool
say_gap(struct tap *t, int64_t from, int64_t to, const char *why, uint64_t n)
{
	report_gap(
	    &t->text, &t->conf->symbols, clock_now_ms(), from, to, why, n);
	return put(t);
}

void
say_feed(struct tap *t, const struct served *s, const char *state,
    const char *detail)
{
	/* a vendor that echoes the key does not get it told */
	if (secret_is_in(&t->conf->key, span_str(detail)))
		detail = "not told: it holds the key";
	report_feed(&t->text, s, clock_now_ms(), state, detail);
	put(t);
}

static struct counts
settled(const struct tap *t)
{
	const struct intake *in = &t->intake;

	return (struct counts){
	    .received = in->received - queue_ticks(&t->queue),
	    .written = t->queue.written,
	    .conflated = t->queue.conflated,
	    .filtered = in->filtered,
	    .unsupported = in->unsupported,
	    .bad = in->bad,
	    .dropped = t->queue.dropped};
}

void
say_counts(const struct tap *t)
{
	struct counts c = settled(t);

	err_warn(NULL, "COUNTS",
	    "state %s received %" PRIu64 " written %" PRIu64
	    " conflated %" PRIu64 " filtered %" PRIu64 " unsupported %" PRIu64
	    " bad %" PRIu64 " dropped %" PRIu64
	    " waiting %zu slow_events %" PRIu64 " odd_units %" PRIu64
	    " connects %" PRIu64 " losses %" PRIu64,
	    feed_state_name(t->feed.state), c.received, c.written, c.conflated,
	    c.filtered, c.unsupported, c.bad, c.dropped, queue_ticks(&t->queue),
	    t->intake.frame.slow, t->intake.frame.odd_units, t->feed.connects,
	    t->feed.losses);
}

/* What has gathered since the last heartbeat, then that. */
void
say_beat(struct tap *t)
{
	struct queue *q = &t->queue;
	struct counts c;

	if (t->is_back)
		say_back(t);
	if (q->dropped > q->dropped_told)
		say_gap(t, q->dropped_from, q->dropped_to, "overflow",
		    q->dropped - q->dropped_told);
	q->dropped_told = q->dropped;
	if (t->intake.broken > t->broken_told)
		say_gap(t, t->broken_from, t->broken_to, "bad_frame",
		    t->intake.broken - t->broken_told);
	t->broken_told = t->intake.broken;
	if (q->conflated + q->dropped > t->conflated_told && !t->is_slow)
		err_warn(NULL, "SLOW",
		    "stdout is too slow: of each contract only the newest "
		    "ticks are kept");
	t->is_slow =
	    q->conflated + q->dropped > t->conflated_told || queue_ticks(q) > 0;
	t->conflated_told = q->conflated + q->dropped;
	c = settled(t);
	report_heartbeat(&t->text, &t->conf->symbols, clock_now_ms(),
	    feed_state_name(t->feed.state), t->intake.last_ts, &c);
	put(t);
}

void
say_back(struct tap *t)
{
	int64_t now = clock_now_ms();

	t->is_back = false;
	if (t->lost_reason == NULL)
		return;
	t->is_back = !say_gap(t, t->lost_from, now, t->lost_reason,
	    strcmp(t->lost_reason, "bad_frame") == 0);
	if (t->is_back)
		return; /* with the next heartbeat, which waits for room */
	err_warn(NULL, "BACK", "subscribed again after %" PRId64 " ms",
	    now - t->lost_from);
	t->lost_reason = NULL;
}
