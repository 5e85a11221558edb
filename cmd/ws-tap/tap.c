/* SPDX-License-Identifier: ISC */
/*
 * tap: see tap.h.
 *
 * The account.  Every event received is, at any moment, written as a line, or
 * waiting in the pool of a slow stdout, or gone for one of the counted
 * reasons.  A heartbeat tells of settled events only, so what waits is not yet
 * received; and it stands in the same buffer as the ticks, so its "written" is
 * the number of tick lines above it.
 */
#define _GNU_SOURCE /* ppoll, explicit_bzero */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "intake.h"
#include "queue.h"
#include "sig.h"
#include "socket.h"
#include "tap.h"
#include "wanted.h"

#define BEAT_MS 1000
#define CLOSE_MS 400 /* for the vendor's answer to our close */

enum { FD_SOCKET, FD_OUT, FD_BOARDS, FDS };

struct tap {
	struct tap_conf *conf;
	struct socket *socket;
	struct boards *boards; /* NULL: no symbols */
	struct feed feed;
	struct queue queue;
	struct intake intake;
	struct buf text;
	bool *is_known;          /* by symbol: it has a board */
	int64_t beat;            /* when the next one is due, monotonic */
	int64_t heard_ts;        /* anything at all, wall clock */
	int64_t lost_from;       /* the gap that is open */
	const char *lost_reason; /* of it */
	int64_t broken_from, broken_to;
	uint64_t broken_told;
	uint64_t conflated_told;
	bool is_slow;
	int rc;
	bool is_gone; /* nobody reads stdout any more */
	bool is_over;
};

/* ----------------------------------------------------------------- records */

static void
put(struct tap *t)
{
	if (!queue_record(&t->queue, buf_view(&t->text), QUEUE_EXTRA))
		err_warn(NULL, "LOST_RECORD",
		    "stdout is too slow even for what is no tick");
	buf_clear(&t->text);
}

static void
put_gap(struct tap *t, int64_t from, int64_t to, const char *why, uint64_t n)
{
	report_gap(
	    &t->text, &t->conf->symbols, clock_now_ms(), from, to, why, n);
	put(t);
}

static void
put_feed(struct tap *t, const struct served *s, const char *state,
    const char *detail)
{
	/* a vendor that echoes the key does not get it told */
	if (secret_is_in(&t->conf->key, span_str(detail)))
		detail = "not told: it holds the key";
	report_feed(&t->text, s, clock_now_ms(), state, detail);
	put(t);
}

static struct counts
settled(const struct tap *t)
{
	const struct intake *in = &t->intake;

	return (struct counts){
	    .received = in->received - queue_ticks(&t->queue),
	    .written = t->queue.written,
	    .conflated = t->queue.conflated,
	    .filtered = in->filtered,
	    .unsupported = in->unsupported,
	    .bad = in->bad,
	    .dropped = t->queue.dropped};
}

static void
show(const struct tap *t)
{
	struct counts c = settled(t);

	err_warn(NULL, "COUNTS",
	    "state %s received %" PRIu64 " written %" PRIu64
	    " conflated %" PRIu64 " filtered %" PRIu64 " unsupported %" PRIu64
	    " bad %" PRIu64 " dropped %" PRIu64
	    " waiting %zu slow_events %" PRIu64 " odd_units %" PRIu64
	    " connects %" PRIu64 " losses %" PRIu64,
	    feed_state_name(t->feed.state), c.received, c.written, c.conflated,
	    c.filtered, c.unsupported, c.bad, c.dropped, queue_ticks(&t->queue),
	    t->intake.frame.slow, t->intake.frame.odd_units, t->feed.connects,
	    t->feed.losses);
}

/* What has gathered since the last heartbeat, then that. */
static void
put_beat(struct tap *t)
{
	struct queue *q = &t->queue;
	struct counts c;

	if (q->dropped > q->dropped_told)
		put_gap(t, q->dropped_from, q->dropped_to, "overflow",
		    q->dropped - q->dropped_told);
	q->dropped_told = q->dropped;
	if (t->intake.broken > t->broken_told)
		put_gap(t, t->broken_from, t->broken_to, "bad_frame",
		    t->intake.broken - t->broken_told);
	t->broken_told = t->intake.broken;
	if (q->conflated + q->dropped > t->conflated_told && !t->is_slow)
		err_warn(NULL, "SLOW",
		    "stdout is too slow: of each contract only the newest "
		    "ticks are kept");
	t->is_slow =
	    q->conflated + q->dropped > t->conflated_told || queue_ticks(q) > 0;
	t->conflated_told = q->conflated + q->dropped;
	c = settled(t);
	report_heartbeat(&t->text, &t->conf->symbols, clock_now_ms(),
	    feed_state_name(t->feed.state), t->intake.last_ts, &c);
	put(t);
}

static void
beat_when_due(struct tap *t)
{
	int64_t now = clock_mono_ms();

	if (sig_usr1) {
		sig_usr1 = 0;
		show(t);
	}
	/* one that cannot go out is made up for when it can */
	if (now < t->beat || queue_is_full(&t->queue))
		return;
	put_beat(t);
	t->beat += BEAT_MS;
	if (t->beat <= now)
		t->beat = now + BEAT_MS;
}

/* ------------------------------------------------------------- from socket */

static void
on_opened(void *ctx)
{
	struct tap *t = ctx;

	feed_opened(&t->feed, clock_mono_ms());
}

static void
on_pong(void *ctx)
{
	struct tap *t = ctx;

	t->heard_ts = clock_now_ms();
	feed_heard(&t->feed, true, clock_mono_ms());
}

static void
on_status(void *ctx, struct span status, struct span message)
{
	struct tap *t = ctx;

	feed_status(&t->feed, status, message, clock_mono_ms());
}

static void
on_tick(void *ctx, const struct tick *tick)
{
	struct tap *t = ctx;

	queue_tick(&t->queue, tick);
}

static void
note_broken(struct tap *t, int64_t ts)
{
	if (t->intake.broken == t->broken_told + 1)
		t->broken_from = ts;
	t->broken_to = ts;
}

static void
on_message(void *ctx, struct span text)
{
	struct tap *t = ctx;
	uint64_t n;
	int64_t newest;

	t->heard_ts = clock_now_ms();
	feed_heard(&t->feed, false, clock_mono_ms());
	if (!t->conf->is_raw) {
		if (!intake_message(&t->intake, text, t->heard_ts))
			note_broken(t, t->heard_ts);
		return;
	}
	n = intake_count(&t->intake, text, &newest);
	t->intake.received += n;
	if (n > 0)
		t->intake.last_ts = t->heard_ts;
	if (secret_is_in(&t->conf->key, text))
		text = SPAN_LIT("[]"); /* a vendor that echoes the key */
	report_frame(&t->text, t->heard_ts, t->feed.connects, text);
	queue_events(&t->queue, buf_view(&t->text), n, t->heard_ts);
	buf_clear(&t->text);
}

static void
note_loss(struct tap *t, const char *reason)
{
	if (t->feed.is_gap && t->lost_reason == NULL) {
		t->lost_reason = reason;
		t->lost_from = t->heard_ts;
	}
}

static void
on_lost(void *ctx, enum socket_loss loss, const char *how)
{
	struct tap *t = ctx;
	struct err e;

	if (loss == SOCKET_NO_TLS && t->heard_ts == 0) {
		/* nobody's passing trouble: it never worked */
		err_set(&e, EX_UNAVAILABLE, "TLS", "%.300s", how);
		t->rc = err_worse(t->rc, err_report(NULL, &e));
		t->is_over = true;
	}
	if (loss == SOCKET_TOO_LONG) {
		t->intake.received++;
		t->intake.bad++;
	}
	feed_lost(&t->feed, how, clock_mono_ms());
	note_loss(t, loss == SOCKET_TOO_LONG ? "bad_frame" : "disconnect");
}

/* ----------------------------------------------------------- from the feed */

static void
send_key(struct tap *t)
{
	struct buf b = {0};

	buf_reserve(&b, SECRET_MAX + 64);
	buf_str(&b, "{\"action\":\"auth\",\"params\":\"");
	buf_str(&b, t->conf->key.text); /* [A-Za-z0-9_-] */
	buf_str(&b, "\"}");
	socket_send(t->socket, buf_view(&b));
	explicit_bzero(b.p, b.n);
	buf_free(&b);
}

static void
on_report(struct tap *t, const struct feed_effect *what)
{
	const size_t *n = t->feed.pairs.count;
	const char *detail = what->detail;

	put_feed(t, &t->conf->symbols, feed_state_name(what->state), detail);
	if (secret_is_in(&t->conf->key, span_str(detail)))
		return;
	if (what->state == FEED_LOST)
		err_warn(NULL, "LOST", "%s", detail);
	else if (what->state == FEED_REFUSED)
		err_warn(NULL, "REFUSED",
		    "%s; is there another tap with this key?", detail);
	else if (n[PAIR_SILENT] + n[PAIR_REFUSED] > 0 && detail[0] != '\0')
		err_warn(NULL, "SUBSCRIBED", "%s", detail);
	else if (t->conf->is_verbose)
		err_warn(NULL, "FEED", "%s%s%s", feed_state_name(what->state),
		    detail[0] == '\0' ? "" : ": ", detail);
}

static void
on_back(struct tap *t)
{
	int64_t now = clock_now_ms();

	if (t->lost_reason == NULL)
		return;
	put_gap(t, t->lost_from, now, t->lost_reason,
	    strcmp(t->lost_reason, "bad_frame") == 0);
	err_warn(NULL, "BACK", "subscribed again after %" PRId64 " ms",
	    now - t->lost_from);
	t->lost_reason = NULL;
}

static void
on_ready(struct tap *t)
{
	if (t->conf->ready_fd < 0)
		return;
	(void)!write((int)t->conf->ready_fd, "\n", 1);
	close((int)t->conf->ready_fd);
	t->conf->ready_fd = -1;
}

static void
do_act(struct tap *t, enum feed_act act, const struct feed_effect *what)
{
	switch (act) {
	case FEED_CONNECT:
		socket_connect(t->socket);
		break;
	case FEED_AUTH:
		send_key(t);
		break;
	case FEED_SEND:
		socket_send(t->socket, what->text);
		break;
	case FEED_PING:
		socket_ping(t->socket);
		break;
	case FEED_DROP:
		note_loss(t, "disconnect");
		socket_drop(t->socket, 1000);
		break;
	case FEED_REPORT:
		on_report(t, what);
		break;
	case FEED_BACK:
		on_back(t);
		break;
	case FEED_READY:
		on_ready(t);
		break;
	case FEED_FAIL:
		t->rc = err_worse(t->rc,
		    err_fail(NULL, EX_NOPERM, "AUTH", "%s",
			secret_is_in(&t->conf->key, span_str(what->detail))
			    ? "refused"
			    : what->detail));
		t->is_over = true;
		break;
	case FEED_NOTHING:
		break;
	}
}

static void
follow_feed(struct tap *t)
{
	struct feed_effect what;
	enum feed_act act;

	while (!t->is_over && (act = feed_next(&t->feed, &what,
				   clock_mono_ms())) != FEED_NOTHING)
		do_act(t, act, &what);
}

/* --------------------------------------------------------- from the boards */

/* A symbol without a board is nothing that can be subscribed. */
static void
say_waiting(struct tap *t, size_t i, bool is_known)
{
	struct served one = {&t->conf->symbols.names[i], 1};

	if (is_known)
		return;
	put_feed(t, &one, feed_state_name(FEED_WAITING), "no active epoch");
	err_warn(one.names[0], "WAITING", "it has no active epoch");
}

static void
want(struct tap *t, const struct boards_news *news)
{
	size_t n;
	struct pair *pairs = wanted_pairs(t->conf, news, &n);

	feed_want(&t->feed, pairs, n, clock_mono_ms());
	free(pairs);
}

static void
take_boards(struct tap *t)
{
	struct boards_news *news;
	struct filter *f = &t->intake.filter;
	struct err e;
	int rc = boards_take(t->boards, &news, &e);

	if (rc < 0) {
		t->rc = err_worse(t->rc, err_report(NULL, &e));
		t->is_over = true;
	}
	if (rc != 1)
		return;
	for (size_t i = 0; i < t->conf->symbols.n; i++) {
		if (t->is_known == NULL || t->is_known[i] != news->is_known[i])
			say_waiting(t, i, news->is_known[i]);
	}
	want(t, news);
	free(f->roots);
	f->roots = news->roots;
	f->nroots = news->nroots;
	f->hit = SPAN_NONE;
	news->roots = NULL;
	free(t->is_known);
	t->is_known = news->is_known;
	news->is_known = NULL;
	boards_news_free(&news);
}

/* -------------------------------------------------------------------- loop */

static int
open_all(struct tap *t, struct err *e)
{
	const struct socket_conf socket = {.url = t->conf->url,
	    .cacert = t->conf->cacert,
	    .max_message = (size_t)t->conf->max_message,
	    .opened = on_opened,
	    .message = on_message,
	    .pong = on_pong,
	    .lost = on_lost,
	    .ctx = t};
	const struct boards_conf boards = {.symbols = t->conf->symbols,
	    .redis = t->conf->redis,
	    .timeout_ms = t->conf->redis_timeout_ms,
	    .quotes = t->conf->channels[1] ? (size_t)t->conf->quotes : 0};
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) < 0)
		return err_set(e, EX_OSERR, "RANDOM", "%s", strerror(errno));
	feed_init(&t->feed, &t->conf->feed, random);
	if (socket_new(&t->socket, &socket, e) != 0)
		return -1;
	if (t->conf->symbols.n == 0) {
		want(t, NULL);
		return 0;
	}
	return boards_start(&t->boards, &boards, e);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How long nothing has to be done. */
static int64_t
idle_ms(struct tap *t)
{
	int64_t now = clock_mono_ms(), ms;

	if (out_queued(&t->queue.out) > 0 && !t->queue.is_blocked)
		return 0;
	ms = least(t->beat, feed_due(&t->feed)) - now;
	if (ms < 0) /* a beat that waits for stdout */
		ms = feed_due(&t->feed) <= now ? 0 : BEAT_MS;
	return least(ms, socket_wait_ms(t->socket));
}

/* poll, with signals let in only here, so that none is slept through. */
static int
wait_for(struct pollfd *p, int64_t ms)
{
	struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};
	sigset_t held, before;
	int n = 0;

	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGUSR1);
	sigprocmask(SIG_BLOCK, &held, &before);
	if (!sig_stop)
		n = ppoll(p, FDS, &ts, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return n;
}

static void
turn(struct tap *t)
{
	struct queue *q = &t->queue;
	struct pollfd p[FDS] = {
	    [FD_SOCKET] = {.fd = socket_fd(t->socket),
		.events = socket_events(t->socket)},
	    [FD_OUT] = {.fd = q->out.fd, .events = q->is_blocked ? POLLOUT : 0},
	    [FD_BOARDS] = {.fd = t->boards == NULL ? -1 : boards_fd(t->boards),
		.events = POLLIN},
	};
	bool has_input;

	wait_for(p, idle_ms(t));
	has_input = (p[FD_SOCKET].revents & POLLIN) != 0;
	if ((p[FD_OUT].revents & POLLERR) != 0)
		t->is_gone = true;
	if (!t->is_gone && (!has_input || out_queued(&q->out) >= QUEUE_FLUSH ||
			       (p[FD_OUT].revents & POLLOUT) != 0))
		queue_flush(q);
	if (p[FD_BOARDS].revents != 0)
		take_boards(t);
	socket_service(t->socket);
	follow_feed(t);
	beat_when_due(t);
	t->is_over = t->is_over || t->is_gone || q->out.failed;
}

/* What was received goes out, and the vendor is told: an orphaned connection
 * may hold the only place that there is. */
static void
end(struct tap *t)
{
	int64_t until = clock_mono_ms() + CLOSE_MS;

	socket_drop(t->socket, 1000);
	while (!socket_is_closed(t->socket) && clock_mono_ms() < until) {
		socket_service(t->socket);
		clock_sleep_ms(5);
	}
	if (t->is_gone)
		return;
	queue_empty(&t->queue);
	if (t->lost_reason != NULL)
		put_gap(t, t->lost_from, clock_now_ms(), t->lost_reason,
		    strcmp(t->lost_reason, "bad_frame") == 0);
	put_beat(t);
}

int
tap_run(struct tap_conf *conf)
{
	struct tap t = {.conf = conf,
	    .beat = clock_mono_ms(),
	    .intake = {.on_tick = on_tick, .on_status = on_status}};
	struct err e;

	t.intake.ctx = &t;
	t.intake.filter.ids = conf->contracts;
	t.intake.filter.nids = conf->ncontracts;
	queue_init(&t.queue, STDOUT_FILENO, (size_t)conf->queue);
	if (open_all(&t, &e) == 0) {
		while (!t.is_over && !sig_stop)
			turn(&t);
		end(&t);
	} else {
		t.rc = err_report(NULL, &e);
	}
	if (t.is_gone)
		buf_clear(&t.queue.out.buf);
	if (out_close(&t.queue.out, &e) != 0)
		t.rc = err_worse(t.rc, err_report(NULL, &e));
	if (conf->is_verbose)
		show(&t);
	boards_stop(&t.boards);
	socket_free(&t.socket);
	feed_free(&t.feed);
	queue_free(&t.queue);
	intake_free(&t.intake);
	buf_free(&t.text);
	free(t.is_known);
	if (t.is_gone)
		sig_die_of_pipe();
	return t.rc;
}
