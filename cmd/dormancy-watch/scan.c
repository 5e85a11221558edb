/* SPDX-License-Identifier: ISC */
/*
 * Partial silence: every coverage_ms the times of all contracts are read,
 * symbol by symbol, in small steps with pauses in between, so that neither
 * the stream nor Redis waits: 31,000 contracts are 124 steps of 1 to 2 ms.
 */
#include <stdio.h>

#include "watch.h"

#define PAUSE_MS 5 /* between two steps */

static void
say_dead(const struct ward *d, size_t dead, int64_t quiet_ms)
{
	const struct coverage *c = &d->coverage;
	size_t i = 0;

	if (dead == 0) {
		err_warn(d->name, "QUIET_OVER", "all parts tick again");
		return;
	}
	while (!c->classes[i].dead)
		i++;
	err_warn(d->name, "QUIET",
	    "%zu of %zu parts fell silent, first %s %s: none of its "
	    "contracts ticked for %lld ms, while others do",
	    dead, c->n_classes, c->classes[i].expiration,
	    c->classes[i].right == 'C' ? "call" : "put", (long long)quiet_ms);
}

/* A scan is through.  A symbol that is silent as a whole is told elsewhere. */
static void
judge(struct watch *w, struct ward *d)
{
	int64_t ref = watch_feed_time(w, d);
	bool changed;
	size_t dead;

	if (ref == 0 || !d->s.open || d->s.count > 0)
		return;
	coverage_count(&d->coverage, ref, w->quiet_ms);
	dead = coverage_judge(&d->coverage, &changed);
	if (changed)
		say_dead(d, dead, w->quiet_ms);
	if (dead > 0)
		watch_tell(w, d, w->now - d->s.since, 0, false);
}

/* One step for a ward: 1 there is more to do, 0 not, -1 and *e. */
static int
scan_ward(struct watch *w, struct ward *d, struct err *e)
{
	const struct view *v = &w->link.act.view;
	int r;

	if (d->coverage.scanning)
		r = coverage_step(&d->coverage, v, e);
	else if (d->s.epoch[0] == '\0' || !d->s.open)
		return 0;
	else
		return coverage_begin(&d->coverage, v, d->s.epoch, e);
	if (r == 0)
		judge(w, d);
	return r;
}

void
watch_scan(struct watch *w)
{
	struct err e;
	int r;

	if (w->coverage_ms == 0 || w->now < w->scan_at || w->ended)
		return;
	w->scan_at = w->now + PAUSE_MS;
	if (w->scanned >= w->n) {
		w->scanned = 0;
		w->scan_at = w->now + w->coverage_ms;
		return;
	}
	r = link_ready(&w->link, &e);
	if (r == 1) {
		r = scan_ward(w, &w->wards[w->scanned], &e);
		if (r == 0)
			w->scanned++;
		else if (r == -1)
			r = link_failed(&w->link, &e);
	} else if (r == 0) {
		w->scan_at = w->now + w->coverage_ms; /* Redis is away */
	}
	if (r == -1)
		watch_fail(w, db_name(w->link.db), &e);
}
