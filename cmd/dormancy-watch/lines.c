/* SPDX-License-Identifier: ISC */
/* What comes in: three types are ours, all others pass. */
#include <inttypes.h>
#include <stdio.h>

#include "sig.h"
#include "watch.h"

#define BAD_LINES_TOLD 10
#define TS_MAX INT64_C(253402300799999) /* the end of year 9999 */

void
watch_bad_line(struct watch *w, const struct err *e)
{
	w->bad++;
	if (w->bad <= BAD_LINES_TOLD)
		err_warn(w->in.name, e->code, "line %" PRIu64 ": %s",
		    w->in.line_no, e->text);
	else if (w->bad == BAD_LINES_TOLD + 1)
		err_warn(w->in.name, "BAD_LINES",
		    "further bad lines are counted only");
	watch_add_status(w, EX_DATAERR);
}

/*
 * In a replay a record is also the time.  What was due before a tick counts,
 * what is due with it does not: the tick came just in time.
 */
static int
keep_time(struct watch *w, const struct rec *r, bool tick, struct err *e)
{
	int64_t ts = rec_ts(r), t;
	bool first = !w->clock.begun;

	if (!w->by_records)
		return 0;
	if (ts < 0 || ts > TS_MAX)
		return err_set(e, EX_DATAERR, "BAD_RECORD", "ts is no time");
	t = silence_clock(&w->clock, ts);
	if (first) {
		w->now = w->look_at = t;
		for (size_t i = 0; i < w->n; i++)
			silence_start(&w->wards[i].s, &w->rule, t);
	}
	watch_advance(w, t - tick, t - w->clock.shift - tick);
	w->now = t;
	return 0;
}

static struct ward *
find_ward(struct watch *w, const char *symbol)
{
	for (size_t i = 0; symbol != NULL && i < w->n; i++)
		if (strcmp(w->wards[i].name, symbol) == 0)
			return &w->wards[i];
	return NULL;
}

static int
on_heartbeat(struct watch *w, const struct rec *r, struct err *e)
{
	const char *symbol;

	w->heartbeats++;
	if (keep_time(w, r, false, e) == -1)
		return -1;
	for (size_t i = 0; i < rec_items(r, "symbols"); i++) {
		symbol = rec_item(r, "symbols", i);
		if (symbol != NULL && symbol_valid(span_str(symbol)))
			watch_serve(w, symbol);
	}
	if (w->by_records) /* a new symbol is looked at at once */
		watch_advance(w, w->now, w->wall);
	return 0;
}

static int
on_hydrated(struct watch *w, const struct rec *r, struct err *e)
{
	const char *epoch = rec_str(r, "epoch_id");
	int64_t applied = 0, tick_ts = 0;
	struct ward *d;

	w->batches++;
	if (rec_int(r, "applied", &applied) == -1)
		return err_set(e, EX_DATAERR, "BAD_RECORD",
		    "hydrated: applied is no count");
	if (keep_time(w, r, applied > 0, e) == -1)
		return -1;
	d = find_ward(w, rec_str(r, "symbol"));
	if (d == NULL)
		return 0;
	if (epoch != NULL && strcmp(epoch, d->s.epoch) != 0)
		w->look_at = w->now; /* the hydrator saw another epoch */
	if (applied <= 0)
		return 0;
	rec_int(r, "last_tick_ts", &tick_ts);
	watch_tick(w, d, tick_ts);
	return 0;
}

/* While it is open nothing can be repaired; closed, one snapshot does it. */
static int
on_gap(struct watch *w, const struct rec *r, struct err *e)
{
	struct ward *d;
	int64_t to;

	w->gaps++;
	if (keep_time(w, r, false, e) == -1)
		return -1;
	if (rec_int(r, "to_ts", &to) == -1)
		return 0;
	for (size_t i = 0; i < rec_items(r, "symbols"); i++)
		if ((d = find_ward(w, rec_item(r, "symbols", i))) != NULL)
			watch_gap(w, d);
	for (size_t i = 0; i < w->n && !rec_has(r, "symbols"); i++)
		watch_gap(w, &w->wards[i]);
	if (w->by_records)
		watch_advance(w, w->now, w->wall);
	return 0;
}

/* The upstream never waits: what a busy reader leaves no room for is lost,
 * counted, and told. */
static void
pass(struct watch *w, struct span line)
{
	if (watch_fits(w, line.n + 1)) {
		out_line(&w->out, line);
		w->passed++;
		w->stalled = false;
		return;
	}
	w->dropped++;
	if (!w->stalled)
		err_warn("stdout", "STALLED",
		    "the reader is too slow: records are dropped");
	w->stalled = true;
}

/* Somebody's request passes; while the reader is busy it waits among ours,
 * one a symbol. */
static void
on_refresh(struct watch *w, const struct rec *r, struct span line)
{
	const char *reason = rec_str(r, "reason"), *epoch = NULL;

	if (!w->by_records)
		out_offer(&w->out);
	if (reason != NULL && strcmp(reason, "dormant") == 0)
		epoch = rec_str(r, "for_epoch");
	if (w->by_records || out_queued(&w->out) == 0 || reason == NULL ||
	    requests_add(&w->requests, rec_str(r, "symbol"), reason, epoch) ==
		-1)
		pass(w, line);
}

static int
on_record(struct watch *w, const struct rec *r, struct span line, struct err *e)
{
	const char *type = rec_type(r);

	if (strcmp(type, "hydrated") == 0)
		return on_hydrated(w, r, e);
	if (strcmp(type, "heartbeat") == 0)
		return on_heartbeat(w, r, e);
	if (strcmp(type, "gap") == 0)
		return on_gap(w, r, e);
	if (strcmp(type, "refresh") == 0)
		on_refresh(w, r, line);
	else
		pass(w, line);
	return 0;
}

void
watch_line(struct watch *w, struct span line)
{
	struct rec r = {0};
	struct err e;

	if (rec_read(&r, line, &e) == -1 || on_record(w, &r, line, &e) == -1)
		watch_bad_line(w, &e);
	rec_free(&r);
}

/* Told to stop before it could look: the last look has to do. */
static void
ask_unseen(struct watch *w, const struct ward *d)
{
	if (d->missed && d->s.epoch[0] != '\0' && !w->link.away &&
	    requests_add(&w->requests, d->name, "gap", NULL) == -1)
		w->dropped++;
}

/* What is still owed to a ward.  Where no epoch was seen `first` stands. */
static void
end_ward(struct watch *w, const struct ward *d)
{
	if (d->owed.force)
		watch_add_status(
		    w, err_fail(d->name, EX_TEMPFAIL, "OWED",
			   "ended before %s could be made dirty in full",
			   d->s.epoch));
	if (d->missed && w->link.away)
		watch_add_status(
		    w, err_fail(d->name, EX_TEMPFAIL, "OWED",
			   "ended before what a gap lost could be asked for"));
}

void
watch_end(struct watch *w)
{
	struct err e;

	if (w->in.torn > 0) {
		err_set(&e, EX_DATAERR, "TORN", "unfinished last line");
		watch_bad_line(w, &e);
	}
	for (size_t i = 0; i < w->n; i++)
		ask_unseen(w, &w->wards[i]);
	buf_clear(&w->line);
	w->asked += requests_write(&w->requests, w->wall, &w->line);
	if (w->line.n > 0)
		out_write(&w->out, w->line.p, w->line.n);
	for (size_t i = 0; i < w->n && !w->ended; i++)
		end_ward(w, &w->wards[i]);
	if (w->dropped > 0)
		watch_add_status(
		    w, err_fail("stdout", EX_IOERR, "DROPPED",
			   "%" PRIu64 " records found no reader", w->dropped));
	if (w->n == 0 && sig_stop == 0 && !w->ended)
		watch_add_status(
		    w, err_fail(w->in.name, EX_DATAERR, "EMPTY",
			   "neither a heartbeat nor --symbol names a symbol"));
}
