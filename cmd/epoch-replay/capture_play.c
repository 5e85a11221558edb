/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture_play.h"
#include "clock.h"
#include "epoch.h"
#include "replay.h"
#include "sig.h"

#define ACT_MS 60000
#define FENCE_MS 20 /* between two tries at a fenced epoch */

void
capture_play_free(struct capture_play *p)
{
	for (size_t i = 0; i < p->n_flows; i++)
		flow_free(&p->flows[i]);
	free(p->flows);
	keeper_free(&p->keep);
}

static int
interrupted(struct err *e)
{
	return err_set(e, EX_TEMPFAIL, "INTERRUPTED", "stopped by signal %d",
	    (int)sig_stop);
}

/* --- the order of receipt --- */

static void
on_gap(void *ctx, const struct rec *r)
{
	struct capture_play *p = ctx;

	for (size_t i = 0; i < rec_items(r, "symbols"); i++) {
		const char *name = rec_item(r, "symbols", i);

		for (size_t s = 0; name != NULL && s < p->c->n_symbols; s++)
			if (strcmp(p->c->symbols[s].name, name) == 0)
				p->c->symbols[s].gaps++;
	}
	p->c->gaps++;
}

static void
start_flows(struct capture_play *p)
{
	for (size_t i = 0; i < p->n_flows; i++)
		flow_free(&p->flows[i]);
	p->n_flows = p->c->n_taps;
	p->flows = mem_grow(p->flows, p->n_flows + 1, sizeof(*p->flows));
	for (size_t i = 0; i < p->n_flows; i++)
		p->flows[i] = (struct flow){.tap = &p->c->taps[i]};
	p->shot = p->flow = 0;
	p->c->gaps = 0;
	for (size_t i = 0; i < p->c->n_symbols; i++)
		p->c->symbols[i].gaps = 0;
}

/* The flow whose next tick was received first.  One that did not begin yet is
 * opened only when no other has an earlier tick. */
static int
choose_flow(struct capture_play *p, struct flow **best, struct err *e)
{
	const struct passed passed = {on_gap, p};

	*best = NULL;
	while (p->flow < p->n_flows && p->flows[p->flow].ended)
		p->flow++;
	for (size_t i = p->flow; i < p->n_flows; i++) {
		struct flow *f = &p->flows[i];

		if (f->ended)
			continue;
		if (!f->started && *best != NULL &&
		    f->tap->first_ts > (*best)->ts)
			break; /* nor do those behind it begin earlier */
		if (flow_fill(p->c, f, &passed, e) < 0 &&
		    !(p->leave_out && e->exit == EX_DATAERR)) {
			*best = f;
			return -1;
		}
		if (f->full && (*best == NULL || f->ts < (*best)->ts))
			*best = f;
	}
	return 0;
}

/* What comes next: a snapshot, a tick, or nothing.  -1 and *e. */
static int
choose(struct capture_play *p, struct shot **shot, struct flow **flow,
    struct err *e)
{
	*shot = NULL;
	while (p->shot < p->c->n_shots && p->c->shots[p->shot].left_out)
		p->shot++;
	if (choose_flow(p, flow, e) < 0)
		return -1;
	if (p->shot == p->c->n_shots)
		return 0;
	if (*flow == NULL || p->c->shots[p->shot].ts <= (*flow)->ts) {
		*shot = &p->c->shots[p->shot];
		*flow = NULL;
	}
	return 0;
}

static int
fail(const struct capture_play *p, const struct shot *shot,
    const struct flow *flow, const struct err *e)
{
	if (shot != NULL)
		return captures_fail(p->c, &shot->pages, shot->line, e);
	if (flow != NULL)
		return captures_fail(p->c, &flow->tap->text, 0, e);
	return err_report(NULL, e);
}

/* --- is it good --- */

static int
check_shots(struct capture_play *p)
{
	struct snapshot s;
	struct err e;
	int status = 0;

	for (size_t i = 0; i < p->c->n_shots && sig_stop == 0; i++) {
		struct shot *shot = &p->c->shots[i];

		if (shot->left_out)
			continue;
		if (shot_read(p->c, shot, &s, &e) < 0) {
			if (!shot->doubted || e.exit != EX_DATAERR)
				status =
				    err_worse(status, fail(p, shot, NULL, &e));
			shot->left_out = true;
			continue;
		}
		p->good++;
		captures_symbol(p->c, shot->symbol)->acts++;
		captures_symbol(p->c, shot->symbol)->last_ts = shot->ts;
		if (shot->ts > p->last_ts)
			p->last_ts = shot->ts;
		snapshot_free(&s);
	}
	return status;
}

static int
check_flows(struct capture_play *p)
{
	const struct passed passed = {on_gap, p};
	struct err e;
	int status = 0, got = 0;

	start_flows(p);
	for (size_t i = 0; i < p->n_flows && sig_stop == 0; i++) {
		struct flow *f = &p->flows[i];

		while ((got = flow_fill(p->c, f, &passed, &e)) > 0) {
			f->full = false;
			p->c->ticks++;
		}
		if (f->ts > p->last_ts)
			p->last_ts = f->ts;
		if (got < 0)
			status = err_worse(status, fail(p, NULL, f, &e));
	}
	return status;
}

bool
capture_play_may_run(const struct capture_play *p, int status)
{
	return p->good > 0 &&
	       (status == 0 || (p->leave_out && status == EX_DATAERR));
}

int
capture_play_check(struct capture_play *p)
{
	int status = captures_scan(p->c);

	if (sig_stop == 0)
		status = err_worse(status, check_shots(p));
	if (sig_stop == 0)
		status = err_worse(status, check_flows(p));
	if (p->good == 0 && (status == 0 || status == EX_DATAERR))
		status = err_worse(status, err_fail(NULL, EX_NO, "NOTHING",
					       "no snapshot in the captures, "
					       "within the limit, and ticks "
					       "alone make no epoch"));
	return status;
}

/* --- ticks --- */

static int
deliver(struct capture_play *p, struct inflow *f, struct err *e)
{
	struct act *act = &p->r->act;
	struct hydration did;
	enum act_result got;

	act_start(act, ACT_MS);
	while (pool_count(f->pool) > 0) {
		size_t n = keeper_batch(&p->keep, f);

		got = hydrate(act, span_str(f->listing.symbol),
		    span_str(f->listing.id), p->keep.batch, n, 0, &did, e);
		if (got == ACT_DONE) {
			keeper_fates(&p->keep, f, &did, n);
			p->r->done++;
			continue;
		}
		keeper_give_back(&p->keep, f, n);
		if (got == ACT_FAILED)
			return -1;
		if (sig_stop != 0)
			return interrupted(e);
		if (got == ACT_AGAIN || clock_mono_ms() >= act->deadline)
			return err_set(e, EX_TEMPFAIL, "CONFLICT",
			    "somebody else writes epochs of %s",
			    f->listing.symbol);
		clock_sleep_ms(FENCE_MS);
	}
	return 0;
}

/* All of what waits, or of those flows in which it makes a batch. */
static int
deliver_all(struct capture_play *p, size_t least, struct err *e)
{
	p->keep.batch_is_full = false;
	for (size_t i = 1; i < p->keep.n; i++)
		if (pool_count(p->keep.flows[i]->pool) >= least &&
		    deliver(p, p->keep.flows[i], e) < 0)
			return -1;
	return 0;
}

/* --- snapshots --- */

static void
count(struct capture_symbol *s, const struct outcome *o, int64_t ts)
{
	s->acts++;
	s->last_ts = ts;
	snprintf(s->id, sizeof(s->id), "%s", o->id);
	*(o->kind == OUTCOME_NEW      ? &s->epochs
	    : o->kind == OUTCOME_SAME ? &s->same
				      : &s->rejected) += 1;
}

static int
decide_on(struct capture_play *p, const struct shot *shot,
    const struct snapshot *s, struct err *e)
{
	const struct policy policy = {.max_shrink_bp = 2000, .confirm = 2};
	struct act *act = &p->r->act;
	struct inflow *f = keeper_flow(&p->keep, shot->symbol);
	struct outcome o = {0};
	int rc;

	act_start(act, ACT_MS);
	act->now_ms = shot->ts;
	rc = epoch_apply(act, s, &policy, &o, e);
	act->now_ms = 0;
	if (rc < 0)
		return -1;
	if (o.kind == OUTCOME_REJECTED && o.exit == EX_TEMPFAIL)
		return err_set(e, o.exit, "CONFLICT", "%s", o.detail);
	if (o.kind == OUTCOME_REJECTED)
		err_warn(shot->symbol, "REJECTED",
		    "%s, as it would be live: %s", o.reason, o.detail);
	count(captures_symbol(p->c, shot->symbol), &o, shot->ts);
	p->r->done++;
	if (strcmp(o.id, f->listing.id) == 0)
		return 0;
	return keeper_follow(&p->keep, f, &act->view, span_str(o.id), e) < 0
		   ? -1
		   : 0;
}

static int
do_shot(struct capture_play *p, struct shot *shot, struct err *e)
{
	struct snapshot s;
	int rc;

	if (deliver_all(p, 1, e) < 0 || shot_read(p->c, shot, &s, e) < 0)
		return -1;
	rc = decide_on(p, shot, &s, e);
	snapshot_free(&s);
	p->shot++;
	return rc;
}

/* --- all of it --- */

/* What Redis has of these symbols: nothing, or it was allowed. */
static int
look(struct capture_play *p, struct err *e)
{
	struct buf id = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->c->n_symbols; i++) {
		const char *name = p->c->symbols[i].name;

		rc = replayer_check_used(p->r, name, e);
		buf_clear(&id);
		if (rc == 0)
			rc = view_active(
			    &p->r->act.view, span_str(name), &id, e);
		if (rc >= 0)
			rc =
			    keeper_follow(&p->keep, keeper_flow(&p->keep, name),
				&p->r->act.view, buf_view(&id), e);
		rc = rc < 0 ? -1 : 0;
	}
	buf_free(&id);
	return rc;
}

/* One after the other; -1 and *e, *shot and *flow say of what. */
static int
do_all(struct capture_play *p, struct shot **shot, struct flow **flow,
    struct err *e)
{
	for (;;) {
		int64_t ts;
		int rc;

		if (sig_stop != 0)
			return interrupted(e);
		if (choose(p, shot, flow, e) < 0)
			return -1;
		if (*shot == NULL && *flow == NULL)
			return deliver_all(p, 1, e);
		ts = *shot != NULL ? (*shot)->ts : (*flow)->ts;
		if (replayer_due(p->r, ts) > 0) {
			if (deliver_all(p, 1, e) < 0)
				return -1;
			replayer_wait(p->r, ts);
		}
		if (*shot != NULL) {
			rc = do_shot(p, *shot, e);
		} else {
			keeper_take(&p->keep, &(*flow)->tick);
			(*flow)->full = false;
			rc = p->keep.batch_is_full
				 ? deliver_all(p, HYDRATE_MAX, e)
				 : 0;
		}
		if (rc < 0)
			return -1;
		if (p->r->part == 0)
			p->r->whole = p->last_ts - ts + 1;
		p->r->part = ts - p->last_ts + p->r->whole;
		replayer_show(p->r, false);
	}
}

static int
check_done(const struct capture_play *p)
{
	uint64_t good = 0;

	for (size_t i = 0; i < p->c->n_symbols; i++)
		good += p->c->symbols[i].epochs + p->c->symbols[i].same;
	return good > 0 ? 0
			: err_fail(NULL, EX_NO, "NOTHING",
			      "every snapshot was refused");
}

int
capture_play_run(struct capture_play *p)
{
	struct shot *shot = NULL;
	struct flow *flow = NULL;
	struct err e;
	int rc;

	keeper_init(&p->keep);
	p->keep.queue = INT64_MAX;
	for (size_t i = 0; i < p->c->n_symbols; i++)
		p->c->symbols[i].acts = 0;
	p->c->ticks = p->c->faults = 0; /* what fails now is told */
	start_flows(p);
	act_start(&p->r->act, ACT_MS);
	rc = look(p, &e);
	if (rc == 0)
		rc = do_all(p, &shot, &flow, &e);
	replayer_show(p->r, true);
	keeper_give_up(&p->keep);
	return rc < 0 ? fail(p, shot, flow, &e) : check_done(p);
}
