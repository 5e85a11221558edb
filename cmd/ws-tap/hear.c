/* SPDX-License-Identifier: ISC */
/* hear: see inner.h. */
#include "clock.h"
#include "inner.h"

void
hear_opened(void *ctx)
{
	struct tap *t = ctx;

	feed_opened(&t->feed, clock_mono_ms());
}

void
hear_pong(void *ctx)
{
	struct tap *t = ctx;

	t->heard_ts = clock_now_ms();
	feed_heard(&t->feed, true, clock_mono_ms());
}

void
hear_status(void *ctx, struct span status, struct span message)
{
	struct tap *t = ctx;

	feed_status(&t->feed, status, message, clock_mono_ms());
}

void
hear_tick(void *ctx, const struct tick *tick)
{
	struct tap *t = ctx;

	queue_tick(&t->queue, tick);
}

static void
note_broken(struct tap *t, int64_t ts)
{
	if (t->intake.broken == t->broken_told + 1)
		t->broken_from = ts;
	t->broken_to = ts;
}

void
hear_message(void *ctx, struct span text)
{
	struct tap *t = ctx;
	uint64_t n;
	int64_t newest;

	t->heard_ts = clock_now_ms();
	feed_heard(&t->feed, false, clock_mono_ms());
	if (!t->conf->is_raw) {
		if (!intake_message(&t->intake, text, t->heard_ts))
			note_broken(t, t->heard_ts);
		return;
	}
	n = intake_count(&t->intake, text, &newest);
	t->intake.received += n;
	if (n > 0)
		t->intake.last_ts = t->heard_ts;
	if (secret_is_in(&t->conf->key, text))
		text = SPAN_LIT("[]"); /* a vendor that echoes the key */
	report_frame(&t->text, t->heard_ts, t->feed.connects, text);
	queue_events(&t->queue, buf_view(&t->text), n, t->heard_ts);
	buf_clear(&t->text);
}

void
hear_loss(struct tap *t, const char *reason)
{
	if (!t->feed.is_gap)
		return;
	t->is_back = false; /* one that was not told of goes on */
	if (t->lost_reason == NULL) {
		t->lost_reason = reason;
		t->lost_from = t->heard_ts;
	}
}

void
hear_lost(void *ctx, enum socket_loss loss, const char *how)
{
	struct tap *t = ctx;
	struct err e;

	if (loss == SOCKET_NO_TLS && t->heard_ts == 0) {
		/* nobody's passing trouble: it never worked */
		err_set(&e, EX_UNAVAILABLE, "TLS", "%.300s", how);
		t->rc = err_worse(t->rc, err_report(NULL, &e));
		t->is_over = true;
	}
	if (loss == SOCKET_TOO_LONG) {
		t->intake.received++;
		t->intake.bad++;
	}
	feed_lost(&t->feed, how, clock_mono_ms());
	hear_loss(t, loss == SOCKET_TOO_LONG ? "bad_frame" : "disconnect");
}
