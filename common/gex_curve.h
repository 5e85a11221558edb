/* SPDX-License-Identifier: ISC */
/*
 * gex_curve: what the two ways to re-price share: which contracts, where on the
 * grid.  Private to gex.
 *
 * Layer: knows num, gex.
 */
#ifndef EPOCH_GEX_CURVE_H
#define EPOCH_GEX_CURVE_H

#include <math.h>

#include "gex.h"
#include "num.h"

#define GEX_GRID 161 /* points of 0.25 % of the spot */
/* Squared deviations: beyond it exp(-x / 2) is next to no double any more.  Not
 * less: where every term is small, the least of them decide the sign. */
#define GEX_FAR 1400.0
#define GEX_HORIZON_DAYS 30 /* horizon-weighted: from then on a weight of 1 */

/* Which contracts a rule re-prices, and with what weight. */
struct gex_set {
	const struct gex *g;
	enum gex_flip rule;
	int64_t next; /* the nearest settlement, where that matters */
};

static inline double
gex_set_weight(const struct gex_set *s, const struct gex_contract *c)
{
	switch (s->rule) {
	case GEX_EX_NEXT_EXPIRY:
		return c->settles != s->next;
	case GEX_EX_0DTE:
		return !c->today;
	case GEX_ONLY_0DTE:
		return c->today;
	case GEX_HORIZON:
		return fmin(1, c->years * 365 / GEX_HORIZON_DAYS);
	default:
		return 1;
	}
}

/* The i-th of so many points from 0.8 to 1.2 of the spot. */
double gex_grid_x(const struct gex *g, size_t i, size_t points);

/* gex_skew.c: the curve when volatilities move with the spot, at one x and on
 * the grid, without the factors that cannot change its sign. */
double gex_skew_at(const struct gex_set *s, double x);
void gex_skew_grid(const struct gex_set *s, double y[GEX_GRID]);

#endif
