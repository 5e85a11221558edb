/* SPDX-License-Identifier: ISC */
/*
 * http: the protocol callback: takes requests, waits where a fault says so,
 * and writes answers as the socket takes them.
 *
 * Answers are bytes made elsewhere (delivery.c), heads included: only so can
 * they be as wrong as a fault wants them.  All waiting is a timer of the event
 * loop, so a slow connection slows no other.
 *
 * While it is busy with an answer the library does not read, so that it does
 * not see a client leave either (and its poll returns at once, over and
 * over): who waits looks every few milliseconds whether the client is there.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "standin.h"

#define SLICE ((size_t)131072)
#define LOOK_MS 10 /* how often to look for the client */

/* A connection, and the request that it is busy with. */
struct session {
	bool is_busy;
	bool is_logged;
	bool is_stalled;
	int64_t wait_ms; /* before the first byte, or the next drop */
	struct request request;
	struct answer answer;
	struct delivery wire;
	size_t sent;    /* of head, body and filler */
	size_t allowed; /* of the body, when it drips */
};

static struct standin *
standin_of(struct lws *wsi)
{
	return lws_vhost_user(lws_get_vhost(wsi));
}

static void
log_once(struct lws *wsi, struct session *c, size_t bytes, const char *end)
{
	if (!c->is_logged)
		log_request(
		    standin_of(wsi), &c->request, &c->answer, bytes, end);
	c->is_logged = true;
}

static void
forget(struct session *c)
{
	request_free(&c->request);
	delivery_free(&c->wire);
	answer_free(&c->answer);
	*c = (struct session){0};
}

/* Be woken when ms are over, or to look for the client before that. */
static void
wait_or_write(struct lws *wsi, struct session *c, int64_t ms)
{
	c->wait_ms = ms;
	if (ms > 0 || c->is_stalled)
		lws_set_timer_usecs(wsi,
		    (ms > 0 && ms < LOOK_MS ? ms : LOOK_MS) * LWS_US_PER_MS);
	else
		lws_callback_on_writable(wsi);
}

static int
take_request(struct lws *wsi, struct slot *slot, const char *path)
{
	struct standin *s = standin_of(wsi);
	struct session *c = slot->session;

	if (c == NULL)
		c = slot->session = mem_zalloc(sizeof(*c));
	forget(c);
	c->is_busy = true;
	c->request.number = ++s->requests;
	c->request.at = clock_mono_ms();
	request_read(&c->request, wsi, path, s->key);
	answer_make(s, &c->request, &c->answer);
	delivery_make(&c->request, &c->answer, &c->wire);
	lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
	wait_or_write(wsi, c, c->wire.latency_ms);
	return 0;
}

/* All is sent and has left the library. */
static int
finish(struct lws *wsi, struct session *c)
{
	static const char *const ends[] = {"keep", "close", "reset", "stall"};
	enum delivery_end end = c->wire.end;

	log_once(wsi, c, c->sent, ends[end]);
	if (end == END_STALL) {
		c->is_stalled = true; /* until the client gives up */
		wait_or_write(wsi, c, 0);
		return 0;
	}
	if (end == END_RST) {
		wire_reset(wsi);
		return -1;
	}
	forget(c);
	if (end == END_CLOSE)
		return -1;
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* The next bytes to send, at most SLICE; empty: none now. */
static struct span
next_slice(const struct session *c)
{
	const struct delivery *w = &c->wire;
	struct span part = buf_view(&w->head), filler;
	size_t at = c->sent, limit;

	if (at < part.n)
		return (struct span){part.p + at, part.n - at};
	at -= part.n;
	part = (struct span){w->body.p, w->send};
	if (at >= part.n && w->is_endless) {
		filler = delivery_filler();
		at = (at - part.n) % filler.n;
		part = filler;
	}
	limit = part.n - at < SLICE ? part.n - at : SLICE;
	if (w->drip > 0 && limit > c->allowed)
		limit = c->allowed;
	return (struct span){part.p + at, limit};
}

static int
write_slice(struct lws *wsi, struct session *c)
{
	static unsigned char room[LWS_PRE + SLICE];
	const struct delivery *w = &c->wire;
	struct span slice = next_slice(c);
	size_t n = slice.n < SLICE ? slice.n : SLICE;
	bool is_body = c->sent >= w->head.n;
	bool is_last = !w->is_endless && c->sent + n == w->head.n + w->send;

	if (n > 0) {
		if (is_last && w->end == END_KEEP)
			log_once(wsi, c, c->sent + n, "keep");
		memcpy(room + LWS_PRE, slice.p, n);
		if (lws_write(wsi, room + LWS_PRE, n, LWS_WRITE_HTTP) < 0)
			return -1;
		c->sent += n;
		if (is_body && w->drip > 0)
			c->allowed -= n;
	}
	if (is_last && w->end == END_KEEP)
		return finish(wsi, c);
	if (w->drip > 0 && c->sent >= w->head.n && c->allowed == 0 && !is_last)
		wait_or_write(wsi, c, w->drip_ms);
	else
		lws_callback_on_writable(wsi);
	return 0;
}

static int
on_writable(struct lws *wsi, struct session *c)
{
	const struct delivery *w = &c->wire;

	if (c->wait_ms > 0 || c->is_stalled)
		return 0;
	if (!w->is_endless && c->sent == w->head.n + w->send)
		return finish(wsi, c);
	return write_slice(wsi, c);
}

static int
on_timer(struct lws *wsi, struct session *c)
{
	if (wire_is_gone(wsi))
		return -1;
	if (c->wait_ms > 0 && c->wait_ms <= LOOK_MS && c->sent > 0)
		c->allowed = (size_t)c->wire.drip;
	wait_or_write(wsi, c, c->wait_ms > LOOK_MS ? c->wait_ms - LOOK_MS : 0);
	return 0;
}

static void
on_closed(struct lws *wsi, struct slot *slot)
{
	struct session *c = slot->session;

	if (c == NULL)
		return;
	if (c->is_busy)
		log_once(wsi, c, c->sent, "gone");
	forget(c);
	free(c);
	slot->session = NULL;
}

/* user is a slot for these reasons only; for some others it is not. */
static struct session *
busy(void *user)
{
	struct slot *slot = user;
	struct session *c = slot == NULL ? NULL : slot->session;

	return c != NULL && c->is_busy ? c : NULL;
}

int
http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
	struct session *c;

	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return take_request(wsi, user, in);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		c = busy(user);
		return c == NULL ? 0 : on_writable(wsi, c);
	case LWS_CALLBACK_TIMER:
		c = busy(user);
		return c == NULL ? 0 : on_timer(wsi, c);
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		if (user != NULL)
			on_closed(wsi, user);
		return 0;
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, len);
	}
}
