/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "hydrator.h"
#include "rec.h"
#include "sig.h"

#define LINE_MS 100   /* between two records of one symbol */
#define AT_ONCE 256   /* lines, while Redis's answer is on its way … */
#define IN_A_ROW 4096 /* … and while nothing is */
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

	for (size_t i = 0; i < h->keep.n; i++)
		for (int c = 0; c < COUNTS; c++)
			total[c] += h->keep.flows[i]->total[c];
	for (int c = 0; c < COUNTS; c++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    "%s %" PRId64 " ", count_names[c], total[c]);
	err_warn(NULL, "COUNTS",
	    "%swaiting %zu passed %" PRIu64 " bad_lines %" PRIu64
	    " slow_lines %" PRIu64 " batches %" PRIu64 " superseded %" PRIu64
	    " epochs %" PRIu64 " fence_waits %" PRIu64 " outages %" PRIu64
	    " requests %" PRIu64,
	    text, h->keep.waiting, h->passed, h->bad, h->slow, h->batches,
	    h->superseded, h->promotions, h->act.fence_waits, h->outages,
	    h->keep.requests);
}

void
hydrator_init(struct hydrator *h)
{
	keeper_init(&h->keep);
	h->keep.asks = &h->out;
	h->out.room = OUT_BYTES;
	h->in.nowait = true;
}

void
hydrator_free(struct hydrator *h)
{
	keeper_free(&h->keep);
	buf_free(&h->own);
	act_free(&h->act);
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
	struct tick t;
	struct err e;

	if (tick_read(line, &h->own, &t, &e) < 0) {
		on_bad(h, &e);
		return;
	}
	h->slow += (uintptr_t)t.id.p - (uintptr_t)line.p > line.n;
	keeper_take(&h->keep, &t);
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
	for (size_t i = 0; i < h->keep.n; i++) {
		struct inflow *f = h->keep.flows[i];

		if ((all || now >= f->line_due) && inflow_has_news(f)) {
			inflow_tell(f, &h->out);
			f->line_due = now + LINE_MS;
		}
		/* a gap is told when it is over */
		if (all || h->keep.waiting < (size_t)h->keep.queue)
			inflow_tell_gap(
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

	for (size_t i = 0; i < h->keep.n; i++)
		if (inflow_has_news(h->keep.flows[i]) &&
		    h->keep.flows[i]->line_due < due)
			due = h->keep.flows[i]->line_due;
	if (due > now && sig_stop == 0)
		poll(&p, 1, (int)(due - now));
}

static void
finish(struct hydrator *h)
{
	size_t lost = h->keep.waiting;

	keeper_give_up(&h->keep);
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
	return (h->keep.waiting == 0 && (h->poll_due > 0 || h->away)) ||
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
		hydrator_read(h, h->keep.batch_is_full ? AT_ONCE : IN_A_ROW);
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
