/* SPDX-License-Identifier: ISC */
/* gex_level: strikes and prices that stand out, each by a named rule; part of
 * gex. */
#include <math.h>

#include "gex.h"

/* What a rule looks at: the larger the better. */
static double
weight(const struct gex_row *r, enum gex_wall rule, bool call)
{
	switch (rule) {
	case GEX_NET_MAX: /* calls against puts, whatever the sign is set to */
		return call ? r->call - r->put : r->put - r->call;
	case GEX_OI_ABOVE:
		return call ? r->oi_call : r->oi_put;
	default:
		return call ? r->call : r->put;
	}
}

/* Ties: the nearest to the spot, of these the lower strike. */
static bool
is_better(const struct gex *g, double w, double k, double best_w, double best_k)
{
	double d = fabs(k - g->spot), best_d = fabs(best_k - g->spot);

	return w > best_w ||
	       (w == best_w && (d < best_d || (d == best_d && k < best_k)));
}

struct gex_level
gex_wall_of(const struct gex *g, enum gex_wall rule, bool call)
{
	bool sided = rule == GEX_GROSS_ABOVE || rule == GEX_OI_ABOVE;
	const char *none =
	    rule == GEX_NET_MAX ? "no_net_on_that_side" : "all_zero";
	struct gex_level l = {
	    .why = sided ? "no_strike_on_that_side" : "no_contract"};
	double best = 0;

	for (size_t i = 0; i < g->n_strikes; i++) {
		double k = g->strikes[i] / 1000.0, w;

		if (g->by_strike[i].n == 0 ||
		    (sided && (call ? k < g->spot : k > g->spot)))
			continue;
		w = weight(&g->by_strike[i], rule, call);
		if (!(w > 0)) {
			if (!l.there)
				l.why = none;
		} else if (!l.there || is_better(g, w, k, best, l.level)) {
			l = (struct gex_level){true, k, NULL};
			best = w;
		}
	}
	return l;
}

static struct gex_level
abs_strike(const struct gex *g)
{
	struct gex_level l = {.why = "no_contract"};
	double best = 0;

	for (size_t i = 0; i < g->n_strikes; i++) {
		const struct gex_row *r = &g->by_strike[i];
		double k = g->strikes[i] / 1000.0, w = r->call + r->put;

		if (r->n == 0)
			continue;
		if (!(w > 0))
			l.why = l.there ? NULL : "all_zero";
		else if (!l.there || is_better(g, w, k, best, l.level)) {
			l = (struct gex_level){true, k, NULL};
			best = w;
		}
	}
	return l;
}

/* Where net by strike, the slope of its running sum, turns from below zero to
 * above: of these strikes the nearest to the spot.  A strike of zero net
 * turns nothing. */
static struct gex_level
high_volatility(const struct gex *g)
{
	struct gex_level l = {.why = "no_turn"};
	bool falling = false;

	for (size_t i = 0; i < g->n_strikes; i++) {
		double net = g->by_strike[i].net, k = g->strikes[i] / 1000.0;

		if (falling && net > 0 &&
		    (!l.there || is_better(g, 0, k, 0, l.level)))
			l = (struct gex_level){true, k, NULL};
		if (net != 0)
			falling = net < 0;
	}
	return l;
}

void
gex_levels(struct gex *g)
{
	g->call_wall = gex_wall_of(g, g->conf.wall, true);
	g->put_wall = gex_wall_of(g, g->conf.wall, false);
	g->abs_strike = abs_strike(g);
	g->hvl = high_volatility(g);
	/* The cumulative curve moves with every gamma; the re-priced one only
	 * with what re-pricing reads. */
	if (g->flip_stale || g->conf.flip == GEX_CUMULATIVE)
		g->n_crossings =
		    gex_flip_of(g, g->conf.flip, g->crossings, &g->flip);
	if (g->flip_stale && g->skewing != NULL)
		g->n_skew_crossings =
		    gex_skew_flip(g, g->skew_crossings, &g->skew_flip);
	g->flip_stale = false;
}
