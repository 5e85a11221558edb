/* SPDX-License-Identifier: ISC */
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "dormant.h"
#include "sig.h"

#define LOOK_MS 1000 /* at most, between two looks at epoch:active */

void
watch_add_status(struct watch *w, int status)
{
	w->status = err_worse(w->status, status);
}

void
watch_fail(struct watch *w, const char *subject, const struct err *e)
{
	w->ended = true;
	watch_add_status(w, err_report(subject, e));
}

void
watch_serve(struct watch *w, const char *symbol)
{
	struct ward *d;

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->wards[i].name, symbol) == 0)
			return;
	if (w->n == WARDS_MAX) {
		if (!w->full)
			err_warn(symbol, "TOO_MANY",
			    "only %d symbols are watched", WARDS_MAX);
		w->full = true;
		return;
	}
	w->wards = mem_grow(w->wards, w->n + 1, sizeof(*w->wards));
	d = &w->wards[w->n++];
	*d = (struct ward){0};
	snprintf(d->name, sizeof(d->name), "%s", symbol);
	silence_start(&d->s, &w->rule, w->now);
	w->look_at = w->now;
}

/* ---- what goes out ---- */

bool
watch_fits(struct watch *w, size_t n)
{
	if (!w->by_records && out_queued(&w->out) + n > w->out.room)
		out_offer(&w->out);
	return w->by_records || out_queued(&w->out) == 0 ||
	       out_queued(&w->out) + n <= w->out.room;
}

static void
put(struct watch *w, const struct buf *b)
{
	if (watch_fits(w, b->n))
		out_write(&w->out, b->p, b->n);
	else
		w->dropped++;
}

int64_t
watch_feed_time(const struct watch *w, const struct ward *d)
{
	int64_t newest =
	    d->tick_ts > d->coverage.newest ? d->tick_ts : d->coverage.newest;

	return d->ticked && newest > 0 ? newest + w->now - d->tick_at : 0;
}

void
watch_tell(struct watch *w, struct ward *d, int64_t silent_ms, int64_t count,
    bool forced)
{
	struct buf *b = &w->line;

	buf_clear(b);
	rec_begin(b, "dormant", w->wall);
	rec_add_str(b, "symbol", d->name);
	rec_add_str(b, "epoch_id", d->s.epoch);
	rec_add_int(b, "silent_ms", silent_ms);
	rec_add_int(b, "dormant_count", count);
	rec_add_bool(b, "forced", forced);
	if (d->coverage.scanned && watch_feed_time(w, d) > 0) {
		coverage_count(
		    &d->coverage, watch_feed_time(w, d), w->quiet_ms);
		buf_clear(&w->json);
		coverage_json(&d->coverage, &w->json);
		rec_add_json(b, "coverage", buf_view(&w->json));
	}
	rec_end(b);
	put(w, b);
}

/*
 * With a reader that is busy they wait, and merge.  In a replay nobody waits:
 * what is written must not depend on how fast it is read.
 */
void
watch_ask(struct watch *w)
{
	if (w->requests.n == 0)
		return;
	if (!w->by_records) {
		out_offer(&w->out);
		if (out_queued(&w->out) > 0)
			return;
	}
	buf_clear(&w->line);
	w->asked += requests_write(&w->requests, w->wall, &w->line);
	out_write(&w->out, w->line.p, w->line.n);
}

/* ---- time ---- */

static void
request(struct watch *w, const struct ward *d, const char *reason,
    const char *for_epoch)
{
	if (requests_add(&w->requests, d->name, reason, for_epoch) == -1)
		w->dropped++;
}

/* What was owed to Redis was done, or needs not be done any more: tell. */
static void
tell_silence(struct watch *w, struct ward *d)
{
	bool forced = d->owed.force;

	watch_tell(w, d, d->owed.silent_ms, d->owed.count, forced);
	if (forced) {
		w->forced++;
		request(w, d, "dormant", d->s.epoch);
	}
	d->owed.count = 0;
	d->owed.force = false;
}

/* Carry out what is owed; while Redis is away it stays owed. */
static void
settle(struct watch *w, struct ward *d)
{
	enum act_result r;
	struct err e;
	int ready;

	if (d->owed.count == 0 || w->ended)
		return;
	ready = link_ready(&w->link, &e);
	if (ready < 0)
		watch_fail(w, d->name, &e);
	if (ready != 1)
		return;
	r = dormant(&w->link.act, d->name, d->s.epoch, d->owed.count,
	    d->owed.force, &e);
	if (r == ACT_FAILED) {
		if (link_failed(&w->link, &e) == -1)
			watch_fail(w, d->name, &e);
		return;
	}
	link_works(&w->link);
	if (r == ACT_DONE) {
		tell_silence(w, d);
	} else if (act_said(&w->link.act, "damaged")) {
		/* Whatever snapshot comes next replaces it. */
		err_warn(d->name, "DAMAGED", "%s is not whole", d->s.epoch);
		tell_silence(w, d);
	} else {
		d->owed.count = 0;
		d->owed.force = false;
		w->look_at = w->now; /* another epoch: silence begins anew */
	}
}

/* The first force of a silence, and its end, are for people, too. */
static void
say(const struct watch *w, const struct ward *d, bool over, int64_t count)
{
	if (over && count > w->rule.count)
		err_warn(d->name, "AWAKE", "ticks are accepted again");
	if (!over && count == w->rule.count + 1)
		err_warn(d->name, "DORMANT",
		    "no tick accepted for %" PRId64
		    " ms: full recompute, and a new snapshot is asked for",
		    silence_ms(&d->s));
}

static void
step(struct watch *w, struct ward *d, const struct silence_event *event)
{
	int64_t count = d->s.count;
	unsigned r = silence_step(&d->s, &w->rule, event, w->now);

	if ((r & SILENCE_VOID) != 0) {
		d->owed.count = 0;
		d->owed.force = false;
		requests_forget_dormant(&w->requests, d->name);
	}
	if ((r & SILENCE_COUNT) != 0) {
		w->counted++;
		d->owed.count = d->s.count;
		d->owed.silent_ms = silence_ms(&d->s);
	}
	if ((r & SILENCE_FORCE) != 0) {
		d->owed.force = true;
		say(w, d, false, d->s.count);
	}
	if ((r & SILENCE_FIRST) != 0)
		request(w, d, "first", NULL);
	if (event->kind == SILENCE_TICK)
		say(w, d, true, count);
}

void
watch_tick(struct watch *w, struct ward *d, int64_t tick_ts)
{
	d->ticked = true;
	d->tick_at = w->now;
	if (tick_ts > d->tick_ts)
		d->tick_ts = tick_ts;
	step(w, d, &(struct silence_event){.kind = SILENCE_TICK});
}

/*
 * Whoever lost those ticks may know of an epoch that came after our last look,
 * the snapshot of one that is still to come may be older than the gap, and a
 * Redis that is away can take none: the request waits for a look from now on
 * that sees an epoch.
 */
void
watch_gap(struct watch *w, struct ward *d)
{
	d->missed = true;
	w->look_at = w->now;
}

/* An id that is none, or another symbol's, is no epoch: the snapshot that is
 * asked for then replaces it. */
static void
see_epoch(struct watch *w, struct ward *d, struct span id)
{
	struct silence_event event = {.kind = SILENCE_EPOCH, .epoch = ""};
	char text[EPOCH_ID_MAX];
	struct epoch_id parsed;

	if (epoch_id_parse(id, &parsed) == 0 &&
	    strcmp(parsed.symbol, d->name) == 0) {
		epoch_id_text(&parsed, text);
		event.epoch = text;
	}
	step(w, d, &event);
	if (d->missed && event.epoch[0] != '\0') {
		d->missed = false;
		request(w, d, "gap", NULL);
	}
}

/* A server that answers, but cannot write (OOM), is not back. */
static void
note_answer(struct watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->wards[i].owed.count > 0)
			return;
	link_works(&w->link);
}

static void
look(struct watch *w)
{
	struct hash actives = {0};
	struct err e;
	int r;

	if (w->now < w->look_at || w->n == 0)
		return;
	r = link_ready(&w->link, &e);
	if (r == 1) {
		r = view_actives(&w->link.act.view, &actives, &e);
		if (r == -1) {
			r = link_failed(&w->link, &e);
		} else {
			note_answer(w);
			for (size_t i = 0; i < w->n; i++)
				see_epoch(w, &w->wards[i],
				    hash_get(&actives, w->wards[i].name));
			w->look_at = w->now + (w->rule.threshold_ms < LOOK_MS
						      ? w->rule.threshold_ms
						      : LOOK_MS);
		}
	}
	if (r == -1)
		watch_fail(w, db_name(w->link.db), &e);
	hash_free(&actives);
}

void
watch_advance(struct watch *w, int64_t now, int64_t wall)
{
	struct silence_event session = {.kind = SILENCE_SESSION};
	const struct silence_event time = {.kind = SILENCE_TIME};

	if (now > w->now)
		w->now = now;
	w->wall = wall;
	if (w->ended)
		return;
	look(w);
	session.open = session_is_open(&w->session, wall, &session.open_ms);
	for (size_t i = 0; i < w->n; i++) {
		step(w, &w->wards[i], &session);
		step(w, &w->wards[i], &time);
		settle(w, &w->wards[i]);
	}
	if (w->by_records)
		watch_ask(w);
}

int64_t
watch_due(const struct watch *w)
{
	int64_t due = w->n == 0 ? INT64_MAX : w->look_at, t;

	if (w->link.away && due < w->link.retry_at)
		due = w->link.retry_at; /* both are monotonic then */
	for (size_t i = 0; i < w->n; i++) {
		t = silence_due(&w->wards[i].s);
		if (t < due)
			due = t;
	}
	return w->coverage_ms > 0 && w->scan_at < due ? w->scan_at : due;
}

void
watch_show(const struct watch *w)
{
	err_warn(NULL, "COUNTS",
	    "symbols %zu heartbeats %" PRIu64 " batches %" PRIu64
	    " gaps %" PRIu64 " counted %" PRIu64 " forced %" PRIu64
	    " asked %" PRIu64 " merged %" PRIu64 " passed %" PRIu64
	    " dropped %" PRIu64 " bad_lines %" PRIu64 " redis_losses %" PRIu64
	    " clock_jumps %" PRIu64,
	    w->n, w->heartbeats, w->batches, w->gaps, w->counted, w->forced,
	    w->asked, w->requests.merged, w->passed, w->dropped, w->bad,
	    w->link.losses, w->clock.jumps);
}

void
watch_free(struct watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		coverage_free(&w->wards[i].coverage);
	free(w->wards);
	requests_free(&w->requests);
	session_free(&w->session);
	buf_free(&w->line);
	buf_free(&w->json);
}
