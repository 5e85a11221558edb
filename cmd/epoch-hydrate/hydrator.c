/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hydrator.h"
#include "rec.h"
#include "sig.h"

#define FUTURE_MS 5000 /* a vendor's clock may be that far ahead of ours */
#define LINE_MS 100    /* between two records of one symbol */
#define AT_ONCE 256    /* lines, while Redis's answer is on its way … */
#define IN_A_ROW 4096  /* … and while nothing is */
#define OUT_BYTES (1024 * 1024) /* that may wait for whoever reads us */

void
hydrator_add_status(struct hydrator *h, int status)
{
	h->status = err_worse(h->status, status);
}

void
hydrator_show(const struct hydrator *h)
{
	int64_t total[COUNTS] = {0};
	char text[300];
	int n = 0;

	for (size_t i = 0; i < h->n_feeds; i++)
		for (int c = 0; c < COUNTS; c++)
			total[c] += h->feeds[i]->total[c];
	for (int c = 0; c < COUNTS; c++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    "%s %" PRId64 " ", count_names[c], total[c]);
	err_warn(NULL, "COUNTS",
	    "%swaiting %zu passed %" PRIu64 " bad_lines %" PRIu64
	    " slow_lines %" PRIu64 " batches %" PRIu64 " superseded %" PRIu64
	    " epochs %" PRIu64 " fence_waits %" PRIu64 " outages %" PRIu64
	    " requests %" PRIu64,
	    text, h->waiting, h->passed, h->bad, h->slow, h->batches,
	    h->superseded, h->promotions, h->act.fence_waits, h->outages,
	    h->requests);
}

struct feed *
hydrator_feed(struct hydrator *h, const char *symbol)
{
	for (size_t i = 0; i < h->n_feeds; i++)
		if (strcmp(h->feeds[i]->listing.symbol, symbol) == 0)
			return h->feeds[i];
	h->feeds = mem_grow(h->feeds, h->n_feeds + 1, sizeof(*h->feeds));
	h->feeds[h->n_feeds] = mem_alloc(sizeof(struct feed));
	feed_init(h->feeds[h->n_feeds], symbol);
	return h->feeds[h->n_feeds++];
}

void
hydrator_init(struct hydrator *h)
{
	h->held = pool_new(HELD_MAX);
	h->strangers = strangers_new();
	/* so that no span into it moves while a batch is copied there */
	buf_reserve(&h->batch_text,
	    HYDRATE_MAX * (size_t)(32 + TICK_VALUES * CONTRACT_VALUE_MAX));
	h->out.room = OUT_BYTES;
	h->in.nowait = true;
	hydrator_feed(h, "");
}

void
hydrator_free(struct hydrator *h)
{
	for (size_t i = 0; i < h->n_feeds; i++) {
		feed_free(h->feeds[i]);
		free(h->feeds[i]);
	}
	free(h->feeds);
	pool_free(&h->held);
	strangers_free(&h->strangers);
	buf_free(&h->own);
	buf_free(&h->batch_text);
	act_free(&h->act);
}

/* --- whose a tick is, and where it waits --- */

/* The feed that lists the id (*listed), else one whose board knows its root
 * and whose window might hold it, else one that knows the root, else nobody's:
 * its number. */
static uint32_t
feed_of(const struct hydrator *h, const struct tick *t, bool *listed)
{
	struct span root = listing_root(t->id);
	uint32_t found = 0;
	bool admitted = false;

	*listed = true;
	for (uint32_t i = 1; i < h->n_feeds; i++) {
		const struct listing *l = &h->feeds[i]->listing;

		if (!listing_knows_root(l, root))
			continue;
		if (listing_has(l, t->id))
			return i;
		if (!admitted &&
		    (found == 0 || listing_admits(l, t->id, t->recv_ts))) {
			admitted = listing_admits(l, t->id, t->recv_ts);
			found = i;
		}
	}
	*listed = false;
	return found;
}

void
hydrator_offer(struct hydrator *h, struct feed *f, const struct tick *t)
{
	if (h->waiting >= (size_t)h->queue &&
	    pool_find(f->pool, t->id, t->group) == POOL_END) {
		feed_drop(f, t);
		return;
	}
	switch (pool_put(f->pool, t)) {
	case POOL_NEW:
		h->waiting++;
		if (pool_count(f->pool) >= HYDRATE_MAX)
			h->batch_is_full = true;
		break;
	case POOL_EQUAL:
		feed_count(f, COUNT_DUPLICATE, 1);
		break;
	default:
		feed_count(f, COUNT_CONFLATED, 1);
		break;
	}
}

static void
ask_for_snapshot(struct hydrator *h, const struct feed *f)
{
	struct buf b = {0};

	rec_begin(&b, "refresh", clock_now_ms());
	rec_add_str(&b, "symbol", f->listing.symbol);
	rec_add_str(&b, "reason", "unknown_contracts");
	rec_end(&b);
	out_write(&h->out, b.p, b.n);
	buf_free(&b);
	h->requests++;
}

/* A held tick leaves, and not to be applied. */
static void
let_go(struct hydrator *h, uint32_t at)
{
	struct feed *f = h->feeds[h->held_by[at]];

	feed_count(f, COUNT_HELD, -1);
	feed_count(f, COUNT_UNKNOWN, 1);
}

void
hydrator_hold(struct hydrator *h, struct feed *f, const struct tick *t)
{
	uint32_t by = 0, at = pool_find(h->held, t->id, t->group);

	while (h->feeds[by] != f)
		by++;
	if (by > 0 && !listing_admits(&f->listing, t->id, t->recv_ts)) {
		feed_count(f, COUNT_UNKNOWN, 1);
		return;
	}
	if (by > 0 && h->unknown_limit > 0 &&
	    strangers_count(
		h->strangers, t->id, t->recv_ts, f->listing.begin_ts) &&
	    alarm_rings(&f->alarm, h->unknown_limit, t->recv_ts))
		ask_for_snapshot(h, f);
	if (at == POOL_END && pool_count(h->held) == HELD_MAX) {
		let_go(h, pool_first(h->held));
		pool_drop(h->held, pool_first(h->held));
	}
	switch (pool_put(h->held, t)) {
	case POOL_BEAT:
		let_go(h, at);
		break;
	case POOL_NEW:
		at = pool_find(h->held, t->id, t->group);
		break;
	default:
		feed_count(f, COUNT_UNKNOWN, 1);
		return;
	}
	h->held_by[at] = by;
	feed_count(f, COUNT_HELD, 1);
}

/* A tick that was counted as read is another symbol's now. */
static void
hand_over(struct feed *from, struct feed *to, const struct tick *t)
{
	if (from == to)
		return;
	feed_count(from, COUNT_READ, -1);
	feed_count(to, COUNT_READ, 1);
	if (t->recv_ts > to->recv_ts)
		to->recv_ts = t->recv_ts;
}

static void
place(struct hydrator *h, struct feed *from, const struct tick *t)
{
	bool listed;
	struct feed *to = h->feeds[feed_of(h, t, &listed)];

	hand_over(from, to, t);
	if (listed)
		hydrator_offer(h, to, t);
	else
		hydrator_hold(h, to, t);
}

/* Of what waits for f: what it does not list any more. */
static void
sort_waiting(struct hydrator *h, struct feed *f)
{
	uint32_t next;
	struct tick t;

	for (uint32_t at = pool_first(f->pool); at != POOL_END; at = next) {
		next = pool_next(f->pool, at);
		pool_get(f->pool, at, &t);
		if (listing_has(&f->listing, t.id))
			continue;
		h->waiting--;
		place(h, f, &t);
		pool_drop(f->pool, at);
	}
}

void
hydrator_sort_again(struct hydrator *h)
{
	uint32_t next, by;
	struct tick t;
	bool listed;

	for (uint32_t at = pool_first(h->held); at != POOL_END; at = next) {
		next = pool_next(h->held, at);
		pool_get(h->held, at, &t);
		by = feed_of(h, &t, &listed);
		if (!listed && by == h->held_by[at])
			continue;
		feed_count(h->feeds[h->held_by[at]], COUNT_HELD, -1);
		hand_over(h->feeds[h->held_by[at]], h->feeds[by], &t);
		if (listed) {
			hydrator_offer(h, h->feeds[by], &t);
			pool_drop(h->held, at);
			continue;
		}
		feed_count(h->feeds[by], COUNT_HELD, 1);
		h->held_by[at] = by;
		if (by == 0 ||
		    listing_admits(&h->feeds[by]->listing, t.id, t.recv_ts))
			continue;
		let_go(h, at);
		pool_drop(h->held, at);
	}
	for (size_t i = 1; i < h->n_feeds; i++)
		sort_waiting(h, h->feeds[i]);
}

void
hydrator_give_up(struct hydrator *h)
{
	uint32_t at;
	struct tick t;

	for (; (at = pool_first(h->held)) != POOL_END; pool_drop(h->held, at))
		let_go(h, at);
	for (size_t i = 1; i < h->n_feeds; i++) {
		struct feed *f = h->feeds[i];

		for (; (at = pool_first(f->pool)) != POOL_END;
		     pool_drop(f->pool, at)) {
			pool_get(f->pool, at, &t);
			feed_drop(f, &t);
			h->waiting--;
		}
	}
}

/* --- the input --- */

static void
on_bad(struct hydrator *h, const struct err *e)
{
	h->bad++;
	if (h->bad <= 10)
		err_warn(h->in.name, e->code, "line %" PRIu64 ": %s",
		    h->in.line_no, e->text);
	else if (h->bad == 11)
		err_warn(h->in.name, "BAD_LINES",
		    "further bad lines are counted only");
	hydrator_add_status(h, EX_DATAERR);
}

static void
on_tick(struct hydrator *h, struct span line)
{
	struct feed *f;
	struct tick t;
	struct err e;
	bool listed;

	if (tick_read(line, &h->own, &t, &e) < 0) {
		on_bad(h, &e);
		return;
	}
	h->slow += (uintptr_t)t.id.p - (uintptr_t)line.p > line.n;
	f = h->feeds[feed_of(h, &t, &listed)];
	feed_count(f, COUNT_READ, 1);
	if (t.recv_ts > f->recv_ts)
		f->recv_ts = t.recv_ts;
	if (t.ts - t.recv_ts > FUTURE_MS)
		feed_count(f, COUNT_FUTURE, 1);
	else if (listed)
		hydrator_offer(h, f, &t);
	else
		hydrator_hold(h, f, &t);
}

static void
on_line(struct hydrator *h, struct span line)
{
	struct rec r = {0};
	struct err e;

	if (span_eq(rec_peek_type(line), SPAN_LIT("tick"))) {
		on_tick(h, line);
		return;
	}
	if (rec_read(&r, line, &e) < 0) {
		on_bad(h, &e);
	} else if (strcmp(rec_type(&r), "tick") == 0) {
		on_tick(h, line);
	} else {
		h->passed++;
		out_line(&h->out, line);
	}
	rec_free(&r);
}

static void
on_end(struct hydrator *h)
{
	struct err e;

	h->eof = true;
	if (h->in.torn == 0)
		return;
	err_set(&e, EX_DATAERR, "TORN", "unfinished last line");
	on_bad(h, &e);
}

void
hydrator_read(struct hydrator *h, size_t max_lines)
{
	struct span line;
	struct err e;

	for (size_t i = 0; i < max_lines && !h->eof; i++) {
		int got = in_next(&h->in, &line, &e);

		if (got == 3)
			break;
		if (got == 0) {
			on_end(h);
		} else if (got == 1) {
			on_line(h, line);
		} else {
			if (got == 2)
				err_set(&e, EX_DATAERR, "TOO_LONG",
				    "line > %zu bytes", h->in.max);
			on_bad(h, &e);
		}
		if (got < 0) {
			hydrator_add_status(h, e.exit);
			h->eof = true;
		}
	}
}

/* Inside a wait for Redis. */
static bool
read_meanwhile(void *ctx)
{
	struct hydrator *h = ctx;

	hydrator_read(h, AT_ONCE);
	out_offer(&h->out);
	return !h->eof;
}

/* --- the loop --- */

static void
write_records(struct hydrator *h, int64_t now, bool all)
{
	for (size_t i = 0; i < h->n_feeds; i++) {
		struct feed *f = h->feeds[i];

		if ((all || now >= f->line_due) && feed_has_news(f)) {
			feed_tell(f, &h->out);
			f->line_due = now + LINE_MS;
		}
		/* a gap is told when it is over */
		if (all || h->waiting < (size_t)h->queue)
			feed_tell_gap(
			    f, all ? "disconnect" : "overflow", &h->out);
	}
	out_offer(&h->out);
}

/* Until there is input, or something is due. */
static void
wait_for_work(struct hydrator *h)
{
	struct pollfd p = {.fd = h->eof ? -1 : h->in.fd, .events = POLLIN};
	int64_t now = clock_mono_ms(), due = deliver_due(h);

	for (size_t i = 0; i < h->n_feeds; i++)
		if (feed_has_news(h->feeds[i]) && h->feeds[i]->line_due < due)
			due = h->feeds[i]->line_due;
	if (due > now && sig_stop == 0)
		poll(&p, 1, (int)(due - now));
}

static void
finish(struct hydrator *h)
{
	size_t lost = h->waiting;

	hydrator_give_up(h);
	write_records(h, clock_mono_ms(), true);
	if (lost > 0)
		hydrator_add_status(
		    h, err_fail(NULL, EX_TEMPFAIL,
			   sig_stop != 0 ? "INTERRUPTED" : "UNDELIVERED",
			   "%zu ticks were waiting for Redis", lost));
}

/* The input has ended: nothing waits, and the last look was taken. */
static bool
is_done(const struct hydrator *h, int64_t end)
{
	return (h->waiting == 0 && (h->poll_due > 0 || h->away)) ||
	       clock_mono_ms() >= end;
}

void
hydrator_run(struct hydrator *h)
{
	int64_t end = 0;

	db_meanwhile(h->db, h->in.fd, read_meanwhile, h);
	while (!h->failed && sig_stop == 0) {
		if (sig_usr1) {
			sig_usr1 = 0;
			hydrator_show(h);
		}
		hydrator_read(h, h->batch_is_full ? AT_ONCE : IN_A_ROW);
		if (h->eof && end == 0) {
			end = clock_mono_ms() + h->deadline_ms;
			h->poll_due = 0; /* a last look, for who is held */
		}
		if (h->eof && is_done(h, end))
			break;
		if (!deliver(h))
			wait_for_work(h);
		write_records(h, clock_mono_ms(), false);
		if (h->out.failed)
			break;
	}
	db_meanwhile(h->db, -1, NULL, NULL);
	finish(h);
}
