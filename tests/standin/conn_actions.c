/* SPDX-License-Identifier: ISC */
/* conn_actions: the commands about one connection. */
#include "action.h"

/* on or off. */
static int
read_switch(struct span text, bool *out)
{
	*out = span_eq(text, SPAN_LIT("on"));
	return *out || span_eq(text, SPAN_LIT("off")) ? 0 : -1;
}

int
do_send(struct conn *c, struct span text)
{
	outbox_text(c, text);
	return 0;
}

int
do_ping(struct conn *c, struct span text)
{
	if (text.n > 125)
		return -1;
	/* Not every client answers an empty one. */
	outbox_ping(c, text.n == 0 ? SPAN_LIT("standin") : text);
	return 0;
}

int
do_fragment(struct conn *c, struct span text)
{
	int64_t n;

	if (span_int(text, &n) != 0)
		return -1;
	c->fragment = (size_t)n;
	return 0;
}

int
do_frame(struct conn *c, struct span text)
{
	int64_t n;

	if (span_int(text, &n) != 0 || n > 64 * 1024 * 1024)
		return -1;
	c->frame_bytes = (size_t)n;
	return 0;
}

int
do_huge(struct conn *c, struct span text)
{
	static const char head[] = "[{\"ev\":\"XX\",\"pad\":\"",
			  foot[] = "\"}]";
	struct buf b = {0};
	int64_t n;

	if (span_int(text, &n) != 0 || n < 64 || n > 64 * 1024 * 1024)
		return -1;
	buf_str(&b, head);
	buf_reserve(&b, (size_t)n);
	memset(b.p + b.n, 'x', (size_t)n - b.n - (sizeof(foot) - 1));
	b.n = (size_t)n - (sizeof(foot) - 1);
	buf_str(&b, foot);
	outbox_text(c, buf_view(&b));
	buf_free(&b);
	return 0;
}

int
do_mixed(struct conn *c, struct span text)
{
	return read_switch(text, &c->is_mixed);
}

int
do_mute(struct conn *c, struct span text)
{
	return read_switch(text, &c->is_mute);
}

int
do_stall(struct conn *c, struct span text)
{
	bool is_both = span_eq(text, SPAN_LIT("both"));
	bool is_read = is_both || span_eq(text, SPAN_LIT("read"));
	bool is_write = is_both || span_eq(text, SPAN_LIT("write"));

	if (!is_read && !is_write && !span_eq(text, SPAN_LIT("off")))
		return -1;
	c->is_read_stopped = is_read;
	c->is_write_stopped = is_write;
	lws_rx_flow_control(c->wsi, !is_read);
	lws_callback_on_writable(c->wsi);
	return 0;
}

int
do_abort(struct conn *c, struct span text)
{
	conn_abort(c, "abort");
	return text.n == 0 ? 0 : -1;
}

int
do_drop(struct conn *c, struct span text)
{
	conn_drop(c, "drop");
	return text.n == 0 ? 0 : -1;
}

int
do_close(struct conn *c, struct span text)
{
	int64_t code;

	if (span_int(text, &code) != 0 || code < 1000 || code > 4999)
		return -1;
	conn_close(c, (int)code, "close");
	return 0;
}
