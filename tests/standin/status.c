/* SPDX-License-Identifier: ISC */
/* status: the counters, for the commands status, pairs and wait. */
#include "feed.h"
#include "rec.h"

static bool
is_open(const struct conn *c)
{
	return c->wsi != NULL && c->ending == LIVES;
}

int
status_value(const struct feed *f, struct span name, int64_t *out)
{
	int64_t open = 0, auth = 0, pairs = 0;

	for (const struct conn *c = f->conns; c != NULL; c = c->next) {
		if (!is_open(c))
			continue;
		open++;
		auth += c->is_auth;
		pairs += c->pairs;
	}
	if (span_eq(name, SPAN_LIT("open")))
		*out = open;
	else if (span_eq(name, SPAN_LIT("auth")))
		*out = auth;
	else if (span_eq(name, SPAN_LIT("pairs")))
		*out = pairs;
	else if (span_eq(name, SPAN_LIT("opened")))
		*out = f->opened;
	else if (span_eq(name, SPAN_LIT("closed")))
		*out = f->opened - f->open;
	else if (span_eq(name, SPAN_LIT("sent")))
		*out = f->sent;
	else if (span_eq(name, SPAN_LIT("requests")))
		*out = f->server->requests;
	else
		return -1;
	return 0;
}

static void
add_conn(const struct conn *c, struct buf *b)
{
	const char *comma = "";

	buf_fmt(b,
	    "{\"connection\":%lld,\"open\":%s,\"auth\":%s,\"how\":\"%s\","
	    "\"code\":%d,\"pairs\":%lld,\"quotes\":%lld,\"whole\":[",
	    (long long)c->number, is_open(c) ? "true" : "false",
	    c->is_auth ? "true" : "false", c->how, c->code, (long long)c->pairs,
	    (long long)c->quotes);
	for (int ch = 0; ch < CHANNELS; ch++)
		if ((c->all & 1u << ch) != 0) {
			buf_fmt(b, "%s\"%s\"", comma, channel_names[ch]);
			comma = ",";
		}
	buf_fmt(b,
	    "],\"events\":%lld,\"frames\":%lld,\"bytes\":%lld,"
	    "\"queued_events\":%lld,\"queued_bytes\":%zu,\"muted\":%lld,"
	    "\"lost\":%lld}",
	    (long long)c->events, (long long)c->frames, (long long)c->bytes,
	    (long long)(c->queued_events - c->events - c->lost), c->queued,
	    (long long)c->muted, (long long)c->lost);
}

void
status_add(struct feed *f, struct buf *b)
{
	static const char *const names[] = {
	    "open", "auth", "pairs", "opened", "closed", "sent", "requests"};
	const char *comma = "";
	int64_t value = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		status_value(f, span_str(names[i]), &value);
		buf_fmt(b, ",\"%s\":%lld", names[i], (long long)value);
	}
	burst_report(f, b);
	buf_str(b, ",\"connections\":[");
	for (const struct conn *c = f->conns; c != NULL; c = c->next) {
		buf_str(b, comma);
		add_conn(c, b);
		comma = ",";
	}
	buf_char(b, ']');
	if (f->events != NULL)
		fflush(f->events);
}

void
status_pairs(const struct conn *c, struct buf *b)
{
	const struct feed *f = c->feed;
	const char *comma = "";

	buf_str(b, ",\"pairs\":[");
	for (int ch = 0; ch < CHANNELS; ch++) {
		if ((c->all & 1u << ch) != 0) {
			buf_fmt(b, "%s\"%s.*\"", comma, channel_names[ch]);
			comma = ",";
		}
		for (size_t i = 0; i < c->nwants && i < f->ids.n; i++) {
			struct buf pair = {0};

			if ((c->wants[i] & 1u << ch) == 0)
				continue;
			buf_fmt(
			    &pair, "%s.%s", channel_names[ch], f->ids.names[i]);
			buf_str(b, comma);
			rec_quote(b, buf_view(&pair));
			buf_free(&pair);
			comma = ",";
		}
	}
	buf_char(b, ']');
}
