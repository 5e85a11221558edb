/* SPDX-License-Identifier: ISC */
/*
 * action: commands.
 *
 *	[to N|first|last|all] COMMAND ARGUMENTS
 *
 * A command about connections is about those that "to" names; without it,
 * about the connection whose moment it is in a script, or else all that are
 * open.
 */
#include <stdlib.h>

#include "feed.h"
#include "rec.h"

#define WAIT_MS 20000

/* Of one command. */
struct call {
	struct feed *feed;
	struct conn *self;
	struct span to, args;
	struct buf *reply;
	int64_t *limit;
	struct err *e;
};

static int
bad(struct err *e, const char *what, struct span word)
{
	return err_set(e, EX_USAGE, "ACTION", "%s: %.*s", what,
	    (int)(word.n > 80 ? 80 : word.n), word.p == NULL ? "" : word.p);
}

/* on or off. */
static int
read_switch(struct span text, bool *out)
{
	*out = span_eq(text, SPAN_LIT("on"));
	return *out || span_eq(text, SPAN_LIT("off")) ? 0 : -1;
}

/* -------------------------------------------------------- about connections */

static int
do_send(struct conn *c, struct span text)
{
	outbox_text(c, text);
	return 0;
}

static int
do_ping(struct conn *c, struct span text)
{
	if (text.n > 125)
		return -1;
	outbox_ping(c, text);
	return 0;
}

static int
do_fragment(struct conn *c, struct span text)
{
	int64_t n;

	if (span_int(text, &n) != 0)
		return -1;
	c->fragment = (size_t)n;
	return 0;
}

static int
do_frame(struct conn *c, struct span text)
{
	int64_t n;

	if (span_int(text, &n) != 0 || n > 64 * 1024 * 1024)
		return -1;
	c->frame_bytes = (size_t)n;
	return 0;
}

static int
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

static int
do_mixed(struct conn *c, struct span text)
{
	return read_switch(text, &c->is_mixed);
}

static int
do_mute(struct conn *c, struct span text)
{
	return read_switch(text, &c->is_mute);
}

static int
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

static int
do_abort(struct conn *c, struct span text)
{
	conn_abort(c, "abort");
	return text.n == 0 ? 0 : -1;
}

static int
do_drop(struct conn *c, struct span text)
{
	conn_drop(c, "drop");
	return text.n == 0 ? 0 : -1;
}

static int
do_close(struct conn *c, struct span text)
{
	int64_t code;

	if (span_int(text, &code) != 0 || code < 1000 || code > 4999)
		return -1;
	conn_close(c, (int)code, "close");
	return 0;
}

/* Which connections: all that "to" means; *n counts them. */
static bool
is_meant(const struct call *k, const struct conn *c)
{
	int64_t number;

	if (c->wsi == NULL || c->ending != LIVES)
		return false;
	if (k->to.p == NULL)
		return k->self == NULL || c == k->self;
	if (span_eq(k->to, SPAN_LIT("all")))
		return true;
	if (span_int(k->to, &number) == 0)
		return c->number == number;
	for (const struct conn *o = k->feed->conns; o != NULL; o = o->next) {
		if (o->wsi == NULL || o->ending != LIVES || o == c)
			continue;
		if ((o->number < c->number) ==
		    span_eq(k->to, SPAN_LIT("first")))
			return false;
	}
	return true;
}

static int
each(struct call *k, int (*run)(struct conn *, struct span))
{
	struct conn *meant = NULL;
	int64_t n = 0;

	/* Who is meant is known before the first one's end changes it. */
	for (struct conn *c = k->feed->conns; c != NULL; c = c->next) {
		c->is_meant = is_meant(k, c);
		n += c->is_meant;
		meant = c->is_meant ? c : meant;
	}
	for (struct conn *c = k->feed->conns; c != NULL; c = c->next)
		if (c->is_meant && run(c, k->args) != 0)
			return bad(k->e, "bad argument", k->args);
	if (meant == NULL && k->to.p != NULL)
		return bad(k->e, "no such connection", k->to);
	buf_fmt(k->reply, ",\"connections\":%lld", (long long)n);
	return 0;
}

/* --------------------------------------------------------- about the server */

/* One event in its own words.  1: somebody got it; -1: it is none. */
static int
give_one(struct feed *f, struct span text)
{
	json_t *event = json_loadb(text.p, text.n, 0, NULL);
	const char *ev = json_string_value(json_object_get(event, "ev"));
	const char *sym = json_string_value(json_object_get(event, "sym"));
	enum channel ch = ev == NULL ? CHANNELS : channel_of(span_str(ev));
	int rc = -1;

	if (ch != CHANNELS && sym != NULL)
		rc =
		    feed_event(f, ch, ids_number(&f->ids, span_str(sym)), text);
	json_decref(event);
	return rc;
}

/* Take the next object off a list of them (an array's inside). */
static bool
next_object(struct span *list, struct span *object)
{
	bool is_text = false;
	int depth = 0;

	while (list->n > 0 && *list->p != '{') {
		list->p++;
		list->n--;
	}
	*object = (struct span){list->p, 0};
	while (list->n > 0) {
		char c = *list->p++;

		list->n--;
		object->n++;
		if (c == '\\' && is_text && list->n > 0) {
			list->p++;
			list->n--;
			object->n++;
		} else if (c == '"')
			is_text = !is_text;
		else if (!is_text && (c == '{' || c == '}'))
			depth += c == '{' ? 1 : -1;
		if (depth == 0)
			return true;
	}
	return object->n > 0;
}

static int
do_tick(struct call *k)
{
	struct span rest = k->args, one;
	int64_t sent = 0;
	int rc = rest.n == 0 ? -1 : 0;

	while (rc >= 0 && next_object(&rest, &one)) {
		rc = give_one(k->feed, one);
		sent += rc;
	}
	if (rc < 0)
		return bad(k->e, "not an event with ev and sym", k->args);
	if (k->feed->events != NULL)
		fflush(k->feed->events);
	buf_fmt(k->reply, ",\"sent\":%lld", (long long)sent);
	return 0;
}

static int
do_burst(struct call *k)
{
	return burst_start(k->feed, k->args, k->e);
}

static int
do_stop(struct call *k)
{
	burst_stop(k->feed);
	burst_report(k->feed, k->reply);
	return 0;
}

static int
do_evict(struct call *k)
{
	bool is_newest = span_eq(k->args, SPAN_LIT("newest"));
	struct conn *c;

	if (!is_newest && !span_eq(k->args, SPAN_LIT("oldest")))
		return bad(k->e, "not oldest or newest", k->args);
	c = feed_end_of_line(k->feed, is_newest);
	if (c == NULL)
		return bad(k->e, "nobody is authenticated", SPAN_NONE);
	conn_evict(c);
	buf_fmt(k->reply, ",\"connection\":%lld", (long long)c->number);
	return 0;
}

static int
do_set(struct call *k)
{
	return setting_read(k->feed, k->args, k->e);
}

static int
do_board(struct call *k)
{
	int64_t n;

	if (span_int(k->args, &n) != 0 || n < 1)
		return bad(k->e, "not a number", k->args);
	k->feed->server->version = (size_t)n;
	return 0;
}

static int
do_fault(struct call *k)
{
	struct script *s = &k->feed->server->script;

	if (!span_eq(k->args, SPAN_LIT("off")))
		return script_add(s, k->args, k->e);
	script_end(s);
	return 0;
}

static int
do_status(struct call *k)
{
	status_add(k->feed, k->reply);
	return 0;
}

static int
do_pairs(struct call *k)
{
	const struct conn *c = k->feed->conns;
	int64_t n;

	if (span_int(k->args, &n) != 0)
		return bad(k->e, "not a connection", k->args);
	while (c != NULL && c->number != n)
		c = c->next;
	if (c == NULL)
		return bad(k->e, "no such connection", k->args);
	status_pairs(c, k->reply);
	return 0;
}

static int
do_wait(struct call *k)
{
	struct span rest = k->args, what, word;
	int64_t wanted = 0, now;

	*k->limit = WAIT_MS;
	word_next(&rest, &what);
	if (!span_eq(what, SPAN_LIT("idle")) &&
	    (!word_next(&rest, &word) || span_int(word, &wanted) != 0))
		return bad(k->e, "wait for how many", what);
	if (word_next(&rest, &word) &&
	    (!span_eq(word, SPAN_LIT("in")) || !word_next(&rest, &word) ||
		span_int(word, k->limit) != 0))
		return bad(k->e, "not in MS", k->args);
	if (span_eq(what, SPAN_LIT("idle")))
		now = feed_is_idle(k->feed) ? 0 : -1;
	else if (status_value(k->feed, what, &now) != 0)
		return bad(k->e, "cannot wait for", what);
	if (now >= wanted)
		return 0;
	err_set(k->e, EX_UNAVAILABLE, "WAIT", "wait %.*s: in vain, now %lld",
	    (int)k->args.n, k->args.p, (long long)now);
	return 1;
}

/* -------------------------------------------------------------------- table */

static const struct {
	const char *name;
	int (*on_conn)(struct conn *, struct span);
	int (*on_feed)(struct call *);
	const char *args, *help;
} actions[] = {
#define CONN_ACTION(run, name, args, help) {name, do_##run, NULL, args, help},
#define FEED_ACTION(run, name, args, help) {name, NULL, do_##run, args, help},
#include "actions.def"
#undef CONN_ACTION
#undef FEED_ACTION
};

#define NACTIONS (sizeof(actions) / sizeof(actions[0]))

/* Which command; args are left in *text.  -1: none. */
static int
find(struct span *text, struct span *to)
{
	struct span word;

	*to = SPAN_NONE;
	if (!word_next(text, &word))
		return -1;
	if (span_eq(word, SPAN_LIT("to")) &&
	    (!word_next(text, to) || !word_next(text, &word)))
		return -1;
	for (size_t i = 0; i < NACTIONS; i++)
		if (span_eq(word, span_str(actions[i].name)))
			return (int)i;
	return -1;
}

int
action_check(struct span text, struct err *e)
{
	struct span rest = text, to;
	int i = find(&rest, &to);

	if (i < 0)
		return bad(e, "unknown command", text);
	if (actions[i].on_feed == do_wait)
		return bad(e, "not for a script", text);
	return 0;
}

enum action_result
action_run(struct feed *f, struct span text, struct conn *self,
    struct buf *reply, int64_t *limit, struct err *e)
{
	struct span rest = text;
	struct call k = {
	    .feed = f, .self = self, .reply = reply, .limit = limit, .e = e};
	int i, rc;

	while (rest.n > 0 && strchr(" \t\r", rest.p[rest.n - 1]) != NULL)
		rest.n--;
	if (rest.n == 0)
		return ACTION_DONE;
	i = find(&rest, &k.to);
	k.args = rest;
	if (i < 0)
		rc = bad(e, "unknown command", text);
	else if (actions[i].on_conn != NULL)
		rc = each(&k, actions[i].on_conn);
	else
		rc = actions[i].on_feed(&k);
	if (rc == 1)
		return ACTION_WAITS;
	return rc == 0 ? ACTION_DONE : ACTION_FAILED;
}

void
action_help(struct buf *b)
{
	char word[64];

	for (size_t i = 0; i < NACTIONS; i++) {
		snprintf(word, sizeof(word), "%s ", actions[i].name);
		help_row(b, word, actions[i].args, actions[i].help);
	}
}
