/* SPDX-License-Identifier: ISC */
/* feed_actions: the commands about the server. */
#include <stdlib.h>

#include "action.h"
#include "rec.h"

#define WAIT_MS 60000

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

int
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
		return action_bad(
		    k->e, "not an event with ev and sym", k->args);
	if (k->feed->events != NULL)
		fflush(k->feed->events);
	buf_fmt(k->reply, ",\"sent\":%lld", (long long)sent);
	return 0;
}

int
do_burst(struct call *k)
{
	return burst_start(k->feed, k->args, k->e);
}

int
do_stop(struct call *k)
{
	burst_stop(k->feed);
	burst_report(k->feed, k->reply);
	return 0;
}

int
do_evict(struct call *k)
{
	bool is_newest = span_eq(k->args, SPAN_LIT("newest"));
	struct conn *c;

	if (!is_newest && !span_eq(k->args, SPAN_LIT("oldest")))
		return action_bad(k->e, "not oldest or newest", k->args);
	c = feed_end_of_line(k->feed, is_newest);
	if (c == NULL)
		return action_bad(k->e, "nobody is authenticated", SPAN_NONE);
	conn_evict(c);
	buf_fmt(k->reply, ",\"connection\":%lld", (long long)c->number);
	return 0;
}

int
do_set(struct call *k)
{
	return setting_read(k->feed, k->args, k->e);
}

int
do_board(struct call *k)
{
	int64_t n;

	if (span_int(k->args, &n) != 0 || n < 1)
		return action_bad(k->e, "not a number", k->args);
	k->feed->server->version = (size_t)n;
	return 0;
}

int
do_fault(struct call *k)
{
	struct script *s = &k->feed->server->script;

	if (!span_eq(k->args, SPAN_LIT("off")))
		return script_add(s, k->args, k->e);
	script_end(s);
	return 0;
}

int
do_status(struct call *k)
{
	status_add(k->feed, k->reply);
	return 0;
}

int
do_pairs(struct call *k)
{
	const struct conn *c = k->feed->conns;
	int64_t n;

	if (span_int(k->args, &n) != 0)
		return action_bad(k->e, "not a connection", k->args);
	while (c != NULL && c->number != n)
		c = c->next;
	if (c == NULL)
		return action_bad(k->e, "no such connection", k->args);
	status_pairs(c, k->reply);
	return 0;
}

int
do_wait(struct call *k)
{
	struct span rest = k->args, what, word;
	int64_t wanted = 0, now;

	*k->limit = WAIT_MS;
	word_next(&rest, &what);
	if (!span_eq(what, SPAN_LIT("idle")) &&
	    (!word_next(&rest, &word) || span_int(word, &wanted) != 0))
		return action_bad(k->e, "wait for how many", what);
	if (word_next(&rest, &word) &&
	    (!span_eq(word, SPAN_LIT("in")) || !word_next(&rest, &word) ||
		span_int(word, k->limit) != 0))
		return action_bad(k->e, "not in MS", k->args);
	if (span_eq(what, SPAN_LIT("idle")))
		now = feed_is_idle(k->feed) ? 0 : -1;
	else if (status_value(k->feed, what, &now) != 0)
		return action_bad(k->e, "cannot wait for", what);
	/* that there is none is waited for, too */
	if (wanted == 0 ? now == 0 : now >= wanted)
		return 0;
	err_set(k->e, EX_UNAVAILABLE, "WAIT", "wait %.*s: in vain, now %lld",
	    (int)k->args.n, k->args.p, (long long)now);
	return 1;
}
