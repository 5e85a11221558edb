/* SPDX-License-Identifier: ISC */
/*
 * rules: a script of commands for the WebSocket half.
 *
 * A line is a rule, '#' at its beginning a comment:
 *
 *	on WHEN [of N] [once | always | times N] COMMAND...
 *
 * WHEN is connect, auth, subscribe, unsubscribe (each when the server has
 * answered), events N (the connection's N-th event is queued, nothing behind
 * it) or ms N (after it was opened).  of N: the N-th connection only.  Rules
 * are tried in their order.  A command that fails ends the rule with a line
 * in the log.
 */
#include <stdlib.h>

#include "feed.h"
#include "rec.h"

#define RULES_MAX 32 /* bits of conn.rules_done */

static const char *const moments[MOMENTS] = {
    "connect", "auth", "subscribe", "unsubscribe", "events", "ms"};

struct rule {
	enum moment moment;
	int64_t n;      /* of events and ms */
	int64_t number; /* of the connection; 0: any */
	int64_t left;   /* -1: always */
	struct span command;
};

struct rules {
	struct buf text;
	struct rule all[RULES_MAX];
	size_t n;
};

static int
bad(struct err *e, const char *what, struct span word)
{
	return err_set(e, EX_USAGE, "SCRIPT", "%s: %.*s", what,
	    (int)(word.n > 80 ? 80 : word.n), word.p == NULL ? "" : word.p);
}

static int
take_number(struct span *text, int64_t *out)
{
	struct span word;

	return word_next(text, &word) && span_int(word, out) == 0 ? 0 : -1;
}

/* Take that word if it is the next. */
static bool
take(struct span *text, const char *word)
{
	struct span rest = *text, next;

	if (!word_next(&rest, &next) || !span_eq(next, span_str(word)))
		return false;
	*text = rest;
	return true;
}

static int
read_rule(struct rule *r, struct span text, struct err *e)
{
	struct span word;
	int m;

	*r = (struct rule){.left = -1};
	if (!take(&text, "on") || !word_next(&text, &word))
		return bad(e, "a rule begins with on WHEN, not", text);
	for (m = 0; m < MOMENTS; m++)
		if (span_eq(word, span_str(moments[m])))
			break;
	r->moment = (enum moment)m;
	if (m == MOMENTS)
		return bad(e, "unknown moment", word);
	if (m >= AT_EVENTS && take_number(&text, &r->n) != 0)
		return bad(e, "no number behind", word);
	if (take(&text, "of") && take_number(&text, &r->number) != 0)
		return bad(e, "no number behind", SPAN_LIT("of"));
	if (take(&text, "once"))
		r->left = 1;
	else if (take(&text, "times")) {
		if (take_number(&text, &r->left) != 0)
			return bad(e, "no number behind", SPAN_LIT("times"));
	} else
		take(&text, "always");
	r->command = text;
	return action_check(text, e);
}

/* Blank lines and comments are none. */
static bool
is_rule(struct span line)
{
	struct span word;

	return word_next(&line, &word) && *word.p != '#';
}

int
rules_load(struct feed *f, const char *file, struct err *e)
{
	struct rules *all = f->rules = mem_zalloc(sizeof(*all));
	const char *p, *end, *stop;
	struct err inner;
	int line = 0;

	if (text_read(&all->text, file, e) != 0)
		return -1;
	p = buf_view(&all->text).p;
	for (end = p + all->text.n; p < end; p = stop + 1) {
		struct span text;

		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		text = (struct span){p, (size_t)(stop - p)};
		line++;
		if (!is_rule(text))
			continue;
		if (all->n == RULES_MAX)
			return err_set(e, EX_USAGE, "SCRIPT",
			    "more than %d rules", RULES_MAX);
		if (read_rule(&all->all[all->n++], text, &inner) != 0)
			return err_set(e, EX_USAGE, "SCRIPT", "line %d: %s",
			    line, inner.text);
	}
	return 0;
}

void
rules_free(struct feed *f)
{
	if (f->rules != NULL)
		buf_free(&f->rules->text);
	free(f->rules);
	f->rules = NULL;
}

static void
run(struct conn *c, const struct rule *r)
{
	struct buf reply = {0}, line = {0};
	int64_t limit;
	struct err e;

	if (action_run(c->feed, r->command, c, &reply, &limit, &e) ==
	    ACTION_FAILED) {
		buf_str(&line, ",\"error\":");
		rec_quote(&line, span_str(e.text));
	}
	buf_str(&line, ",\"command\":");
	rec_quote(&line, r->command);
	log_feed(c->feed->server, c, "rule", buf_view(&line));
	buf_free(&reply);
	buf_free(&line);
}

void
rules_meet(struct conn *c, enum moment m, int64_t n)
{
	struct rules *all = c->feed->rules;

	for (size_t i = 0; all != NULL && i < all->n; i++) {
		struct rule *r = &all->all[i];

		if (r->moment != m || r->left == 0 ||
		    (r->number != 0 && r->number != c->number))
			continue;
		if (m == AT_EVENTS && n != r->n)
			continue;
		if (m == AT_MS && (n < r->n || (c->rules_done & 1u << i) != 0))
			continue;
		c->rules_done |= 1u << i;
		r->left -= r->left > 0;
		run(c, r);
	}
}
