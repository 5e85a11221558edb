/* SPDX-License-Identifier: ISC */
/* Conventions side by side, and the contracts behind one number. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "clock.h"
#include "num.h"
#include "tool.h"

/* ---- --compare-rules ---- */

static void
put_level(struct buf *b, const struct gex_level *l)
{
	if (l->there)
		buf_fmt(b, "%12.2f", l->level);
	else
		buf_fmt(b, "%12s", "-");
}

static void
compare_walls(const struct gex *g, struct buf *b)
{
	buf_fmt(b, "\n%-20s %12s %12s\n", "WALLS", "CALL", "PUT");
	for (enum gex_wall rule = 0; rule < GEX_WALLS; rule++) {
		struct gex_level call = gex_wall_of(g, rule, true),
				 put = gex_wall_of(g, rule, false);

		buf_fmt(b, "%-20s ", gex_walls[rule]);
		put_level(b, &call);
		buf_char(b, ' ');
		put_level(b, &put);
		buf_str(b, rule == g->conf.wall ? "  *\n" : "\n");
	}
	buf_fmt(b, "%-20s ", "abs-max");
	put_level(b, &g->abs_strike);
	buf_fmt(b, "\n%-20s ", "hvl (cum-slope)");
	put_level(b, &g->hvl);
	buf_char(b, '\n');
}

static void
put_flip(struct buf *b, const char *rule, const struct gex_level *l,
    const struct gex_crossing *c, size_t n)
{
	buf_fmt(b, "%-20s ", rule);
	put_level(b, l);
	buf_str(b, "  ");
	if (!l->there)
		buf_str(b, l->why);
	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "%s%.2f %s", i == 0 ? "" : ", ", c[i].level,
		    c[i].up ? "up" : "down");
}

static void
compare_flips(struct gex *g, struct buf *b)
{
	struct gex_crossing c[GEX_CROSSINGS_MAX];

	buf_fmt(
	    b, "\n%-20s %12s  %s\n", "ZERO GAMMA", "LEVEL", "ALL CROSSINGS");
	for (enum gex_flip rule = 0; rule < GEX_FLIPS; rule++) {
		struct gex_level l;
		size_t n = gex_flip_of(g, rule, c, &l);

		put_flip(b, gex_flips[rule], &l, c, n);
		buf_str(b, rule == g->conf.flip ? "  *\n" : "\n");
	}
	if (g->skewing != NULL) {
		put_flip(b, gex_skews[GEX_STICKY_MONEYNESS], &g->skew_flip,
		    g->skew_crossings, g->n_skew_crossings);
		buf_str(b, "  +\n");
	}
}

static void
compare_units(const struct gex *g, struct buf *b)
{
	const double scales[] = {g->spot * g->spot * 0.01, 1, g->spot};

	buf_fmt(b, "\n%-20s %20s %20s %20s\n", "NET BY", "naive", "short-calls",
	    "unsigned");
	for (int unit = 0; gex_units[unit] != NULL; unit++) {
		double to = scales[unit] / g->scale;
		double call = g->sums.gross_call * to,
		       put = g->sums.gross_put * to;

		buf_fmt(b, "%-20s %20.2f %20.2f %20.2f\n", gex_units[unit],
		    call - put, put - call, call + put);
	}
}

static void
compare_gammas(const struct gex *g, struct buf *b)
{
	const struct gex_sums *s = &g->sums;

	buf_fmt(b, "\n%-20s %20s\n", "NET BY GAMMA", gex_units[g->conf.unit]);
	buf_fmt(b, "%-20s %20.2f\n", "vendor", s->net_vendor);
	buf_fmt(b, "%-20s %20.2f\n", "model", s->net_model);
	if (g->conf.gamma == GEX_LIVE)
		buf_fmt(b, "%-20s %20.2f\n", "live", s->net);
	if (s->net_vendor != 0)
		buf_fmt(b, "%-20s %19.2f%%\n", "gap model - vendor",
		    100 * (s->net_model - s->net_vendor) / fabs(s->net_vendor));
	buf_fmt(b, "%-20s vendor %zu, iv %zu, mid %zu", "gamma used from",
	    s->sources[GEX_FROM_VENDOR], s->sources[GEX_FROM_IV],
	    s->sources[GEX_FROM_MID]);
	for (int i = GEX_IN + 1; i < GEX_WHYS; i++)
		if (s->excluded[i] > 0)
			buf_fmt(b, ", %s %zu", gex_whys[i], s->excluded[i]);
	buf_char(b, '\n');
}

void
text_compare(struct gex *g, const struct plate *p, struct buf *b)
{
	buf_fmt(b, "%s seq %" PRId64 ", spot %.2f, %zu contracts\n", p->id,
	    p->seq, g->spot, g->sums.contracts);
	buf_fmt(b,
	    "rate %g, yield %g, sign %s, gamma %s; * is what was asked "
	    "for%s\n",
	    g->conf.rate, g->conf.yield, gex_signs[g->conf.sign],
	    gex_gammas[g->conf.gamma],
	    g->skewing != NULL ? ", + beside it" : "");
	compare_walls(g, b);
	compare_flips(g, b);
	compare_units(g, b);
	compare_gammas(g, b);
}

/* ---- --explain ---- */

static void
put_value(struct buf *b, int width, double v, int places)
{
	if (isnan(v))
		buf_fmt(b, " %*s", width, "-");
	else
		buf_fmt(b, " %*.*f", width, places, v == 0 ? 0 : v);
}

static void
explain_contract(const struct gex *g, const struct gex_contract *c,
    struct span id, struct buf *b)
{
	char when[20];

	clock_utc_text(c->settles, when);
	when[16] = '\0';
	buf_fmt(b, "%-22.*s %s", (int)id.n, id.p, when);
	put_value(b, 9, c->why == GEX_SETTLED ? NAN : c->years * 365, 4);
	put_value(b, 9, c->oi, 0);
	put_value(b, 5, c->multiplier, 0);
	put_value(b, 8, c->iv, 4);
	put_value(b, 8, c->vol, 4);
	put_value(b, 10, c->gamma, 6);
	put_value(b, 10, c->used, 6);
	buf_fmt(b, " %-8s",
	    c->why == GEX_IN ? gex_sources[c->source] : gex_whys[c->why]);
	put_value(b, 18,
	    c->why == GEX_IN
		? gex_sign_of(g, c->call) * c->used * c->size * g->scale
		: NAN,
	    2);
	buf_char(b, '\n');
}

void
text_explain(
    const struct gex *g, const struct plate *p, int32_t strike, struct buf *b)
{
	char text[STRIKE_TEXT];
	size_t n = 0;

	geom_strike_text(strike, text);
	buf_fmt(b, "%s seq %" PRId64 ", spot %.2f, strike %s, %s, gamma %s\n",
	    p->id, p->seq, g->spot, text, gex_units[g->conf.unit],
	    gex_gammas[g->conf.gamma]);
	buf_fmt(b, "%-22s %-16s %9s %9s %5s %8s %8s %10s %10s %-8s %18s\n",
	    "CONTRACT", "SETTLES (UTC)", "DAYS", "OI", "MULT", "IV", "VOL",
	    "VENDOR", "GAMMA", "FROM", "GEX");
	for (size_t i = 0; i < g->n; i++)
		if (g->c[i].strike_milli == strike) {
			explain_contract(g, &g->c[i], p->ids[i], b);
			n++;
		}
	for (size_t k = 0; k < g->n_strikes; k++)
		if (g->strikes[k] == strike)
			buf_fmt(b,
			    "%zu contracts, %zu of them count: call %.2f, put "
			    "%.2f, net %.2f\n",
			    n, g->by_strike[k].n, g->by_strike[k].call,
			    g->by_strike[k].put, g->by_strike[k].net);
	if (n == 0)
		buf_str(b, "no contract of that strike\n");
}
