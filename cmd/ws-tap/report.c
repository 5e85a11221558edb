/* SPDX-License-Identifier: ISC */
/* report: see report.h. */
#include "report.h"
#include "rec.h"

/* Six times as much, the worst of escaping, stays below a line's bound. */
#define PART (128 * 1024)

static void
begin(struct buf *b, const char *type, int64_t ts, const struct served *s)
{
	rec_begin(b, type, ts);
	buf_str(b, ",\"symbols\":[");
	for (size_t i = 0; i < s->n; i++) {
		if (i > 0)
			buf_char(b, ',');
		rec_quote(b, span_str(s->names[i]));
	}
	buf_char(b, ']');
}

void
report_gap(struct buf *b, const struct served *s, int64_t ts, int64_t from_ts,
    int64_t to_ts, const char *reason, uint64_t dropped)
{
	begin(b, "gap", ts, s);
	rec_add_int(b, "from_ts", from_ts);
	rec_add_int(b, "to_ts", to_ts);
	rec_add_str(b, "reason", reason);
	if (dropped > 0)
		rec_add_int(b, "dropped", (int64_t)dropped);
	rec_end(b);
}

void
report_feed(struct buf *b, const struct served *s, int64_t ts,
    const char *state, const char *detail)
{
	begin(b, "feed", ts, s);
	rec_add_str(b, "state", state);
	if (detail[0] != '\0')
		rec_add_str(b, "detail", detail);
	rec_end(b);
}

void
report_heartbeat(struct buf *b, const struct served *s, int64_t ts,
    const char *state, int64_t last_data_ts, const struct counts *c)
{
	begin(b, "heartbeat", ts, s);
	rec_add_str(b, "state", state);
	if (last_data_ts > 0)
		rec_add_int(b, "last_data_ts", last_data_ts);
	rec_add_int(b, "received", (int64_t)c->received);
	rec_add_int(b, "written", (int64_t)c->written);
	rec_add_int(b, "conflated", (int64_t)c->conflated);
	rec_add_int(b, "filtered", (int64_t)c->filtered);
	rec_add_int(b, "unsupported", (int64_t)c->unsupported);
	rec_add_int(b, "bad", (int64_t)c->bad);
	rec_add_int(b, "dropped", (int64_t)c->dropped);
	rec_end(b);
}

/* The beginning of a text, up to PART bytes, that ends with a character. */
static struct span
next_part(struct span text)
{
	struct span part = text;

	if (part.n <= PART)
		return part;
	part.n = PART;
	while (
	    part.n > PART - 4 && ((unsigned char)part.p[part.n] & 0xc0) == 0x80)
		part.n--;
	return part;
}

void
report_frame(struct buf *b, int64_t ts, uint64_t conn, struct span frame)
{
	int64_t part = 1;
	struct span text;

	do {
		text = next_part(frame);
		frame.p += text.n;
		frame.n -= text.n;
		rec_begin(b, "ws_frame", ts);
		rec_add_int(b, "conn", (int64_t)conn);
		if (part > 1 || frame.n > 0)
			rec_add_int(b, "part", part);
		if (frame.n > 0)
			rec_add_bool(b, "more", true);
		buf_str(b, ",\"frame\":");
		rec_quote(b, text);
		rec_end(b);
		part++;
	} while (frame.n > 0);
}
