/* SPDX-License-Identifier: ISC */
/*
 * tap: see tap.h.
 */
#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "inner.h"
#include "sig.h"
#include "wanted.h"

#define BEAT_MS 1000
#define CLOSE_MS 400 /* for the vendor's answer to our close */

enum { FD_SOCKET, FD_OUT, FD_BOARDS, FDS };

/* --------------------------------------------------------- from the boards */

/* A symbol without a board is nothing that can be subscribed. */
static void
say_waiting(struct tap *t, size_t i, bool is_known)
{
	struct served one = {&t->conf->symbols.names[i], 1};

	if (is_known)
		return;
	say_feed(t, &one, feed_state_name(FEED_WAITING), "no active epoch");
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

static void
beat_when_due(struct tap *t)
{
	int64_t now = clock_mono_ms();

	if (sig_usr1) {
		sig_usr1 = 0;
		say_counts(t);
	}
	/* one that cannot go out is made up for when it can */
	if (now < t->beat || queue_is_full(&t->queue))
		return;
	say_beat(t);
	t->beat += BEAT_MS;
	if (t->beat <= now)
		t->beat = now + BEAT_MS;
}

static int
open_all(struct tap *t, struct err *e)
{
	const struct socket_conf socket = {.url = t->conf->url,
	    .cacert = t->conf->cacert,
	    .max_message = (size_t)t->conf->max_message,
	    .opened = hear_opened,
	    .message = hear_message,
	    .pong = hear_pong,
	    .lost = hear_lost,
	    .ctx = t};
	const struct boards_conf boards = {.symbols = t->conf->symbols,
	    .redis = t->conf->redis,
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
	obey(t);
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
		say_gap(t, t->lost_from, clock_now_ms(), t->lost_reason,
		    strcmp(t->lost_reason, "bad_frame") == 0);
	say_beat(t);
}

int
tap_run(struct tap_conf *conf)
{
	struct tap t = {.conf = conf,
	    .beat = clock_mono_ms(),
	    .intake = {.on_tick = hear_tick, .on_status = hear_status}};
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
		out_drop(&t.queue.out);
	if (out_close(&t.queue.out, &e) != 0)
		t.rc = err_worse(t.rc, err_report(NULL, &e));
	if (conf->is_verbose)
		say_counts(&t);
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
