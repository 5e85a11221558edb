/* SPDX-License-Identifier: ISC */
/* gex: from values to what each contract contributes. */
#include "gex.h"

#include <math.h>

#include "bs.h"
#include "clock.h"
#include "num.h"

#define YEAR_MS (365.0 * 86400000.0)
#define VALUE_MAX 1e12    /* of any value: beyond it a sum could overflow */
#define SPOT_MAX 1e9      /* strikes end at 10^5; beyond it is no price */
#define MINUTE_MS 60000.0 /* the shortest time that is re-priced */
#define IV_MIN 1e-6       /* below it is 0 that somebody computed: unknown */

const enum contract_field gex_fields[GEX_FIELDS] = {CF_MULTIPLIER, CF_BID,
    CF_ASK, CF_QUOTE_TS, CF_IV, CF_DELTA, CF_GAMMA, CF_OI, CF_VOLUME};

const char *const gex_units[] = {
    "usd_per_1pct", "shares_per_pt", "usd_per_pt", NULL};
const char *const gex_signs[] = {"naive", "short-calls", "unsigned", NULL};
const char *const gex_gammas[] = {"vendor", "model", "live", NULL};
const char *const gex_walls[] = {
    "gross-above", "net-max", "gross-any", "oi-above", NULL};
const char *const gex_flips[] = {"reprice-nearest", "reprice-first",
    "cumulative", "ex-next-expiry", "ex-0dte", "only-0dte", "horizon-weighted",
    NULL};
const char *const gex_skews[] = {"sticky-strike", "sticky-moneyness", NULL};
const char *const gex_whys[] = {
    "in", "adjusted", "settled", "no_oi", "no_gamma", "no_spot", NULL};
const char *const gex_sources[] = {"none", "vendor", "iv", "mid", NULL};

/* ---- values ---- */

static double
value(const struct contract *c, enum contract_field f)
{
	double v;

	if (c->f[f].p == NULL || num_parse(c->f[f], &v) < 0 ||
	    fabs(v) > VALUE_MAX ||
	    (v < 0 && contract_fields[f].kind == CK_UNSIGNED))
		return NAN;
	return v;
}

/* Bit for bit, and absent is absent. */
static bool
set(double *to, double v)
{
	if (*to == v || (isnan(*to) && isnan(v)))
		return false;
	*to = v;
	return true;
}

/* ---- what a contract contributes ---- */

double
gex_sign_of(const struct gex *g, bool call)
{
	switch (g->conf.sign) {
	case GEX_NAIVE:
		return call ? 1 : -1;
	case GEX_SHORT_CALLS:
		return call ? -1 : 1;
	default:
		return 1;
	}
}

static struct bs
option_of(const struct gex *g, const struct gex_contract *c)
{
	return (struct bs){
	    .spot = g->spot,
	    .strike = c->k,
	    .years = c->years,
	    .rate = g->conf.rate,
	    .yield = g->conf.yield,
	};
}

/* A quote with nobody who buys, or crossed, has no middle. */
static double
vol_of_mid(const struct gex *g, const struct gex_contract *c)
{
	struct bs o = option_of(g, c);
	double vol;

	if (!(c->bid > 0) || !(c->ask >= c->bid) ||
	    bs_implied(&o, c->call, 0.5 * (c->bid + c->ask), &vol) < 0)
		return NAN;
	return vol;
}

static double
gamma_at(const struct gex *g, const struct gex_contract *c, double vol)
{
	struct bs o = option_of(g, c);

	if (isnan(vol))
		return NAN;
	o.vol = vol;
	bs_prepare(&o);
	return bs_gamma(&o);
}

/* A gamma of 0 where there is open interest is a rounded one, or stale, when
 * the option is not clearly in or out of the money, or settles today. */
static bool
vendor_knows(const struct gex_contract *c)
{
	double delta = fabs(c->delta);

	if (!(c->gamma >= 0))
		return false;
	return c->gamma > 0 || !(c->oi > 0) ||
	       !(c->today || (delta > 0.02 && delta < 0.98));
}

/* Volatilities and gammas by all sources, and the one that is used. */
static void
price(const struct gex *g, struct gex_contract *c)
{
	double iv = c->iv >= IV_MIN ? c->iv : NAN, mid = NAN, model;
	bool live = g->conf.gamma == GEX_LIVE;

	if (live || isnan(iv))
		mid = vol_of_mid(g, c);
	model = isnan(iv) ? mid : iv;
	c->vol = live && !isnan(mid) ? mid : model;
	c->source = isnan(c->vol)                        ? GEX_FROM_NONE
		    : !isnan(mid) && (live || isnan(iv)) ? GEX_FROM_MID
							 : GEX_FROM_IV;
	c->by_model = gamma_at(g, c, model);
	c->by_vendor = vendor_knows(c) ? c->gamma : c->by_model;
	c->used = live ? gamma_at(g, c, c->vol) : c->by_model;
	if (g->conf.gamma == GEX_VENDOR) {
		c->used = c->by_vendor;
		if (vendor_knows(c))
			c->source = GEX_FROM_VENDOR;
	}
}

static enum gex_why
judge(const struct gex *g, struct gex_contract *c)
{
	double ms = (double)(c->settles - g->spot_ts);

	if (c->root == SETTLE_ADJUSTED)
		return GEX_ADJUSTED;
	if (!g->has_spot)
		return GEX_NO_SPOT;
	if (ms <= 0 && !g->conf.keep_settled)
		return GEX_SETTLED;
	c->years = (ms < MINUTE_MS ? MINUTE_MS : ms) / YEAR_MS;
	price(g, c);
	if (isnan(c->oi))
		return GEX_NO_OI;
	return isnan(c->used) ? GEX_NO_GAMMA : GEX_IN;
}

/* What G(x) needs of it, once: a term costs one exp then. */
static void
constants(const struct gex *g, struct gex_contract *c)
{
	double drift = g->conf.rate - g->conf.yield;

	c->c = 0;
	if (c->why != GEX_IN || isnan(c->vol) || !(c->size > 0))
		return;
	c->a = 1 / (c->vol * sqrt(c->years));
	c->b =
	    ((drift + 0.5 * (c->vol * c->vol)) * c->years - log(c->k)) * c->a;
	c->c = gex_sign_of(g, c->call) * c->size *
	       exp(-g->conf.yield * c->years) * c->a;
}

static void
refresh(struct gex *g, size_t i)
{
	struct gex_contract *c = &g->c[i];
	double a = c->a, b = c->b, factor = c->c, vol = c->vol;
	bool was_in = c->why == GEX_IN, was_today = c->today;

	c->stale = false;
	c->used = c->by_vendor = c->by_model = c->vol = NAN;
	c->source = GEX_FROM_NONE;
	c->size = c->oi * (c->multiplier > 0 ? c->multiplier : 100);
	c->today = strcmp(g->expirations[c->expiration].date, g->today) == 0;
	c->why = judge(g, c);
	constants(g, c);
	/* Who is in decides, too, which settlement is the next; and a rule may
	 * go by the day. */
	if (c->a != a || c->b != b || c->c != factor ||
	    was_in != (c->why == GEX_IN) || was_today != c->today ||
	    (g->skewing != NULL && set(&vol, c->vol)))
		gex_flip_touch(g, i);
}

void
gex_take(struct gex *g, size_t i, const struct contract *c)
{
	struct gex_contract *x = &g->c[i];
	int64_t ts = 0;

	x->stale |= set(&x->oi, value(c, CF_OI));
	x->stale |= set(&x->multiplier, value(c, CF_MULTIPLIER));
	x->stale |= set(&x->iv, value(c, CF_IV));
	x->stale |= set(&x->gamma, value(c, CF_GAMMA));
	x->stale |= set(&x->delta, value(c, CF_DELTA));
	x->stale |= set(&x->bid, value(c, CF_BID));
	x->stale |= set(&x->ask, value(c, CF_ASK));
	set(&x->volume, value(c, CF_VOLUME));
	if (c->f[CF_QUOTE_TS].p != NULL)
		span_int(c->f[CF_QUOTE_TS], &ts);
	x->quote_ts = ts;
	if (g->expected) {
		refresh(g, i);
		gex_flip_expect(g, i);
	}
}

static void
set_moment(struct gex *g, struct span spot, struct span spot_ts)
{
	double s = 0;
	int64_t ts = 0;
	bool has = spot.p != NULL && num_parse(spot, &s) == 0 && s > 0 &&
		   s < SPOT_MAX && spot_ts.p != NULL &&
		   span_int(spot_ts, &ts) == 0;

	if (has == g->has_spot && s == g->spot && ts == g->spot_ts)
		return;
	g->has_spot = has;
	g->spot = has ? s : 0;
	g->spot_ts = has ? ts : 0;
	clock_ny_date(g->spot_ts, 0, g->today);
	for (size_t i = 0; i < g->n; i++)
		g->c[i].stale = true;
	g->flip_stale = true; /* its grid lies around the spot */
}

void
gex_expect(struct gex *g, struct span spot, struct span spot_ts)
{
	set_moment(g, spot, spot_ts);
	g->expected = true;
}

void
gex_compute(struct gex *g, struct span spot, struct span spot_ts)
{
	g->expected = false;
	set_moment(g, spot, spot_ts);
	g->scale = g->conf.unit == GEX_SHARES_PER_PT ? 1
		   : g->conf.unit == GEX_USD_PER_PT  ? g->spot
						     : g->spot * g->spot * 0.01;
	for (size_t i = 0; i < g->n; i++)
		if (g->c[i].stale)
			refresh(g, i);
	gex_sum(g);
	gex_levels(g);
}
