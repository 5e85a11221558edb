/* SPDX-License-Identifier: ISC */
/*
 * deliver: which epochs are active, and batches of ticks into them.
 *
 * Why nothing is lost at a switch: a batch that is refused, because of a
 * fence, another epoch or no answer, goes back to where ticks wait, and
 * meets newer ones there.  Once the other epoch is known everything that
 * waits or is held is looked at again, and goes to it.  What had been
 * accepted before the fence is carried by whoever put it up.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "hydrator.h"
#include "sig.h"

#define POLL_MS 200  /* between two looks at which epochs are active */
#define FENCE_MS 20  /* between two tries at a fenced epoch */
#define PAUSE_MS 500 /* … a damaged one, or a server that refuses */
#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 1000

/* Redis does not answer, or refuses for a while: go on without it, unless
 * nothing will ever come of it. */
static void
on_failure(struct hydrator *h, const struct err *e)
{
	if (sig_stop != 0)
		return;
	if (e->exit != EX_TEMPFAIL) {
		hydrator_add_status(h, err_report(NULL, e));
		h->failed = true;
		return;
	}
	if (!h->away) {
		err_warn(NULL, e->code, "%s; ticks wait", e->text);
		h->outages++;
	}
	h->away = true;
	h->retry_wait = h->retry_wait == 0 ? RETRY_MIN_MS : 2 * h->retry_wait;
	if (h->retry_wait > RETRY_MAX_MS)
		h->retry_wait = RETRY_MAX_MS;
	h->retry_at = clock_mono_ms() + h->retry_wait;
}

static void
on_success(struct hydrator *h)
{
	if (h->away)
		err_warn(NULL, "REDIS_BACK", "%s", db_name(h->db));
	h->away = false;
	h->retry_at = h->retry_wait = 0;
}

/* --- which epochs are active --- */

static int
change_epoch(
    struct hydrator *h, struct inflow *f, struct span id, struct err *e)
{
	int there = keeper_follow(&h->keep, f, &h->act.view, id, e);

	if (there < 0)
		return -1;
	f->paused_until = 0;
	f->damaged = false;
	h->promotions += (uint64_t)there;
	return 0;
}

static int
look_at(struct hydrator *h, const struct hash *actives, struct inflow *f,
    struct err *e)
{
	struct span id = hash_get(actives, f->listing.symbol);
	struct epoch_id parts;

	if (id.p == NULL || epoch_id_parse(id, &parts) < 0)
		id = SPAN_LIT("");
	if (!span_eq(id, span_str(f->listing.id)))
		return change_epoch(h, f, id, e);
	/* a refresh by a newer snapshot settles who is no stranger */
	return id.n > 0 && f->alarm.n > 0
		   ? listing_look(&f->listing, &h->act.view, e)
		   : 0;
}

static int
look(struct hydrator *h, struct err *e)
{
	struct hash actives = {0};
	char symbol[SYMBOL_MAX + 1];
	int rc = view_actives(&h->act.view, &actives, e) < 0 ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < actives.n; i++) {
		struct span name = actives.f[i].name;

		if (!symbol_valid(name))
			continue;
		snprintf(symbol, sizeof(symbol), "%.*s", (int)name.n, name.p);
		keeper_flow(&h->keep, symbol);
	}
	for (size_t i = 1; rc == 0 && i < h->keep.n; i++)
		rc = look_at(h, &actives, h->keep.flows[i], e);
	hash_free(&actives);
	h->poll_due = clock_mono_ms() + POLL_MS;
	return rc;
}

int
deliver_open(struct hydrator *h, struct err *e)
{
	return look(h, e);
}

/* --- batches --- */

/* The epoch is no longer the active one, or not all there. */
static void
on_moved(struct hydrator *h, struct inflow *f, const struct hydration *did)
{
	struct err e;

	if (act_said(&h->act, "damaged")) {
		if (!f->damaged)
			err_warn(f->listing.symbol, "DAMAGED",
			    "%s is damaged; ticks wait for another epoch",
			    f->listing.id);
		f->damaged = true;
		f->paused_until = clock_mono_ms() + PAUSE_MS;
		return;
	}
	h->superseded++;
	if (change_epoch(h, f, span_str(did->active), &e) < 0)
		on_failure(h, &e);
}

static void
deliver_batch(struct hydrator *h, struct inflow *f)
{
	struct hydration did;
	size_t n = keeper_batch(&h->keep, f);
	struct err e;
	enum act_result r = hydrate(&h->act, span_str(f->listing.symbol),
	    span_str(f->listing.id), h->keep.batch, n, 0, &did, &e);

	h->batches++;
	if (r == ACT_DONE) {
		keeper_fates(&h->keep, f, &did, n);
		on_success(h);
		return;
	}
	keeper_give_back(&h->keep, f, n);
	if (r == ACT_FENCED) {
		h->act.fence_waits++;
		f->paused_until = clock_mono_ms() + FENCE_MS;
	} else if (r == ACT_AGAIN) {
		on_moved(h, f, &did);
	} else {
		on_failure(h, &e);
	}
}

/* --- what is to be done, and when --- */

static bool
is_ready(const struct inflow *f, int64_t now)
{
	return f->pool != NULL && pool_count(f->pool) > 0 &&
	       now >= f->paused_until;
}

bool
deliver(struct hydrator *h)
{
	int64_t now = clock_mono_ms();
	bool done = false;
	struct err e;

	if (now < h->retry_at)
		return false;
	if (!db_alive(h->db)) {
		if (db_reopen(h->db, &e) < 0) {
			on_failure(h, &e);
			return true;
		}
		h->act.reconnects++;
		h->poll_due = 0;
	}
	if (now >= h->poll_due) {
		if (look(h, &e) < 0) {
			on_failure(h, &e);
			return true;
		}
		on_success(h);
	}
	h->keep.batch_is_full = false;
	for (size_t i = 1; i < h->keep.n && db_alive(h->db); i++) {
		if (!is_ready(h->keep.flows[i], now) || h->failed ||
		    sig_stop != 0)
			continue;
		deliver_batch(h, h->keep.flows[i]);
		done = true;
	}
	return done;
}

int64_t
deliver_due(const struct hydrator *h)
{
	int64_t due = h->poll_due, now = clock_mono_ms();

	for (size_t i = 1; i < h->keep.n; i++) {
		const struct inflow *f = h->keep.flows[i];

		if (pool_count(f->pool) > 0 && f->paused_until < due)
			due = f->paused_until;
	}
	if (due < h->retry_at)
		due = h->retry_at;
	return due < now ? now : due;
}
