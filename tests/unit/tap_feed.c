/* SPDX-License-Identifier: ISC */
/*
 * ws-tap's feed and pairs: the conversation with the vendor, and how often it
 * is begun.
 */
#include <stdlib.h>

#include "../../cmd/ws-tap/feed.h"
#include "check.h"

static const struct feed_conf conf = {.backoff_min = 1000,
    .backoff_max = 60000,
    .healthy = 10000,
    .cooldown = 60000,
    .ping = 20000,
    .dead = 60000,
    .answer = 5000};

static struct feed feed;
static int64_t now;
static struct buf told; /* what it did, as words */

static struct pair *
make_pairs(const char *channel, size_t from, size_t n)
{
	struct pair *p = mem_zalloc((n + 1) * sizeof(*p));

	for (size_t i = 0; i < n; i++)
		snprintf(p[i].text, sizeof(p[i].text), "%s.O:SPX260821C%08zu",
		    channel, from + i);
	return p;
}

/* Everything that is to be done now, as words. */
static const char *
acts(void)
{
	static const char *const names[] = {[FEED_CONNECT] = "connect",
	    [FEED_AUTH] = "auth",
	    [FEED_SEND] = "send",
	    [FEED_PING] = "ping",
	    [FEED_DROP] = "drop",
	    [FEED_REPORT] = "",
	    [FEED_BACK] = "back",
	    [FEED_READY] = "ready",
	    [FEED_FAIL] = "fail"};
	struct feed_effect what;
	enum feed_act act;
	int n = 0;

	buf_clear(&told);
	buf_str(&told, "");
	while (
	    (act = feed_next(&feed, &what, now)) != FEED_NOTHING && n++ < 50) {
		if (told.n > 0)
			buf_char(&told, ' ');
		buf_str(&told, act == FEED_REPORT ? feed_state_name(what.state)
						  : names[act]);
		if (act == FEED_SEND)
			buf_fmt(&told, "(%.*s)", (int)what.text.n, what.text.p);
		if (act == FEED_FAIL)
			break;
	}
	CHECK(n < 50);
	buf_reserve(&told, 1);
	told.p[told.n] = '\0';
	return told.p;
}

static void
status(const char *word, const char *message)
{
	feed_status(&feed, span_str(word), span_str(message), now);
}

/* From nothing to an open connection with the key accepted. */
static void
authenticate(void)
{
	CHECK_STR(acts(), "connect");
	feed_opened(&feed, now);
	CHECK_STR(acts(), "connected auth");
	status("connected", "Connected Successfully");
	CHECK_STR(acts(), "");
	status("auth_success", "authenticated");
}

static void
start(const struct pair *want, size_t n)
{
	feed_free(&feed);
	feed_init(&feed, &conf, 42);
	CHECK_STR(acts(), "");
	feed_want(&feed, want, n, now);
}

static const struct pair two[] = {{"Q.O:SPX260821C00200000", 0}, {"T.*", 0}};

static void
test_golden(void)
{
	test_begin("greeting, key, pairs by channel, ready with the pong");
	now = 1000;
	start(two, 2);
	authenticate();
	CHECK_STR(acts(),
	    "authenticated send({\"action\":\"subscribe\",\"params\":"
	    "\"Q.O:SPX260821C00200000\"})");
	feed_heard(&feed, true, now);
	status("success", "subscribed to: Q.O:SPX260821C00200000");
	CHECK_STR(
	    acts(), "send({\"action\":\"subscribe\",\"params\":\"T.*\"})");
	status("success", "subscribed to: T.*");
	CHECK_STR(acts(), "subscribed ping");
	feed_heard(&feed, true, now);
	CHECK_STR(acts(), "ready");
	feed_heard(&feed, true, now);
	CHECK_STR(acts(), "");
}

static void
test_chunks(void)
{
	struct pair *p = make_pairs("Q", 1000, 600);
	struct feed_effect what;
	size_t asked = 0, frames = 0;
	char ack[100];

	test_begin("no more than 250 pairs a frame, the next when it is acked");
	now = 1000;
	start(p, 600);
	authenticate();
	CHECK_INT(feed_next(&feed, &what, now), FEED_REPORT);
	while (feed_next(&feed, &what, now) == FEED_SEND) {
		frames++;
		CHECK(feed.pairs.count[PAIR_ASKED] <= 250);
		CHECK_INT(feed_next(&feed, &what, now), FEED_NOTHING);
		for (size_t i = 0; i < 600; i++) {
			if (feed.pairs.p[i].state != PAIR_ASKED)
				continue;
			asked++;
			snprintf(
			    ack, sizeof(ack), "subscribed to: %s", p[i].text);
			status("success", ack);
		}
	}
	CHECK_INT((int64_t)asked, 600);
	CHECK_INT((int64_t)frames, 3);
	CHECK_INT((int64_t)feed.pairs.count[PAIR_GRANTED], 600);
	free(p);
}

static void
test_refused(void)
{
	test_begin("an error names nobody, silence neither");
	now = 1000;
	start(two, 2);
	authenticate();
	acts();
	status("error", "not authorized");
	CHECK_STR(acts(), "");
	now += 500; /* for acknowledgements that come behind it */
	CHECK_STR(
	    acts(), "send({\"action\":\"subscribe\",\"params\":\"T.*\"})");
	CHECK_INT((int64_t)feed.pairs.count[PAIR_REFUSED], 1);
	now += 4999;
	CHECK_STR(acts(), "");
	now += 1;
	CHECK_STR(acts(), "authenticated");
	CHECK_INT((int64_t)feed.pairs.count[PAIR_SILENT], 1);
	status("success", "subscribed to: T.*");
	CHECK_INT((int64_t)feed.pairs.count[PAIR_GRANTED], 1);
}

/* Subscribed to all of two. */
static void
subscribe(void)
{
	authenticate();
	acts();
	status("success", "subscribed to: Q.O:SPX260821C00200000");
	acts();
	status("success", "subscribed to: T.*");
}

static void
test_other_choice(void)
{
	static const struct pair other[] = {
	    {"Q.O:SPX260821C00300000", 0}, {"T.*", 0}};

	test_begin("another choice: given back first, then asked, never twice");
	now = 1000;
	start(two, 2);
	subscribe();
	CHECK_STR(acts(), "subscribed ping");
	feed_want(&feed, other, 2, now);
	CHECK_STR(acts(), "send({\"action\":\"unsubscribe\",\"params\":"
			  "\"Q.O:SPX260821C00200000\"}) "
			  "send({\"action\":\"subscribe\",\"params\":"
			  "\"Q.O:SPX260821C00300000\"})");
	status("success", "unsubscribed to: Q.O:SPX260821C00200000");
	CHECK_STR(acts(), "");
	status("success", "subscribed to: Q.O:SPX260821C00300000");
	CHECK_STR(acts(), "subscribed ping");
	feed_want(&feed, other, 2, now);
	CHECK_STR(acts(), "");
	/* lost before it could be given back: the next one never had it */
	feed_want(&feed, two, 2, now);
	feed_lost(&feed, "cut", now);
	CHECK_STR(acts(), "lost");
	now = feed_due(&feed);
	authenticate();
	CHECK_STR(acts(), "authenticated send({\"action\":\"subscribe\","
			  "\"params\":\"Q.O:SPX260821C00200000\"})");
}

static void
test_late_ack(void)
{
	static const struct pair one[] = {{"T.*", 0}};

	test_begin("given back and wanted again before its acknowledgement");
	now = 1000;
	start(two, 2);
	authenticate();
	CHECK_STR(acts(), "authenticated send({\"action\":\"subscribe\","
			  "\"params\":\"Q.O:SPX260821C00200000\"})");
	feed_want(&feed, one, 1, now);
	feed_want(&feed, two, 2, now);
	/* it is about to be taken back, so this is no grant that lasts */
	status("success", "subscribed to: Q.O:SPX260821C00200000");
	CHECK_STR(acts(), "send({\"action\":\"unsubscribe\",\"params\":"
			  "\"Q.O:SPX260821C00200000\"}) "
			  "send({\"action\":\"subscribe\",\"params\":"
			  "\"Q.O:SPX260821C00200000\"})");
	status("success", "subscribed to: Q.O:SPX260821C00200000");
	CHECK_STR(
	    acts(), "send({\"action\":\"subscribe\",\"params\":\"T.*\"})");
	status("success", "subscribed to: T.*");
	CHECK_STR(acts(), "subscribed ping");
	CHECK_INT((int64_t)feed.pairs.count[PAIR_GRANTED], 2);
}

/* How long until it connects again. */
static int64_t
pause_of(void)
{
	int64_t from = now;

	acts();
	now = feed_due(&feed);
	CHECK(now >= from);
	return now - from;
}

static void
test_backoff(void)
{
	int64_t least = INT64_MAX, most = 0, p;

	test_begin("pauses grow until a connection has lived");
	now = 1000;
	start(two, 2);
	for (int i = 0; i < 200; i++) {
		CHECK_STR(acts(), "connect");
		feed_lost(&feed, "refused", now);
		p = pause_of();
		CHECK(p >= 1000 && p <= 60000);
		CHECK(i > 5 || p <= 1000 << (i + 1));
		if (i > 6 && p < least)
			least = p;
		if (p > most)
			most = p;
	}
	CHECK(most > 50000 && least < 10000);
	/* a connection that is thrown out at once was no good one */
	subscribe();
	acts();
	now += 9999;
	feed_lost(&feed, "closed", now);
	CHECK(feed.tries > 200);
	pause_of();
	subscribe();
	acts();
	now += 10000;
	feed_lost(&feed, "closed", now);
	CHECK_INT(feed.tries, 1);
	p = pause_of();
	CHECK(p >= 1000 && p <= 2000);
}

static void
test_told_once(void)
{
	test_begin("the same failure is told once, a gap is made good once");
	now = 1000;
	start(two, 2);
	subscribe();
	CHECK_STR(acts(), "subscribed ping");
	feed_lost(&feed, "closed with 1006", now);
	CHECK_STR(acts(), "lost");
	for (int i = 0; i < 3; i++) {
		now = feed_due(&feed);
		CHECK_STR(acts(), "connect");
		feed_lost(&feed, "connection refused", now);
		CHECK_STR(acts(), i == 0 ? "lost" : "");
	}
	now = feed_due(&feed);
	subscribe();
	CHECK_STR(acts(), "subscribed back ping");
	CHECK_STR(acts(), "");
}

static void
test_half_subscribed(void)
{
	test_begin("a cut while the first pairs are being asked is a gap, too");
	now = 1000;
	start(two, 2);
	authenticate();
	acts();
	status("success", "subscribed to: Q.O:SPX260821C00200000");
	CHECK_STR(
	    acts(), "send({\"action\":\"subscribe\",\"params\":\"T.*\"})");
	feed_lost(&feed, "cut while quotes came", now);
	CHECK_STR(acts(), "lost");
	now = feed_due(&feed);
	subscribe();
	CHECK_STR(acts(), "subscribed back ping");
	/* with nothing granted before the cut there was nothing to lose */
	start(two, 2);
	authenticate();
	acts();
	feed_lost(&feed, "cut", now);
	CHECK_STR(acts(), "lost");
	now = feed_due(&feed);
	subscribe();
	CHECK_STR(acts(), "subscribed ping");
}

static void
test_max_connections(void)
{
	test_begin("too many connections: dropped, and a minute's pause");
	now = 1000;
	start(two, 2);
	subscribe();
	CHECK_STR(acts(), "subscribed ping");
	for (int i = 0; i < 20; i++) {
		int64_t p;

		status("max_connections", "Maximum number");
		CHECK_STR(acts(), "drop refused");
		CHECK_INT(feed.state, FEED_REFUSED);
		p = pause_of();
		CHECK(p >= 60000 && p <= 75000);
		subscribe();
		CHECK_STR(acts(), "subscribed back ping");
	}
}

static void
test_auth_failed(void)
{
	test_begin("a refused key ends it, whatever comes behind");
	now = 1000;
	start(two, 2);
	acts();
	feed_opened(&feed, now);
	acts();
	status("auth_failed", "authentication failed");
	CHECK_STR(acts(), "fail");
	feed_lost(&feed, "cut", now);
	now += 100000;
	CHECK_STR(acts(), "fail");
}

static void
test_deadlines(void)
{
	test_begin("no connection, no answer, nothing heard: each has its end");
	now = 1000;
	start(two, 2);
	CHECK_STR(acts(), "connect");
	now += 5000;
	CHECK_STR(acts(), "drop lost");
	now = feed_due(&feed);
	acts();
	feed_opened(&feed, now);
	acts();
	now += 5000;
	CHECK_STR(acts(), "drop lost");
	now = feed_due(&feed);
	subscribe();
	acts();
	/* quiet, with pongs: alive for ever */
	for (int i = 0; i < 100; i++) {
		now = feed_due(&feed);
		CHECK_STR(acts(), "ping");
		feed_heard(&feed, true, now);
		acts();
	}
	/* without them: pings, then the end */
	now = feed_due(&feed);
	CHECK_STR(acts(), "ping");
	now = feed_due(&feed);
	CHECK_STR(acts(), "ping");
	now = feed_due(&feed);
	CHECK_STR(acts(), "drop lost");
}

/* Whatever is said in whatever order: it neither hangs nor storms. */
static void
test_any_order(void)
{
	static const char *const words[] = {"connected", "auth_success",
	    "auth_timeout", "success", "error", "max_connections", "x"};
	static const char *const messages[] = {"subscribed to: T.*",
	    "subscribed to: Q.O:SPX260821C00200000", "subscribed to: ", "",
	    "not authorized", "unsubscribed to: T.*"};
	struct feed_effect what;
	uint64_t seed = 7, connects, before;

	test_begin("any statuses, losses and choices in any order: no storm");
	now = 1000;
	start(two, 2);
	before = (uint64_t)now;
	for (int i = 0; i < 200000; i++) {
		int n = 0;

		switch (check_random(&seed) % 6) {
		case 0:
			if (feed.state == FEED_CONNECTING && feed.step != 0)
				feed_opened(&feed, now);
			break;
		case 1:
			if (feed.is_open)
				feed_lost(&feed, "x", now);
			break;
		case 2:
			feed_want(&feed, two, check_random(&seed) % 3, now);
			break;
		case 3:
			if (feed.is_open)
				feed_heard(&feed, true, now);
			break;
		default:
			status(words[check_random(&seed) % 7],
			    messages[check_random(&seed) % 6]);
		}
		while (feed_next(&feed, &what, now) != FEED_NOTHING)
			if (!CHECK(n++ < 50))
				return;
		CHECK(feed_due(&feed) > now);
		if (check_random(&seed) % 3 == 0)
			now += check_random(&seed) % 3000;
	}
	connects = feed.connects;
	CHECK(connects > 1000);
	CHECK(connects <= ((uint64_t)now - before) / 1000);
}

int
main(void)
{
	test_golden();
	test_chunks();
	test_refused();
	test_other_choice();
	test_late_ack();
	test_backoff();
	test_told_once();
	test_half_subscribed();
	test_max_connections();
	test_auth_failed();
	test_deadlines();
	test_any_order();
	feed_free(&feed);
	buf_free(&told);
	return test_done();
}
