/* SPDX-License-Identifier: ISC */
/*
 * burst: so many events of the market, so fast, in this order; and the count
 * of them.
 *
 * With a rate the events are due by the clock; if the machine is too slow
 * they come late, never fewer.  Without one (rate 0) there are as many as
 * the readers take: nobody has more than ROOM unsent, or half of what resets
 * a slow reader.  What is made depends on the seed and the boards alone (and,
 * for pick=subscribed, on who had subscribed when it began); with start given
 * the times do so too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "burst.h"
#include "clock.h"

#define ROOM ((int64_t)4 * 1024 * 1024)
#define ONE_GO 5000         /* events in one go, so that others get a turn */
#define NOMINAL_RATE 100000 /* of rate 0, for times that start is given for */

/* -------------------------------------------------------------------- start */

/* No events on a channel that nobody wants, if only those are. */
static int
drop_kinds(struct burst *b, struct err *e)
{
	for (int ch = 0; ch < CHANNELS; ch++) {
		if (market_has(b->market, (enum channel)ch))
			continue;
		b->kinds_sum -= b->kinds[ch];
		b->kinds[ch] = 0;
	}
	if (b->kinds_sum > 0)
		return 0;
	err_set(e, EX_USAGE, "BURST", "nobody subscribed to any of it");
	return -1;
}

int
burst_start(struct feed *f, struct span args, struct err *e)
{
	struct burst b = {.seed = 1,
	    .start = -1,
	    .scale = 1,
	    .kinds = {[CH_Q] = 9, [CH_T] = 1},
	    .kinds_sum = 10};

	if (burst_is_running(f))
		return err_set(e, EX_USAGE, "BURST", "one is running");
	if (burst_read(&b, args, e) != 0)
		return -1;
	b.market = market_new(f, &b.from, e);
	if (b.market == NULL)
		return -1;
	if (drop_kinds(&b, e) != 0) {
		market_free(b.market);
		return -1;
	}
	burst_free(f);
	b.random = (uint64_t)b.seed;
	b.held = mem_alloc(((size_t)b.window + 1) * 2 * sizeof(*b.held));
	b.began = clock_mono_ms();
	b.is_running = true;
	b.from.symbol = SPAN_NONE; /* it was the caller's */
	f->burst = mem_alloc(sizeof(b));
	*f->burst = b;
	for (struct conn *c = f->conns; b.frame > 0 && c != NULL; c = c->next)
		c->frame_bytes = (size_t)b.frame;
	return 0;
}

bool
burst_is_running(const struct feed *f)
{
	return f->burst != NULL && f->burst->is_running;
}

void
burst_free(struct feed *f)
{
	if (f->burst == NULL)
		return;
	market_free(f->burst->market);
	free(f->burst->held);
	buf_free(&f->burst->event);
	free(f->burst);
	f->burst = NULL;
}

/* --------------------------------------------------------------------- make */

static void
send_one(struct feed *f, struct burst *b, const struct tick *t)
{
	market_write(f, t, b->scale, &b->event);
	if (!feed_event(f, t->channel, t->number, buf_view(&b->event)))
		return;
	b->sent++;
	b->sent_of[t->channel]++;
	b->sent_from[t->origin]++;
	b->sent_again += t->is_again;
	b->sent_late += t->is_late;
	b->sent_future += t->is_future;
}

static void
send_held(struct feed *f, struct burst *b)
{
	for (size_t i = b->nheld; i > 1; i--) {
		size_t j = market_random(&b->random, (uint32_t)i);
		struct tick t = b->held[i - 1];

		b->held[i - 1] = b->held[j];
		b->held[j] = t;
	}
	for (size_t i = 0; i < b->nheld; i++)
		send_one(f, b, &b->held[i]);
	b->nheld = 0;
}

static enum channel
pick_kind(struct burst *b)
{
	int64_t at = market_random(&b->random, (uint32_t)b->kinds_sum);
	int ch = 0;

	while (at >= b->kinds[ch])
		at -= b->kinds[ch++];
	return (enum channel)ch;
}

static void
make_one(struct feed *f, struct burst *b, int64_t t)
{
	enum channel ch = pick_kind(b);
	int64_t share = market_random(&b->random, 100);
	enum origin origin = share < b->unknown                ? OF_NO_BOARD
			     : share < b->unknown + b->foreign ? OF_NO_ROOT
							       : OF_BOARD;
	bool is_twice = market_random(&b->random, 100) < b->again;
	struct tick *one = &b->held[b->nheld++];

	market_tick(b->market, &b->random, ch, origin, one);
	one->t = t;
	one->is_late = market_random(&b->random, 100) < b->late;
	one->is_future = market_random(&b->random, 100) < b->future;
	one->t += (one->is_future ? b->future_ms : 0) -
		  (one->is_late ? b->late_ms : 0);
	if (is_twice) {
		b->held[b->nheld] = *one;
		b->held[b->nheld++].is_again = true;
	}
	b->made++;
	if (b->nheld > (size_t)b->window)
		send_held(f, b);
}

/* Has everybody room for more? */
static bool
has_room(const struct feed *f)
{
	int64_t room = f->set.buffer / 2;

	if (room == 0 || room > ROOM)
		room = ROOM;
	for (const struct conn *c = f->conns; c != NULL; c = c->next)
		if (c->wsi != NULL && (int64_t)c->queued > room)
			return false;
	return true;
}

/* How many may be made now. */
static int64_t
due(const struct feed *f, const struct burst *b)
{
	int64_t left = b->count - b->made, n;

	if (b->rate > 0)
		n = (clock_mono_ms() - b->began) * b->rate / 1000 - b->made;
	else
		n = has_room(f) ? ONE_GO : 0;
	n = n < left ? n : left;
	return n < ONE_GO ? n : ONE_GO;
}

void
burst_stop(struct feed *f)
{
	struct burst *b = f->burst;

	if (!burst_is_running(f))
		return;
	send_held(f, b);
	b->is_running = false;
	b->ended = clock_mono_ms();
	if (f->events != NULL)
		fflush(f->events);
}

bool
burst_run(struct feed *f)
{
	struct burst *b = f->burst;
	int64_t rate, now = clock_now_ms(), n;

	if (!burst_is_running(f))
		return false;
	rate = b->rate > 0 ? b->rate : NOMINAL_RATE;
	n = due(f, b);
	for (int64_t i = 0; i < n; i++)
		make_one(f, b,
		    b->start < 0 ? now : b->start + b->made * 1000 / rate);
	if (b->made == b->count)
		burst_stop(f);
	return n == ONE_GO && b->is_running;
}

void
burst_report(const struct feed *f, struct buf *out)
{
	const struct burst *b = f->burst;
	const char *comma = "";

	if (b == NULL) {
		buf_str(out, ",\"burst\":null");
		return;
	}
	buf_fmt(out,
	    ",\"burst\":{\"running\":%s,\"made\":%lld,\"sent\":%lld,"
	    "\"elapsed_ms\":%lld,\"kinds\":{",
	    b->is_running ? "true" : "false", (long long)b->made,
	    (long long)b->sent,
	    (long long)((b->is_running ? clock_mono_ms() : b->ended) -
			b->began));
	for (int ch = 0; ch <= CH_AM; ch++, comma = ",")
		buf_fmt(out, "%s\"%s\":%lld", comma, channel_names[ch],
		    (long long)b->sent_of[ch]);
	buf_fmt(out,
	    "},\"unknown\":%lld,\"foreign\":%lld,\"duplicates\":%lld,"
	    "\"late\":%lld,\"future\":%lld}",
	    (long long)b->sent_from[OF_NO_BOARD],
	    (long long)b->sent_from[OF_NO_ROOT], (long long)b->sent_again,
	    (long long)b->sent_late, (long long)b->sent_future);
}
