/* SPDX-License-Identifier: ISC */
/*
 * outbox: frames that wait for a connection's socket.
 *
 * Events are collected in an open frame, an array, until it is as long as the
 * connection's frames are, something else has to go out, or the socket is
 * ready: so frames are short when little happens and long when much does, as
 * the vendor's are.  Messages leave in pieces of at most SLICE bytes as one
 * message: as one WebSocket frame, unless a fault wants fragments.
 */
#include <stdlib.h>

#include "feed.h"

static struct frame *
add_frame(struct conn *c, size_t cap)
{
	struct frame *f = mem_alloc(sizeof(*f) + LWS_PRE + cap);

	*f = (struct frame){.cap = cap};
	if (c->tail == NULL)
		c->head = f;
	else
		c->tail->next = f;
	c->tail = f;
	if (!c->is_write_stopped)
		lws_callback_on_writable(c->wsi);
	return f;
}

static void
put(struct conn *c, struct frame *f, struct span text)
{
	memcpy(f->room + LWS_PRE + f->n, text.p, text.n);
	f->n += text.n;
	c->queued += text.n;
}

static void
finish(struct conn *c, struct frame *f)
{
	if (f != NULL && f->is_open)
		put(c, f, SPAN_LIT("]"));
	if (f != NULL)
		f->is_open = false;
}

void
outbox_text(struct conn *c, struct span text)
{
	if (c->wsi == NULL || c->ending != LIVES)
		return;
	finish(c, c->tail);
	put(c, add_frame(c, text.n), text);
}

void
outbox_ping(struct conn *c, struct span text)
{
	if (c->wsi == NULL || c->ending != LIVES)
		return;
	outbox_text(c, text);
	c->tail->is_ping = true;
}

void
outbox_add(struct conn *c, struct span element, bool is_event)
{
	struct frame *f = c->tail;
	size_t cap = c->frame_bytes;

	if (c->wsi == NULL || c->ending != LIVES)
		return;
	if (f != NULL && f->is_open && f->n + element.n + 2 > f->cap) {
		finish(c, f);
		f = NULL;
	}
	if (f == NULL || !f->is_open) {
		f = add_frame(c, element.n + 2 > cap ? element.n + 2 : cap);
		f->is_open = true;
	}
	put(c, f, f->n == 0 ? SPAN_LIT("[") : SPAN_LIT(","));
	put(c, f, element);
	f->events += is_event;
	c->queued_events += is_event;
}

static void
forget_head(struct conn *c)
{
	struct frame *f = c->head;

	c->head = f->next;
	if (c->head == NULL)
		c->tail = NULL;
	free(f);
}

void
outbox_clear(struct conn *c)
{
	while (c->head != NULL) {
		if (!c->head->is_ping)
			c->lost += c->head->events;
		forget_head(c);
	}
	c->queued = 0;
}

static int
write_ping(struct conn *c, struct frame *f)
{
	int rc = lws_write(c->wsi, f->room + LWS_PRE, f->n, LWS_WRITE_PING);

	c->queued -= f->n;
	forget_head(c);
	return rc < 0 ? -1 : 0;
}

int
outbox_write(struct conn *c)
{
	struct frame *f = c->head;
	size_t n;
	int how;

	if (f == NULL)
		return 0;
	finish(c, f);
	if (f->is_ping)
		return write_ping(c, f);
	n = f->n - f->sent;
	if (c->fragment > 0 && n > c->fragment)
		n = c->fragment;
	how = lws_write_ws_flags(
	    LWS_WRITE_TEXT, f->sent == 0, f->sent + n == f->n);
	if (lws_write(c->wsi, f->room + LWS_PRE + f->sent, n,
		(enum lws_write_protocol)how) < 0)
		return -1;
	f->sent += n;
	c->queued -= n;
	c->bytes += (int64_t)n;
	if (f->sent < f->n)
		return 0;
	c->frames++;
	c->events += f->events;
	forget_head(c);
	return 0;
}
