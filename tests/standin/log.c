/* SPDX-License-Identifier: ISC */
/*
 * log: one JSON line a request, written by one write just before its last
 * bytes go out, so that who has the answer finds the line; and one for each
 * event of a WebSocket connection.  "at" is when the request came, in ms of a
 * clock that only goes forward: for differences.
 *
 * Never the key: only how it came and, where the server has one, in which
 * places the request had its text (a client's mistake, if it is any other
 * than authorization).
 */
#include <unistd.h>

#include "feed.h"
#include "query.h"
#include "rec.h"
#include "standin.h"

static void
add_list(struct buf *b, const char *name, struct words *list)
{
	const struct span *v = words_view(list);

	buf_fmt(b, ",\"%s\":[", name);
	for (size_t i = 0; i < list->n; i++) {
		struct span text = v[i];

		if (i > 0)
			buf_char(b, ',');
		if (text.n > 0 && text.p[text.n - 1] == ':')
			text.n--;
		rec_quote(b, text);
	}
	buf_char(b, ']');
}

static void
add_args(struct buf *b, struct words *args)
{
	const struct span *v = words_view(args);
	struct buf cursor = {0};

	buf_str(b, ",\"args\":{");
	for (size_t i = 0; i + 1 < args->n; i += 2) {
		if (i > 0)
			buf_char(b, ',');
		rec_quote(b, v[i]);
		buf_char(b, ':');
		rec_quote(b, v[i + 1]);
	}
	buf_char(b, '}');
	if (query_open_cursor(form_get(args, "cursor"), &cursor) == 0) {
		buf_str(b, ",\"cursor\":");
		rec_quote(b, buf_view(&cursor));
	}
	buf_free(&cursor);
}

void
log_line(const struct standin *s, const struct buf *line)
{
	if (s->log_fd >= 0)
		(void)!write(s->log_fd, line->p, line->n);
}

void
log_request(const struct standin *s, struct request *r, const struct answer *a,
    size_t bytes, const char *end)
{
	struct buf b = {0};

	if (s->log_fd < 0)
		return;
	buf_fmt(&b, "{\"request\":%lld,\"at\":%lld,\"method\":\"%s\",\"path\":",
	    (long long)r->number, (long long)r->at, r->method);
	rec_quote(&b, buf_view(&r->path));
	add_args(&b, &r->args);
	add_list(&b, "headers", &r->headers);
	buf_fmt(&b, ",\"auth\":\"%s\"", request_auth(r));
	if (s->key != NULL)
		add_list(&b, "key_in", &r->key_in);
	if (s->log_auth) {
		buf_str(&b, ",\"key\":");
		rec_quote(&b, buf_view(&r->key));
	}
	buf_fmt(&b, ",\"status\":%d", a->status);
	if (a->page > 0)
		buf_fmt(&b, ",\"page\":%lld", (long long)a->page);
	if (a->rows >= 0)
		buf_fmt(&b, ",\"rows\":%lld", (long long)a->rows);
	buf_str(&b, ",\"faults\":[");
	buf_span(&b, buf_view(&a->plan.names));
	buf_fmt(&b, "],\"bytes\":%zu,\"end\":\"%s\"}\n", bytes, end);
	log_line(s, &b);
	buf_free(&b);
}

void
log_feed(const struct standin *s, const struct conn *c, const char *event,
    struct span fields)
{
	struct buf b = {0};

	buf_fmt(&b, "{\"connection\":%lld,\"event\":\"%s\"",
	    (long long)c->number, event);
	buf_span(&b, fields);
	buf_str(&b, "}\n");
	log_line(s, &b);
	buf_free(&b);
}
