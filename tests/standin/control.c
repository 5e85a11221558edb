/* SPDX-License-Identifier: ISC */
/*
 * control: commands by HTTP, so that a test says "now" instead of waiting.
 *
 *	POST /control	the body's lines are commands, run in their order
 *	GET /control	the same as the command status
 *
 * The answer comes when the last command is done: one JSON object a command,
 * {"ok":true…} each, with status 200.  The first that fails ends it with
 * {"ok":false,"error":"…"} and 400, or 504 for a wait that was in vain.
 * Neither counts as a request of the HTTP half.
 */
#include <stdlib.h>

#include "clock.h"
#include "feed.h"
#include "rec.h"

#define LOOK_MS 2

struct control {
	struct buf text, reply;
	size_t at;       /* the next command in text */
	int64_t waiting; /* since when, monotonic; 0: no */
	bool is_ready, is_written;
};

int
control_open(struct lws *wsi, struct slot *slot)
{
	struct control *k;

	control_close(slot);
	k = slot->control = mem_zalloc(sizeof(*k));
	lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
	if (lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0)
		return 0;
	buf_str(&k->text, "status\n");
	return control_callback(
	    wsi, LWS_CALLBACK_HTTP_BODY_COMPLETION, slot, NULL, 0);
}

void
control_close(struct slot *slot)
{
	struct control *k = slot->control;

	slot->control = NULL;
	if (k == NULL)
		return;
	buf_free(&k->text);
	buf_free(&k->reply);
	free(k);
}

static void
answer(struct lws *wsi, struct control *k, int status, const char *phrase)
{
	struct buf head = {0};

	buf_fmt(&head,
	    "HTTP/1.1 %d %s\r\nContent-Type: application/x-ndjson\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    status, phrase, k->reply.n);
	buf_span(&head, buf_view(&k->reply));
	buf_free(&k->reply);
	buf_reserve(&k->reply, LWS_PRE);
	k->reply.n = LWS_PRE;
	buf_span(&k->reply, buf_view(&head));
	buf_free(&head);
	k->is_ready = true;
	lws_callback_on_writable(wsi);
}

static void
refuse(struct lws *wsi, struct control *k, const struct err *e, bool is_late)
{
	buf_str(&k->reply, "{\"ok\":false,\"error\":");
	rec_quote(&k->reply, span_str(e->text));
	buf_str(&k->reply, "}\n");
	if (is_late)
		answer(wsi, k, 504, "Gateway Timeout");
	else
		answer(wsi, k, 400, "Bad Request");
}

/* The next command's text; false: there is none. */
static bool
next_command(const struct control *k, struct span *line, size_t *next)
{
	const char *from = k->text.p + k->at, *stop;

	if (k->at >= k->text.n)
		return false;
	stop = memchr(from, '\n', k->text.n - k->at);
	*line = (struct span){
	    from, stop == NULL ? k->text.n - k->at : (size_t)(stop - from)};
	*next = k->at + line->n + 1;
	return true;
}

/* Run commands until one has to wait, one fails, or none is left. */
static void
go_on(struct lws *wsi, struct control *k)
{
	struct standin *s = lws_vhost_user(lws_get_vhost(wsi));
	struct buf fields = {0};
	struct span line;
	struct err e;
	int64_t now = clock_mono_ms(), limit;
	size_t next;
	int rc;

	while (next_command(k, &line, &next)) {
		buf_clear(&fields);
		rc = action_run(s->feed, line, NULL, &fields, &limit, &e);
		if (rc == ACTION_WAITS && k->waiting == 0)
			k->waiting = now;
		if (rc == ACTION_WAITS && now - k->waiting < limit) {
			lws_set_timer_usecs(wsi, LOOK_MS * LWS_US_PER_MS);
			break;
		}
		if (rc != ACTION_DONE) {
			refuse(wsi, k, &e, rc == ACTION_WAITS);
			break;
		}
		k->waiting = 0;
		k->at = next;
		if (line.n == 0)
			continue;
		buf_str(&k->reply, "{\"ok\":true");
		buf_span(&k->reply, buf_view(&fields));
		buf_str(&k->reply, "}\n");
	}
	if (k->at >= k->text.n)
		answer(wsi, k, 200, "OK");
	buf_free(&fields);
}

static int
write_answer(struct lws *wsi, struct slot *slot)
{
	struct control *k = slot->control;

	if (!k->is_ready)
		return 0;
	if (k->is_written) {
		control_close(slot);
		return lws_http_transaction_completed(wsi) ? -1 : 0;
	}
	if (lws_write(wsi, (unsigned char *)k->reply.p + LWS_PRE,
		k->reply.n - LWS_PRE, LWS_WRITE_HTTP) < 0)
		return -1;
	k->is_written = true;
	lws_callback_on_writable(wsi);
	return 0;
}

int
control_callback(struct lws *wsi, enum lws_callback_reasons reason,
    struct slot *slot, void *in, size_t n)
{
	struct control *k = slot->control;

	switch (reason) {
	case LWS_CALLBACK_HTTP_BODY:
		buf_add(&k->text, in, n);
		return 0;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		go_on(wsi, k);
		return 0;
	case LWS_CALLBACK_TIMER:
		if (wire_is_gone(wsi))
			return -1;
		if (!k->is_ready)
			go_on(wsi, k);
		return 0;
	default:
		return write_answer(wsi, slot);
	}
}
