/* SPDX-License-Identifier: ISC */
/*
 * gex_skew: the net, re-priced at another spot x where each option's volatility
 * moves with it (sticky moneyness); part of gex.
 *
 *	sigma(K, x) = the smile's volatility at the strike K S / x
 *
 * for the option that is as far from the money at x as that strike is at the
 * spot S.  A smile is made of the contracts of one root, expiration and right
 * that count and have a volatility; between two listed strikes it is a straight
 * line over log strike, beyond the last ones it is flat.  One with a single
 * strike is flat, and where all are, the curve is that of gex_flip.
 *
 * Smiles are what blocks are there: neighbours among the ids; a smile of which
 * something changed is summed again on the grid, all are added up in their
 * order, so that an incremental result is the full one.
 */
#include <stdlib.h>

#include "gex_curve.h"

#define STRIKE_DIGITS 8 /* at the end of an id */

struct point {
	double log_k, vol;
};

struct gex_skewing {
	struct smile {
		size_t first, n; /* contracts */
		bool stale;
	} * smiles;
	size_t n;
	uint32_t *of;  /* the smile of each contract */
	double *log_k; /* of each contract */
	double *sums;  /* smiles x GEX_GRID; NULL before the first time */
	struct point *points; /* room for one smile's */
	double spot;          /* that the grid lies around */
	int64_t next;         /* of the set that was summed */
};

static bool
is_neighbour(struct span a, struct span b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n - STRIKE_DIGITS) == 0;
}

void
gex_skew_open(struct gex *g, const struct span *ids)
{
	struct gex_skewing *f = g->skewing = mem_zalloc(sizeof(*f));

	f->smiles = mem_alloc((g->n + 1) * sizeof(*f->smiles));
	f->of = mem_alloc((g->n + 1) * sizeof(*f->of));
	f->log_k = mem_alloc((g->n + 1) * sizeof(*f->log_k));
	f->points = mem_alloc((g->n + 1) * sizeof(*f->points));
	for (size_t i = 0; i < g->n; i++) {
		if (i == 0 || !is_neighbour(ids[i - 1], ids[i]))
			f->smiles[f->n++] =
			    (struct smile){.first = i, .stale = true};
		f->smiles[f->n - 1].n++;
		f->of[i] = (uint32_t)(f->n - 1);
		f->log_k[i] = log(g->c[i].k);
	}
}

void
gex_skew_close(struct gex *g)
{
	struct gex_skewing *f = g->skewing;

	if (f == NULL)
		return;
	free(f->smiles);
	free(f->of);
	free(f->log_k);
	free(f->points);
	free(f->sums);
	free(f);
	g->skewing = NULL;
}

void
gex_skew_touch(struct gex *g, size_t i)
{
	if (g->skewing != NULL)
		g->skewing->smiles[g->skewing->of[i]].stale = true;
}

/* Its points, by strike. */
static size_t
points_of(const struct gex *g, const struct smile *m)
{
	struct gex_skewing *f = g->skewing;
	size_t n = 0;

	for (size_t i = m->first; i < m->first + m->n; i++)
		if (g->c[i].why == GEX_IN && !isnan(g->c[i].vol))
			f->points[n++] =
			    (struct point){f->log_k[i], g->c[i].vol};
	return n;
}

/* p[0] is the last point at or below log_k, if any is. */
static double
vol_at(const struct point *p, const struct point *end, double log_k)
{
	if (log_k <= p->log_k || p + 1 == end)
		return p->vol;
	return p->vol + (p[1].vol - p->vol) *
			    ((log_k - p->log_k) / (p[1].log_k - p->log_k));
}

/* Strikes ascend, and all move by the same: the points are passed once. */
static double
smile_sum(const struct gex_set *s, const struct smile *m, size_t n, double x)
{
	const struct gex *g = s->g;
	const struct gex_skewing *f = g->skewing;
	const struct point *p = f->points, *end = p + n;
	double drift = g->conf.rate - g->conf.yield, log_x = log(x);
	double moved = log(g->spot) - log_x, sum = 0;

	for (size_t i = m->first; i < m->first + m->n; i++) {
		const struct gex_contract *c = &g->c[i];
		double log_k = f->log_k[i] + moved, vol, width, d;

		if (c->c == 0)
			continue;
		while (p + 1 < end && p[1].log_k <= log_k)
			p++;
		vol = vol_at(p, end, log_k);
		width = vol * sqrt(c->years);
		d = (log_x - f->log_k[i] +
			(drift + 0.5 * (vol * vol)) * c->years) /
		    width;
		if (d * d < GEX_FAR)
			sum += gex_set_weight(s, c) * (c->c / c->a) / width *
			       exp(-0.5 * (d * d));
	}
	return sum;
}

double
gex_skew_at(const struct gex_set *s, double x)
{
	const struct gex_skewing *f = s->g->skewing;
	struct num_sum sum = {0, 0};

	for (size_t k = 0; k < f->n; k++)
		num_sum_add(&sum, smile_sum(s, &f->smiles[k],
				      points_of(s->g, &f->smiles[k]), x));
	return num_sum_value(&sum);
}

static void
fill_smile(const struct gex_set *s, size_t k)
{
	struct gex_skewing *f = s->g->skewing;
	struct smile *m = &f->smiles[k];
	size_t n = points_of(s->g, m);

	for (size_t i = 0; i < GEX_GRID; i++)
		f->sums[k * GEX_GRID + i] =
		    smile_sum(s, m, n, gex_grid_x(s->g, i, GEX_GRID));
	m->stale = false;
}

void
gex_skew_grid(const struct gex_set *s, double y[GEX_GRID])
{
	struct gex_skewing *f = s->g->skewing;
	struct num_sum sums[GEX_GRID] = {{0, 0}};
	bool all =
	    f->sums == NULL || f->spot != s->g->spot || f->next != s->next;

	if (f->sums == NULL)
		f->sums = mem_alloc((f->n + 1) * GEX_GRID * sizeof(*f->sums));
	f->spot = s->g->spot;
	f->next = s->next;
	for (size_t k = 0; k < f->n; k++) {
		if (all || f->smiles[k].stale)
			fill_smile(s, k);
		for (size_t i = 0; i < GEX_GRID; i++)
			num_sum_add(&sums[i], f->sums[k * GEX_GRID + i]);
	}
	for (size_t i = 0; i < GEX_GRID; i++)
		y[i] = num_sum_value(&sums[i]);
}
