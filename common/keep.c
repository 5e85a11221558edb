/* SPDX-License-Identifier: ISC */
/* keep: see keep.h. */
#include <stdlib.h>

#include "clock.h"
#include "keep.h"
#include "rec.h"

#define FUTURE_MS 5000 /* a vendor's clock may be that far ahead of ours */

struct inflow *
keeper_flow(struct keeper *k, const char *symbol)
{
	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->flows[i]->listing.symbol, symbol) == 0)
			return k->flows[i];
	k->flows = mem_grow(k->flows, k->n + 1, sizeof(*k->flows));
	k->flows[k->n] = mem_alloc(sizeof(struct inflow));
	inflow_init(k->flows[k->n], symbol);
	return k->flows[k->n++];
}

void
keeper_init(struct keeper *k)
{
	k->held = pool_new(HELD_MAX);
	k->strangers = strangers_new();
	/* so that no span into it moves while a batch is copied there */
	buf_reserve(&k->batch_text,
	    HYDRATE_MAX * (size_t)(32 + TICK_VALUES * CONTRACT_VALUE_MAX));
	keeper_flow(k, "");
}

void
keeper_free(struct keeper *k)
{
	for (size_t i = 0; i < k->n; i++) {
		inflow_free(k->flows[i]);
		free(k->flows[i]);
	}
	free(k->flows);
	pool_free(&k->held);
	strangers_free(&k->strangers);
	buf_free(&k->batch_text);
}

/* The flow that lists the id (*listed), else one whose board knows its root
 * and whose window might hold it, else one that knows the root, else nobody's:
 * its number. */
static uint32_t
owner_of(const struct keeper *k, const struct tick *t, bool *listed)
{
	struct span root = listing_root(t->id);
	uint32_t found = 0;
	bool admitted = false;

	*listed = true;
	for (uint32_t i = 1; i < k->n; i++) {
		const struct listing *l = &k->flows[i]->listing;

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

/* A tick that was counted as read, of a contract that flow f lists. */
static void
offer(struct keeper *k, struct inflow *f, const struct tick *t)
{
	if (k->waiting >= (size_t)k->queue &&
	    pool_find(f->pool, t->id, t->group) == POOL_END) {
		inflow_drop(f, t);
		return;
	}
	switch (pool_put(f->pool, t)) {
	case POOL_NEW:
		k->waiting++;
		if (pool_count(f->pool) >= HYDRATE_MAX)
			k->batch_is_full = true;
		break;
	case POOL_EQUAL:
		inflow_count(f, COUNT_DUPLICATE, 1);
		break;
	default:
		inflow_count(f, COUNT_CONFLATED, 1);
		break;
	}
}

static void
ask_for_snapshot(struct keeper *k, const struct inflow *f)
{
	struct buf b = {0};

	rec_begin(&b, "refresh", clock_now_ms());
	rec_add_str(&b, "symbol", f->listing.symbol);
	rec_add_str(&b, "reason", "unknown_contracts");
	rec_end(&b);
	out_write(k->asks, b.p, b.n);
	buf_free(&b);
	k->requests++;
}

/* A held tick leaves, and not to be applied. */
static void
let_go(struct keeper *k, uint32_t at)
{
	struct inflow *f = k->flows[k->held_by[at]];

	inflow_count(f, COUNT_HELD, -1);
	inflow_count(f, COUNT_UNKNOWN, 1);
}

/* … and of one that no board lists; f is whose it might be. */
static void
hold(struct keeper *k, struct inflow *f, const struct tick *t)
{
	uint32_t by = 0, at = pool_find(k->held, t->id, t->group);

	while (k->flows[by] != f)
		by++;
	if (by > 0 && !listing_admits(&f->listing, t->id, t->recv_ts)) {
		inflow_count(f, COUNT_UNKNOWN, 1);
		return;
	}
	if (by > 0 && k->unknown_limit > 0 &&
	    strangers_count(
		k->strangers, t->id, t->recv_ts, f->listing.begin_ts) &&
	    alarm_rings(&f->alarm, k->unknown_limit, t->recv_ts))
		ask_for_snapshot(k, f);
	if (at == POOL_END && pool_count(k->held) == HELD_MAX) {
		let_go(k, pool_first(k->held));
		pool_drop(k->held, pool_first(k->held));
	}
	switch (pool_put(k->held, t)) {
	case POOL_BEAT:
		let_go(k, at);
		break;
	case POOL_NEW:
		at = pool_find(k->held, t->id, t->group);
		break;
	default:
		inflow_count(f, COUNT_UNKNOWN, 1);
		return;
	}
	k->held_by[at] = by;
	inflow_count(f, COUNT_HELD, 1);
}

/* A tick that was counted as read is another symbol's now. */
static void
hand_over(struct inflow *from, struct inflow *to, const struct tick *t)
{
	if (from == to)
		return;
	inflow_count(from, COUNT_READ, -1);
	inflow_count(to, COUNT_READ, 1);
	if (t->recv_ts > to->recv_ts)
		to->recv_ts = t->recv_ts;
}

static void
place(struct keeper *k, struct inflow *from, const struct tick *t)
{
	bool listed;
	struct inflow *to = k->flows[owner_of(k, t, &listed)];

	hand_over(from, to, t);
	if (listed)
		offer(k, to, t);
	else
		hold(k, to, t);
}

/* Of what waits for f: what it does not list any more. */
static void
sort_waiting(struct keeper *k, struct inflow *f)
{
	uint32_t next;
	struct tick t;

	for (uint32_t at = pool_first(f->pool); at != POOL_END; at = next) {
		next = pool_next(f->pool, at);
		pool_get(f->pool, at, &t);
		if (listing_has(&f->listing, t.id))
			continue;
		k->waiting--;
		place(k, f, &t);
		pool_drop(f->pool, at);
	}
}

void
keeper_take(struct keeper *k, const struct tick *t)
{
	bool listed;
	struct inflow *f = k->flows[owner_of(k, t, &listed)];

	inflow_count(f, COUNT_READ, 1);
	if (t->recv_ts > f->recv_ts)
		f->recv_ts = t->recv_ts;
	if (t->ts - t->recv_ts > FUTURE_MS)
		inflow_count(f, COUNT_FUTURE, 1);
	else if (listed)
		offer(k, f, t);
	else
		hold(k, f, t);
}

/* A board is another one, or gone: everything that waits or is held is looked
 * at again. */
static void
sort_again(struct keeper *k)
{
	uint32_t next, by;
	struct tick t;
	bool listed;

	for (uint32_t at = pool_first(k->held); at != POOL_END; at = next) {
		next = pool_next(k->held, at);
		pool_get(k->held, at, &t);
		by = owner_of(k, &t, &listed);
		if (!listed && by == k->held_by[at])
			continue;
		inflow_count(k->flows[k->held_by[at]], COUNT_HELD, -1);
		hand_over(k->flows[k->held_by[at]], k->flows[by], &t);
		if (listed) {
			offer(k, k->flows[by], &t);
			pool_drop(k->held, at);
			continue;
		}
		inflow_count(k->flows[by], COUNT_HELD, 1);
		k->held_by[at] = by;
		if (by == 0 ||
		    listing_admits(&k->flows[by]->listing, t.id, t.recv_ts))
			continue;
		let_go(k, at);
		pool_drop(k->held, at);
	}
	for (size_t i = 1; i < k->n; i++)
		sort_waiting(k, k->flows[i]);
}

int
keeper_follow(struct keeper *k, struct inflow *f, const struct view *v,
    struct span id, struct err *e)
{
	struct listing fresh = {0};
	int there = 0;

	if (id.n > 0) {
		there = listing_load(&fresh, v, id, e);
		if (there < 0)
			return -1;
	}
	memcpy(fresh.symbol, f->listing.symbol, sizeof(fresh.symbol));
	listing_clear(&f->listing);
	f->listing = fresh;
	sort_again(k);
	return there;
}

size_t
keeper_batch(struct keeper *k, struct inflow *f)
{
	struct buf *b = &k->batch_text;
	size_t n = 0;
	uint32_t at;

	buf_clear(b);
	while (n < HYDRATE_MAX && (at = pool_first(f->pool)) != POOL_END) {
		struct tick *t = &k->batch[n++];

		pool_get(f->pool, at, t);
		buf_span(b, t->id);
		t->id.p = b->p + b->n - t->id.n;
		for (size_t i = 0; i < tick_values(t->group); i++) {
			if (t->v[i].p == NULL)
				continue;
			buf_span(b, t->v[i]);
			t->v[i].p = b->p + b->n - t->v[i].n;
		}
		pool_drop(f->pool, at);
	}
	f->in_flight = n;
	return n;
}

void
keeper_give_back(struct keeper *k, struct inflow *f, size_t n)
{
	f->in_flight = 0;
	k->waiting -= n;
	for (size_t i = 0; i < n; i++)
		offer(k, f, &k->batch[i]);
}

void
keeper_fates(
    struct keeper *k, struct inflow *f, const struct hydration *did, size_t n)
{
	f->in_flight = 0;
	k->waiting -= n;
	for (size_t i = 0; i < n; i++)
		switch ((enum fate)did->fates[i]) {
		case FATE_APPLIED:
			inflow_count(f, COUNT_APPLIED, 1);
			break;
		case FATE_LATE:
			inflow_count(f, COUNT_LATE, 1);
			break;
		case FATE_DUPLICATE:
			inflow_count(f, COUNT_DUPLICATE, 1);
			break;
		case FATE_UNKNOWN: /* damaged: it was listed */
			hold(k, f, &k->batch[i]);
			break;
		}
	f->listing.seq = did->seq;
	f->listing.last_tick_ts = did->last_tick_ts;
}

void
keeper_give_up(struct keeper *k)
{
	uint32_t at;
	struct tick t;

	for (; (at = pool_first(k->held)) != POOL_END; pool_drop(k->held, at))
		let_go(k, at);
	for (size_t i = 1; i < k->n; i++) {
		struct inflow *f = k->flows[i];

		for (; (at = pool_first(f->pool)) != POOL_END;
		     pool_drop(f->pool, at)) {
			pool_get(f->pool, at, &t);
			inflow_drop(f, &t);
			k->waiting--;
		}
	}
}
