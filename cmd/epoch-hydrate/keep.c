/* SPDX-License-Identifier: ISC */
/*
 * keep: whose a tick is, and where it waits: in its symbol's pool for Redis,
 * or held, because no board lists its contract.
 */
#include "clock.h"
#include "hydrator.h"
#include "rec.h"

uint32_t
hydrator_owner(const struct hydrator *h, const struct tick *t, bool *listed)
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
	struct feed *to = h->feeds[hydrator_owner(h, t, &listed)];

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
		by = hydrator_owner(h, &t, &listed);
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
