/* SPDX-License-Identifier: ISC */
/*
 * gex_flip: where the net, re-priced at another spot x, crosses zero; part of
 * gex.
 *
 *	G(x) = sum s gamma(x) oi m x^2 0.01
 *	     = 0.01 / sqrt(2 pi) x sum c exp(-(a ln x + b)^2 / 2)
 *
 * so a contract costs one exp and x itself matters to no zero.  The sum is
 * built of blocks of contracts, each in the order of the ids: when some
 * contracts changed, only their blocks are summed again on the grid, and the
 * total is the same to the last bit.
 */
#include <math.h>
#include <stdlib.h>

#include "gex_curve.h"

#define BLOCK 16     /* contracts */
#define GRID_LOW 0.8 /* of the spot */
#define GRID_WIDTH 0.4
#define CLOSE 1e-9 /* dollars: a bracket that narrow is a root */
#define ROOT_STEPS 200
#define PERFILIEV 60 /* points of the rule reprice-first */

struct gex_flipping {
	double *sums;          /* blocks x GEX_GRID */
	bool *stale;           /* of blocks */
	double logs[GEX_GRID]; /* of the points */
	size_t blocks;
	double spot;  /* that the grid lies around */
	int64_t next; /* of the set that was summed, where that matters */
};

static struct gex_set
set_of(const struct gex *g, enum gex_flip rule)
{
	struct gex_set s = {g, rule, 0};

	for (size_t i = 0; i < g->n && rule == GEX_EX_NEXT_EXPIRY; i++)
		if (g->c[i].why == GEX_IN &&
		    (s.next == 0 || g->c[i].settles < s.next))
			s.next = g->c[i].settles;
	return s;
}

static double
block_sum(const struct gex_set *s, size_t block, double log_x)
{
	size_t end = (block + 1) * BLOCK;
	double sum = 0;

	if (end > s->g->n)
		end = s->g->n;
	for (size_t i = block * BLOCK; i < end; i++) {
		const struct gex_contract *c = &s->g->c[i];
		double d, square;

		if (c->c == 0)
			continue;
		d = c->a * log_x + c->b;
		square = d * d;
		if (square < GEX_FAR)
			sum += gex_set_weight(s, c) * c->c * exp(-0.5 * square);
	}
	return sum;
}

/* G at x, without the factors that cannot change its sign. */
static double
value_at(const struct gex_set *s, double x)
{
	struct num_sum sum = {0, 0};
	double log_x = log(x);

	for (size_t b = 0; b * BLOCK < s->g->n; b++)
		num_sum_add(&sum, block_sum(s, b, log_x));
	return num_sum_value(&sum);
}

double
gex_grid_x(const struct gex *g, size_t i, size_t points)
{
	return g->spot *
	       (GRID_LOW + GRID_WIDTH * (double)i / (double)(points - 1));
}

/* ---- the grid of the rule in force, kept by blocks ---- */

static struct gex_flipping *
flipping_of(struct gex *g, const struct gex_set *s)
{
	struct gex_flipping *f = g->flipping;

	if (f == NULL) {
		f = g->flipping = mem_zalloc(sizeof(*f));
		f->blocks = (g->n + BLOCK - 1) / BLOCK;
		f->sums = mem_alloc(f->blocks * GEX_GRID * sizeof(*f->sums));
		f->stale = mem_alloc(f->blocks);
		memset(f->stale, 1, f->blocks);
	}
	if (f->spot != g->spot || f->next != s->next)
		memset(f->stale, 1, f->blocks);
	for (size_t i = 0; i < GEX_GRID && f->spot != g->spot; i++)
		f->logs[i] = log(gex_grid_x(g, i, GEX_GRID));
	f->spot = g->spot;
	f->next = s->next;
	return f;
}

void
gex_flips_free(struct gex *g)
{
	if (g->flipping == NULL)
		return;
	free(g->flipping->sums);
	free(g->flipping->stale);
	free(g->flipping);
	g->flipping = NULL;
}

void
gex_flip_touch(struct gex *g, size_t i)
{
	g->flip_stale = true;
	gex_skew_touch(g, i);
	if (g->flipping != NULL)
		g->flipping->stale[i / BLOCK] = true;
}

static void
fill_block(const struct gex_set *s, struct gex_flipping *f, size_t b)
{
	double *row = f->sums + b * GEX_GRID;

	for (size_t i = 0; i < GEX_GRID && f->stale[b]; i++)
		row[i] = block_sum(s, b, f->logs[i]);
	f->stale[b] = false;
}

/* A block that is whole; not by a rule whose set is not known until all are,
 * or that has no grid. */
void
gex_flip_expect(struct gex *g, size_t i)
{
	enum gex_flip rule = g->conf.flip;
	struct gex_set s = {g, rule, 0};

	if ((i % BLOCK != BLOCK - 1 && i != g->n - 1) || !g->has_spot ||
	    g->conf.sign == GEX_UNSIGNED || rule == GEX_REPRICE_FIRST ||
	    rule == GEX_CUMULATIVE || rule == GEX_EX_NEXT_EXPIRY)
		return;
	fill_block(&s, flipping_of(g, &s), i / BLOCK);
}

static void
fill_grid(const struct gex_set *s, struct gex_flipping *f, double out[GEX_GRID])
{
	struct num_sum sums[GEX_GRID] = {{0, 0}};

	for (size_t b = 0; b < f->blocks; b++) {
		const double *row = f->sums + b * GEX_GRID;

		fill_block(s, f, b);
		for (size_t i = 0; i < GEX_GRID; i++)
			num_sum_add(&sums[i], row[i]);
	}
	for (size_t i = 0; i < GEX_GRID; i++)
		out[i] = num_sum_value(&sums[i]);
}

/* ---- roots ---- */

/* value_at or gex_skew_at */
typedef double curve_fn(const struct gex_set *s, double x);

/* Between two points of opposite signs: the chord's zero; where one end stays
 * twice, its value counts half (the Illinois rule), so that both ends close
 * in. */
static double
root_between(const struct gex_set *s, curve_fn *at, double x0, double y0,
    double x1, double y1)
{
	int stays = 0;

	for (int i = 0; i < ROOT_STEPS && x1 - x0 > CLOSE; i++) {
		double x = x0 + (x1 - x0) * (y0 / (y0 - y1)), y;

		if (!(x > x0 && x < x1))
			x = 0.5 * (x0 + x1);
		y = at(s, x);
		if (y == 0)
			return x;
		if ((y < 0) == (y0 < 0)) {
			x0 = x;
			y0 = y;
			y1 *= stays > 0 ? 0.5 : 1;
			stays = stays > 0 ? stays : 0;
			stays++;
		} else {
			x1 = x;
			y1 = y;
			y0 *= stays < 0 ? 0.5 : 1;
			stays = stays < 0 ? stays : 0;
			stays--;
		}
	}
	return 0.5 * (x0 + x1);
}

static void
add_crossing(struct gex_crossing *out, size_t *n, double level, bool up)
{
	if (*n < GEX_CROSSINGS_MAX)
		out[(*n)++] = (struct gex_crossing){level, up};
}

static size_t
crossings_of(const struct gex_set *s, curve_fn *at, const double y[GEX_GRID],
    struct gex_crossing *out)
{
	size_t n = 0, last = GEX_GRID; /* the last point that was not zero */

	for (size_t i = 0; i < GEX_GRID; i++) {
		double x = gex_grid_x(s->g, i, GEX_GRID);

		if (y[i] == 0)
			continue;
		if (last < GEX_GRID && (y[last] < 0) != (y[i] < 0))
			add_crossing(out, &n,
			    root_between(s, at,
				gex_grid_x(s->g, last, GEX_GRID), y[last], x,
				y[i]),
			    y[i] > 0);
		last = i;
	}
	return n;
}

/* A curve of straight lines, point after point: where it passes zero; where a
 * point is zero and the curve goes on on the other side, the first such. */
struct lines {
	bool begun, on_zero;
	double x, y;   /* the last point that was not zero */
	double zero_x; /* the first since that is */
};

static void
line_to(
    struct lines *l, double x, double y, struct gex_crossing *out, size_t *n)
{
	if (y == 0) {
		if (!l->on_zero)
			l->zero_x = x;
		l->on_zero = true;
		return;
	}
	if (l->begun && (l->y < 0) != (y < 0))
		add_crossing(out, n,
		    l->on_zero ? l->zero_x
			       : l->x + (x - l->x) * (l->y / (l->y - y)),
		    y > 0);
	*l = (struct lines){.begun = true, .x = x, .y = y};
}

/* Sixty points, straight lines, the first from below: not a good rule, but
 * one that many numbers on the web come from. */
static size_t
first_on_lines(const struct gex_set *s, curve_fn *at, struct gex_crossing *out)
{
	struct lines l = {.begun = false};
	size_t n = 0;

	for (size_t i = 0; i < PERFILIEV; i++) {
		double x = gex_grid_x(s->g, i, PERFILIEV);

		/* On straight lines the factor x does matter. */
		line_to(&l, x, at(s, x) * x, out, &n);
	}
	return n;
}

/* The running sum of net by strike, on straight lines between strikes. */
static size_t
cumulative(const struct gex *g, struct gex_crossing *out)
{
	struct num_sum sum = {0, 0};
	struct lines l = {.begun = false};
	size_t n = 0;

	for (size_t i = 0; i < g->n_strikes; i++) {
		if (g->by_strike[i].n == 0)
			continue;
		num_sum_add(&sum, g->by_strike[i].net);
		line_to(
		    &l, g->strikes[i] / 1000.0, num_sum_value(&sum), out, &n);
	}
	return n;
}

/* The first, or the nearest to the spot; of two as near the lower one. */
static struct gex_level
choose(const struct gex *g, enum gex_flip rule, const struct gex_crossing *c,
    size_t n)
{
	size_t best = 0;

	if (n == 0)
		return (struct gex_level){.why = "no_crossing"};
	for (size_t i = 1; i < n && rule != GEX_REPRICE_FIRST; i++)
		if (fabs(c[i].level - g->spot) < fabs(c[best].level - g->spot))
			best = i;
	return (struct gex_level){true, c[best].level, NULL};
}

static bool
has_any(const struct gex_set *s)
{
	for (size_t i = 0; i < s->g->n; i++)
		if (s->g->c[i].c != 0 && gex_set_weight(s, &s->g->c[i]) > 0)
			return true;
	return false;
}

static size_t
on_grid(struct gex *g, const struct gex_set *s, curve_fn *at,
    struct gex_crossing *out)
{
	double y[GEX_GRID];

	if (at == gex_skew_at) {
		gex_skew_grid(s, y);
	} else if (s->rule == g->conf.flip) {
		fill_grid(s, flipping_of(g, s), y);
	} else {
		for (size_t i = 0; i < GEX_GRID; i++)
			y[i] = at(s, gex_grid_x(g, i, GEX_GRID));
	}
	return crossings_of(s, at, y, out);
}

static size_t
flip_by(struct gex *g, enum gex_flip rule, curve_fn *at,
    struct gex_crossing *out, struct gex_level *flip)
{
	struct gex_set s = set_of(g, rule);
	size_t n;

	*flip = (struct gex_level){.there = false};
	if (g->conf.sign == GEX_UNSIGNED)
		flip->why = "unsigned";
	else if (!g->has_spot)
		flip->why = "no_spot";
	else if (rule != GEX_CUMULATIVE && !has_any(&s))
		flip->why = "nothing_to_reprice";
	else if (rule == GEX_CUMULATIVE && at == gex_skew_at)
		flip->why = "rule_does_not_reprice";
	if (flip->why != NULL)
		return 0;
	if (rule == GEX_CUMULATIVE)
		n = cumulative(g, out);
	else if (rule == GEX_REPRICE_FIRST)
		n = first_on_lines(&s, at, out);
	else
		n = on_grid(g, &s, at, out);
	*flip = choose(g, rule, out, n);
	return n;
}

size_t
gex_flip_of(struct gex *g, enum gex_flip rule, struct gex_crossing *out,
    struct gex_level *flip)
{
	return flip_by(g, rule, value_at, out, flip);
}

size_t
gex_skew_flip(struct gex *g, struct gex_crossing *out, struct gex_level *flip)
{
	return flip_by(g, g->conf.flip, gex_skew_at, out, flip);
}
