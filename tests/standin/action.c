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
#include "action.h"

int
action_bad(struct err *e, const char *what, struct span word)
{
	return err_set(e, EX_USAGE, "ACTION", "%s: %.*s", what,
	    (int)(word.n > 80 ? 80 : word.n), word.p == NULL ? "" : word.p);
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
			return action_bad(k->e, "bad argument", k->args);
	if (meant == NULL && k->to.p != NULL)
		return action_bad(k->e, "no such connection", k->to);
	buf_fmt(k->reply, ",\"connections\":%lld", (long long)n);
	return 0;
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
		return action_bad(e, "unknown command", text);
	if (actions[i].on_feed == do_wait)
		return action_bad(e, "not for a script", text);
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
		rc = action_bad(e, "unknown command", text);
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
