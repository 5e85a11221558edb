/* SPDX-License-Identifier: ISC */
/*
 * talk: the vendor's side of the conversation: greeting, authentication,
 * subscriptions, and what it says, or does not say, to each.
 *
 * Server messages are arrays, always.  Requests are one JSON object each,
 * and answered in their order, so that a client may send them without
 * waiting.  Not known of the vendor, and decided here: a request before
 * auth_success other than auth, one that is not JSON, an unsubscription of
 * what was not subscribed are not answered; Q.* is an unknown ticker.
 */
#include <stdlib.h>

#include "feed.h"
#include "rec.h"

#define PRICING "https://massive.com/pricing"

const char *const channel_names[CHANNELS] = {"T", "Q", "A", "AM", "FMV", "LV"};

enum channel
channel_of(struct span text)
{
	const char *dot = memchr(text.p, '.', text.n);
	int ch;

	if (dot != NULL)
		text.n = (size_t)(dot - text.p);
	for (ch = 0; ch < CHANNELS; ch++)
		if (span_eq(text, span_str(channel_names[ch])))
			break;
	return (enum channel)ch;
}

static void
make_status(
    struct buf *b, const char *status, const char *before, struct span message)
{
	struct buf text = {0};

	buf_str(&text, before);
	buf_span(&text, message);
	buf_fmt(b, "{\"ev\":\"status\",\"status\":\"%s\",\"message\":", status);
	rec_quote(b, buf_view(&text));
	buf_char(b, '}');
	buf_free(&text);
}

/* As a message of its own, or among the data if that is wanted. */
void
talk_status(struct conn *c, const char *status, const char *message)
{
	struct buf b = {0};

	if (!c->is_mixed)
		buf_char(&b, '[');
	make_status(&b, status, "", span_str(message));
	if (c->is_mixed)
		outbox_add(c, buf_view(&b), false);
	else {
		buf_char(&b, ']');
		outbox_text(c, buf_view(&b));
	}
	buf_free(&b);
}

void
talk_greet(struct conn *c)
{
	talk_status(c, "connected", "Connected Successfully");
}

/* ----------------------------------------------------------- authentication */

/* Too many connections: now, or when the newcomer has seen its first acks. */
static void
look_for_room(struct conn *c)
{
	struct feed *f = c->feed;
	int64_t n = 0;

	for (struct conn *o = f->conns; o != NULL; o = o->next)
		n += o->wsi != NULL && o->ending == LIVES && o->is_auth;
	if (f->set.connections == 0 || n <= f->set.connections)
		return;
	if (f->set.is_evict_newest)
		c->is_evicted_later = true;
	else
		conn_evict(feed_end_of_line(f, false));
}

static void
take_auth(struct conn *c, const char *key)
{
	const struct feed *f = c->feed;
	const char *why = NULL;

	if (f->set.is_plan_refused)
		why =
		    "Your plan doesn't include websocket access. Visit " PRICING
		    " to upgrade.";
	else if (key == NULL || f->set.is_key_refused ||
		 (f->server->key != NULL && strcmp(key, f->server->key) != 0))
		why = "authentication failed";
	log_feed(f->server, c, "auth",
	    why == NULL ? SPAN_LIT(",\"ok\":true") : SPAN_LIT(",\"ok\":false"));
	if (why != NULL) {
		talk_status(c, "auth_failed", why);
		conn_drop(c, "auth_failed");
		return;
	}
	talk_status(c, "auth_success", "authenticated");
	if (c->is_auth)
		return;
	c->is_auth = true;
	look_for_room(c);
	rules_meet(c, AT_AUTH, 0);
}

/* ------------------------------------------------------------ subscriptions */

/* What became of the pairs of one message. */
struct tally {
	int64_t pairs, done, refused, unknown, twice;
	bool is_over; /* the whole message is */
	struct buf acks;
};

/* A pair's place among what a connection wants: its bits. */
static unsigned
pair_bits(struct conn *c, struct span ticker, unsigned char **slot)
{
	size_t number = ids_number(&c->feed->ids, ticker), had = c->nwants;

	if (number >= had) {
		c->nwants = c->feed->ids.cap;
		c->wants = mem_grow(c->wants, c->nwants, 1);
		memset(c->wants + had, 0, c->nwants - had);
	}
	*slot = &c->wants[number];
	return **slot;
}

static void
acknowledge(struct conn *c, struct tally *t, const char *what, struct span pair)
{
	struct buf one = {0};

	make_status(&one, "success", what, pair);
	if (c->is_mixed)
		outbox_add(c, buf_view(&one), false);
	else {
		buf_char(&t->acks, t->acks.n == 0 ? '[' : ',');
		buf_span(&t->acks, buf_view(&one));
	}
	if (c->feed->set.is_ack_single && t->acks.n > 0) {
		buf_char(&t->acks, ']');
		outbox_text(c, buf_view(&t->acks));
		buf_clear(&t->acks);
	}
	buf_free(&one);
	t->done++;
}

static bool
has_wildcard(enum channel ch)
{
	return ch == CH_T || ch == CH_A || ch == CH_AM;
}

/* Set or clear a pair; false: it was so already. */
static bool
turn(struct conn *c, enum channel ch, struct span ticker, bool is_on)
{
	unsigned bit = 1u << ch, was;
	unsigned char *slot;

	if (has_wildcard(ch) && span_eq(ticker, SPAN_LIT("*"))) {
		was = c->all;
		c->all = is_on ? c->all | bit : c->all & ~bit;
	} else {
		was = pair_bits(c, ticker, &slot);
		*slot = (unsigned char)(is_on ? was | bit : was & ~bit);
	}
	if (((was & bit) != 0) == is_on)
		return false;
	c->pairs += is_on ? 1 : -1;
	if (ch == CH_Q)
		c->quotes += is_on ? 1 : -1;
	return true;
}

static bool
is_on_already(struct conn *c, enum channel ch, struct span ticker)
{
	unsigned char *slot;

	return (pair_bits(c, ticker, &slot) & 1u << ch) != 0;
}

/* The next pair of a comma-separated list; false: no more. */
static bool
next_pair(struct span *list, struct span *pair)
{
	const char *comma;

	while (list->n > 0 && (*list->p == ',' || *list->p == ' ')) {
		list->p++;
		list->n--;
	}
	comma = memchr(list->p, ',', list->n);
	*pair = *list;
	if (comma != NULL)
		pair->n = (size_t)(comma - list->p);
	list->p += pair->n;
	list->n -= pair->n;
	return pair->n > 0;
}

/* First look at all: what is refused is said before what is granted. */
static void
look_at_pairs(struct conn *c, struct span list, struct tally *t)
{
	const struct feed *f = c->feed;
	int64_t quotes = 0;
	struct span pair;

	while (next_pair(&list, &pair)) {
		enum channel ch = channel_of(pair);
		size_t head = ch == CHANNELS ? 0 : strlen(channel_names[ch]);
		struct span ticker = {pair.p + head + 1, pair.n - head - 1};

		t->pairs++;
		if (ch == CHANNELS || pair.n <= head + 1)
			t->unknown++;
		else if ((f->set.plan & 1u << ch) == 0)
			t->refused++;
		else if (ch == CH_Q && !is_on_already(c, ch, ticker))
			quotes++;
	}
	t->is_over = c->quotes + quotes > f->set.quotes;
}

static void
take_pairs(struct conn *c, struct span list, struct tally *t, bool is_on)
{
	const struct feed *f = c->feed;
	struct span pair;

	while (next_pair(&list, &pair)) {
		enum channel ch = channel_of(pair);
		size_t head = ch == CHANNELS ? 0 : strlen(channel_names[ch]);
		struct span ticker = {pair.p + head + 1, pair.n - head - 1};

		if (ch == CHANNELS || pair.n <= head + 1 ||
		    (f->set.plan & 1u << ch) == 0)
			continue;
		if (turn(c, ch, ticker, is_on))
			acknowledge(c, t,
			    is_on ? "subscribed to: " : "unsubscribed to: ",
			    pair);
		else
			t->twice++;
	}
	if (t->acks.n > 0) {
		buf_char(&t->acks, ']');
		outbox_text(c, buf_view(&t->acks));
	}
}

static void
log_tally(const struct conn *c, const char *event, const struct tally *t)
{
	struct buf b = {0};

	buf_fmt(&b,
	    ",\"asked\":%lld,\"done\":%lld,\"not_authorized\":%lld,"
	    "\"unknown\":%lld,\"no_change\":%lld,\"over_limit\":%s,"
	    "\"pairs\":%lld,\"quotes\":%lld",
	    (long long)t->pairs, (long long)t->done, (long long)t->refused,
	    (long long)t->unknown, (long long)t->twice,
	    t->is_over ? "true" : "false", (long long)c->pairs,
	    (long long)c->quotes);
	log_feed(c->feed->server, c, event, buf_view(&b));
	buf_free(&b);
}

static void
subscribe(struct conn *c, struct span list)
{
	struct tally t = {0};

	look_at_pairs(c, list, &t);
	if (t.is_over)
		talk_status(c, "error",
		    "Subscription limit reached for feed. Please remove some "
		    "subscriptions and try again.");
	for (int64_t i = 0; !t.is_over && i < t.refused; i++)
		talk_status(c, "error", "not authorized");
	if (!t.is_over)
		take_pairs(c, list, &t, true);
	log_tally(c, "subscribe", &t);
	buf_free(&t.acks);
	rules_meet(c, AT_SUBSCRIBE, 0);
	if (c->is_evicted_later)
		conn_evict(c);
}

static void
unsubscribe(struct conn *c, struct span list)
{
	struct tally t = {0};

	look_at_pairs(c, list, &t);
	t.is_over = false;
	take_pairs(c, list, &t, false);
	log_tally(c, "unsubscribe", &t);
	buf_free(&t.acks);
	rules_meet(c, AT_UNSUBSCRIBE, 0);
}

void
talk_message(struct conn *c, struct span text)
{
	struct rec r = {0};
	const char *action = NULL, *params = NULL;
	struct err e;

	if (c->ending != LIVES)
		return;
	if (rec_parse(&r, text, &e) == 0) {
		action = rec_str(&r, "action");
		params = rec_str(&r, "params");
	}
	if (action != NULL && strcmp(action, "auth") == 0)
		take_auth(c, params);
	else if (action == NULL || params == NULL || !c->is_auth)
		log_feed(c->feed->server, c, "ignored", SPAN_LIT(""));
	else if (strcmp(action, "subscribe") == 0)
		subscribe(c, span_str(params));
	else if (strcmp(action, "unsubscribe") == 0)
		unsubscribe(c, span_str(params));
	else
		log_feed(c->feed->server, c, "ignored", SPAN_LIT(""));
	rec_free(&r);
}
