/* SPDX-License-Identifier: ISC */
/* gex_sum: totals, always added up anew in the order of the ids; part of
 * gex. */
#include <math.h>
#include <stdlib.h>

#include "bs.h"
#include "gex.h"
#include "num.h"

#define YEAR_DAYS 365.0

/* Sums by strike or expiration while they grow. */
struct growing {
	struct num_sum call, put, oi_call, oi_put;
	size_t n;
};

struct totals {
	struct num_sum call, put, vendor[2], model[2], today, oi_call, oi_put,
	    volume_call, volume_put, oi_valued, oi_all, dex, vex, cex, cex_1d;
};

static void
add_greeks(const struct gex *g, const struct gex_contract *c, struct totals *t)
{
	struct bs o = {.spot = g->spot,
	    .strike = c->k,
	    .years = c->years,
	    .rate = g->conf.rate,
	    .yield = g->conf.yield,
	    .vol = c->vol};
	double sized = gex_sign_of(g, c->call) * c->size, delta, later;

	if (isnan(c->vol))
		return;
	bs_prepare(&o);
	delta = bs_delta(&o, c->call);
	num_sum_add(&t->dex, sized * delta);
	num_sum_add(&t->vex, sized * bs_vanna(&o));
	num_sum_add(&t->cex, sized * bs_charm(&o, c->call));
	if ((g->conf.greeks & GEX_CEX_1D) == 0)
		return;
	o.years -= 1 / YEAR_DAYS;
	if (o.years > 0) {
		bs_prepare(&o);
		later = bs_delta(&o, c->call);
	} else { /* settled by then: all or nothing */
		later = c->call ? (g->spot > c->k) : -(g->spot < c->k);
	}
	num_sum_add(&t->cex_1d, sized * (later - delta));
}

static void
add_contract(struct gex *g, const struct gex_contract *c, struct totals *t,
    struct growing *strikes, struct growing *dates)
{
	struct growing *k = &strikes[c->strike], *d = &dates[c->expiration];
	double w = c->used * c->size;

	num_sum_add(c->call ? &t->call : &t->put, w);
	num_sum_add(c->call ? &k->call : &k->put, w);
	num_sum_add(c->call ? &d->call : &d->put, w);
	num_sum_add(c->call ? &k->oi_call : &k->oi_put, c->size);
	k->n++;
	d->n++;
	if (c->today && c->settles > g->spot_ts)
		num_sum_add(&t->today, w);
	if (!isnan(c->by_vendor))
		num_sum_add(&t->vendor[c->call], c->by_vendor * c->size);
	if (!isnan(c->by_model))
		num_sum_add(&t->model[c->call], c->by_model * c->size);
	if (g->conf.greeks != 0)
		add_greeks(g, c, t);
	if (g->conf.gamma == GEX_LIVE && c->source == GEX_FROM_MID &&
	    c->quote_ts > g->sums.ts)
		g->sums.ts = c->quote_ts;
	g->sums.sources[c->source]++;
	g->sums.assumed += c->root == SETTLE_ASSUMED;
	g->sums.contracts++;
}

/* It is still to settle, whatever is known of it. */
static bool
is_open(const struct gex_contract *c)
{
	return c->why == GEX_IN || c->why == GEX_NO_OI ||
	       c->why == GEX_NO_GAMMA;
}

/* Ratios count every contract that is still to settle, gamma or not. */
static void
add_interest(const struct gex_contract *c, struct totals *t)
{
	if (!is_open(c))
		return;
	if (!isnan(c->volume))
		num_sum_add(
		    c->call ? &t->volume_call : &t->volume_put, c->volume);
	if (isnan(c->oi))
		return;
	num_sum_add(c->call ? &t->oi_call : &t->oi_put, c->oi);
	num_sum_add(&t->oi_all, c->oi);
	if (c->why == GEX_IN)
		num_sum_add(&t->oi_valued, c->oi);
}

static double
net_of(const struct gex *g, double call, double put)
{
	return gex_sign_of(g, true) * call + gex_sign_of(g, false) * put;
}

/* A growing sum as a row in the unit. */
static struct gex_row
row_of(const struct gex *g, const struct growing *s)
{
	struct gex_row r = {
	    .call = num_sum_value(&s->call) * g->scale,
	    .put = num_sum_value(&s->put) * g->scale,
	    .oi_call = num_sum_value(&s->oi_call),
	    .oi_put = num_sum_value(&s->oi_put),
	    .n = s->n,
	};

	r.net = net_of(g, r.call, r.put);
	return r;
}

static void
finish_totals(struct gex *g, const struct totals *t)
{
	struct gex_sums *s = &g->sums;

	s->gross_call = num_sum_value(&t->call) * g->scale;
	s->gross_put = num_sum_value(&t->put) * g->scale;
	s->net = net_of(g, s->gross_call, s->gross_put);
	s->net_vendor = net_of(g, num_sum_value(&t->vendor[1]) * g->scale,
	    num_sum_value(&t->vendor[0]) * g->scale);
	s->net_model = net_of(g, num_sum_value(&t->model[1]) * g->scale,
	    num_sum_value(&t->model[0]) * g->scale);
	s->abs_today = num_sum_value(&t->today) * g->scale;
	s->oi_call = num_sum_value(&t->oi_call);
	s->oi_put = num_sum_value(&t->oi_put);
	s->volume_call = num_sum_value(&t->volume_call);
	s->volume_put = num_sum_value(&t->volume_put);
	s->oi_valued = num_sum_value(&t->oi_valued);
	s->oi_all = num_sum_value(&t->oi_all);
	s->dex = num_sum_value(&t->dex) * g->spot;
	s->vex = num_sum_value(&t->vex) * g->spot * 0.01;
	s->cex = num_sum_value(&t->cex) / YEAR_DAYS * g->spot;
	s->cex_1d = num_sum_value(&t->cex_1d) * g->spot;
}

/* ---- max pain ---- */

/*
 * What writers owe at a settlement price is convex in that price: it is least
 * at the first strike from which it does not fall any more.  Its slope there
 * is what calls at or below owe per dollar less what puts above do; sums of
 * whole numbers, so that equal is equal, and the lowest strike of equals.
 */
static void
max_pain(
    struct gex *g, uint32_t date, double *calls, double *puts, bool *listed)
{
	struct gex_level *m = &g->expirations[date].max_pain;
	double below = 0, above = 0;
	size_t last = 0;

	*m = (struct gex_level){.there = false};
	for (size_t k = 0; k < g->n_strikes; k++)
		above += puts[k];
	for (size_t k = 0; k < g->n_strikes; k++)
		if (listed[k]) {
			last = k;
			m->why = "no_oi";
			m->there |= calls[k] > 0 || puts[k] > 0;
		}
	if (!m->there)
		return;
	m->why = NULL;
	for (size_t k = 0; k <= last; k++) {
		if (!listed[k])
			continue;
		below += calls[k];
		above -= puts[k];
		if (below >= above || k == last) {
			m->level = g->strikes[k] / 1000.0;
			return;
		}
	}
}

static void
max_pains(struct gex *g)
{
	double *calls = mem_alloc(2 * (g->n_strikes + 1) * sizeof(*calls));
	double *puts = calls + g->n_strikes + 1;
	bool *listed = mem_alloc(g->n_strikes + 1);

	for (size_t i = 0; i < g->n;) {
		uint32_t date = g->c[g->by_date[i]].expiration;

		memset(calls, 0, 2 * (g->n_strikes + 1) * sizeof(*calls));
		memset(listed, 0, g->n_strikes + 1);
		for (; i < g->n; i++) {
			const struct gex_contract *c = &g->c[g->by_date[i]];

			if (c->expiration != date)
				break;
			if (!is_open(c))
				continue;
			listed[c->strike] = true;
			if (!isnan(c->size))
				(c->call ? calls : puts)[c->strike] += c->size;
		}
		max_pain(g, date, calls, puts, listed);
	}
	free(calls);
	free(listed);
}

/* ---- expected move ---- */

/* The next settlement that the board has; INT64_MAX: none. */
static int64_t
next_settlement(const struct gex *g)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < g->n; i++)
		if (is_open(&g->c[i]) && g->c[i].settles > g->spot_ts &&
		    g->c[i].settles < next)
			next = g->c[i].settles;
	return next;
}

/* S vol sqrt(T) of the next settlement, at the strike nearest to the spot that
 * has a volatility: the mean of those that it has.  Open interest does not
 * matter; without any volatility it is not known, another date's is not it. */
static void
expected_move(struct gex *g)
{
	int64_t next = next_settlement(g);
	const struct gex_contract *best = NULL;
	double sum = 0, n = 0;

	g->move = (struct gex_level){
	    .why = next == INT64_MAX ? "no_contract" : "no_iv"};
	for (size_t i = 0; i < g->n; i++) {
		const struct gex_contract *c = &g->c[i];
		double d = fabs(c->k - g->spot), best_d;

		if (!is_open(c) || c->settles != next || isnan(c->vol))
			continue;
		best_d = best == NULL ? INFINITY : fabs(best->k - g->spot);
		if (d < best_d || (d == best_d && c->k < best->k)) {
			best = c;
			sum = n = 0;
		}
		if (c->k == best->k) {
			sum += c->vol;
			n++;
		}
	}
	if (best != NULL)
		g->move = (struct gex_level){
		    true, g->spot * (sum / n) * sqrt(best->years), NULL};
}

/* ---- all of it ---- */

void
gex_sum(struct gex *g)
{
	struct growing *strikes =
	    mem_zalloc((g->n_strikes + 1) * sizeof(*strikes));
	struct growing *dates =
	    mem_zalloc((g->n_expirations + 1) * sizeof(*dates));
	struct totals t = {.call = {0, 0}};

	g->sums = (struct gex_sums){.ts = g->spot_ts};
	for (size_t i = 0; i < g->n; i++) {
		const struct gex_contract *c = &g->c[i];

		g->sums.excluded[c->why]++;
		if (c->why == GEX_IN)
			add_contract(g, c, &t, strikes, dates);
		add_interest(c, &t);
	}
	for (size_t k = 0; k < g->n_strikes; k++)
		g->by_strike[k] = row_of(g, &strikes[k]);
	for (size_t d = 0; d < g->n_expirations; d++)
		g->expirations[d].row = row_of(g, &dates[d]);
	finish_totals(g, &t);
	free(strikes);
	free(dates);
	max_pains(g);
	expected_move(g);
}
