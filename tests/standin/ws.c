/* SPDX-License-Identifier: ISC */
/*
 * ws: the WebSocket part of the protocol callback: upgrades, messages in and
 * out, and ends, as the library tells them.
 */
#include <stdlib.h>

#include "feed.h"

#define REQUEST_MAX ((size_t)4 * 1024 * 1024)

static struct feed *
feed_of(struct lws *wsi)
{
	struct standin *s = lws_vhost_user(lws_get_vhost(wsi));

	return s->feed;
}

/* A handshake that says yes with the wrong proof, then hangs up. */
static int
accept_wrongly(struct lws *wsi)
{
	static const char text[] =
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
	unsigned char room[LWS_PRE + sizeof(text)];

	memcpy(room + LWS_PRE, text, sizeof(text));
	lws_write(wsi, room + LWS_PRE, sizeof(text) - 1, LWS_WRITE_HTTP);
	return -1;
}

/* 0: go on; 1: answered otherwise; -1: hang up. */
static int
confirm(struct lws *wsi)
{
	const struct feed *f = feed_of(wsi);
	char path[64] = "";
	int status = f->set.refuse_status;
	struct buf b = {0};

	lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI);
	if (strcmp(path, "/options") != 0 && strcmp(path, "/options/") != 0)
		status = 404;
	if (status == 0 && !f->set.is_accept_wrong)
		return 0;
	buf_fmt(&b, "{\"connection\":0,\"event\":\"refused\",\"status\":%d}\n",
	    status == 0 ? 101 : status);
	log_line(f->server, &b);
	buf_free(&b);
	if (status == 0)
		return accept_wrongly(wsi);
	return lws_return_http_status(wsi, (unsigned int)status, NULL) == 0
		   ? 1
		   : -1;
}

static int
on_message(struct lws *wsi, struct conn *c, const void *in, size_t n)
{
	if (c->request.n + n > REQUEST_MAX)
		return -1;
	buf_add(&c->request, in, n);
	if (lws_remaining_packet_payload(wsi) > 0 ||
	    !lws_is_final_fragment(wsi))
		return 0;
	talk_message(c, buf_view(&c->request));
	buf_clear(&c->request);
	return 0;
}

static int
on_writable(struct lws *wsi, struct conn *c)
{
	if (c->is_write_stopped)
		return 0;
	if (outbox_write(c) != 0)
		return -1;
	if (c->head != NULL) {
		lws_callback_on_writable(wsi);
		return 0;
	}
	if (c->ending == LIVES)
		return 0;
	/* What the library could not send in one go still has to leave. */
	if (lws_partial_buffered(wsi)) {
		lws_callback_on_writable(wsi);
		return 0;
	}
	if (c->ending == ENDS_BY_CLOSE)
		lws_close_reason(wsi, (enum lws_close_status)c->code, NULL, 0);
	return -1;
}

static void
on_peer_close(struct conn *c, const unsigned char *in, size_t n)
{
	if (c->ending == LIVES)
		c->code = n >= 2 ? in[0] << 8 | in[1] : 1005;
}

static int
on_closed(struct slot *slot)
{
	struct conn *c = slot->conn;

	slot->conn = NULL;
	if (c != NULL)
		feed_closed(
		    c, c->ending == LIVES ? "client" : "server", c->code);
	return 0;
}

int
ws_callback(struct lws *wsi, enum lws_callback_reasons reason,
    struct slot *slot, void *in, size_t n)
{
	if (reason == LWS_CALLBACK_HTTP_CONFIRM_UPGRADE)
		return confirm(wsi);
	if (reason == LWS_CALLBACK_ESTABLISHED) {
		lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		slot->conn = feed_open(feed_of(wsi), wsi);
		talk_greet(slot->conn);
		rules_meet(slot->conn, AT_CONNECT, 0);
	}
	if (slot == NULL || slot->conn == NULL)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_RECEIVE:
		return on_message(wsi, slot->conn, in, n);
	case LWS_CALLBACK_RECEIVE_PONG:
		log_feed(
		    feed_of(wsi)->server, slot->conn, "pong", SPAN_LIT(""));
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return on_writable(wsi, slot->conn);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		on_peer_close(slot->conn, in, n);
		return 0;
	case LWS_CALLBACK_CLOSED:
		return on_closed(slot);
	default:
		return 0;
	}
}
