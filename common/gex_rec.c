/* SPDX-License-Identifier: ISC */
/* gex_rec: the record; part of gex. */
#include <math.h>
#include <stdlib.h>

#include "gex.h"
#include "num.h"
#include "rec.h"

static void
key(struct buf *b, const char *name)
{
	buf_str(b, ",\"");
	buf_str(b, name);
	buf_str(b, "\":");
}

static void
add(struct buf *b, const char *name, double v)
{
	if (!isfinite(v))
		return;
	key(b, name);
	num_add(b, v);
}

static void
add_strike(struct buf *b, int32_t milli)
{
	char text[STRIKE_TEXT];

	geom_strike_text(milli, text);
	buf_str(b, text);
}

/* Why something is not there: collected, written as one object. */
struct because {
	struct buf text;
	const char *always; /* the one reason for everything; NULL: none */
};

static void
because(struct because *why, const char *name, const char *reason)
{
	struct buf *b = &why->text;

	buf_str(b, b->n == 0 ? "{\"" : ",\"");
	buf_str(b, name);
	buf_str(b, "\":\"");
	buf_str(b, why->always != NULL ? why->always : reason);
	buf_char(b, '"');
}

static void
add_level(struct buf *b, struct because *why, const char *name,
    const struct gex_level *l)
{
	if (l->there)
		add(b, name, l->level);
	else
		because(why, name, l->why);
}

static void
add_ratio(struct buf *b, struct because *why, const char *name, double above,
    double below, const char *reason)
{
	if (below > 0)
		add(b, name, above / below);
	else
		because(why, name, reason);
}

/* t: what this row was when it was last written. */
static void
add_row(struct buf *b, const struct gex_row *r, struct gex_text *t)
{
	size_t at = b->n;

	if (t->text[0] != '\0' && t->call == r->call && t->put == r->put &&
	    t->net == r->net) {
		buf_str(b, t->text);
		return;
	}
	add(b, "call", r->call);
	add(b, "put", r->put);
	add(b, "net", r->net);
	buf_char(b, '}');
	t->text[0] = '\0';
	if (b->n - at < sizeof(t->text))
		memcpy(t->text, b->p + at, b->n - at + 1);
	t->call = r->call;
	t->put = r->put;
	t->net = r->net;
}

static void
add_totals(const struct gex *g, struct buf *b, struct because *why)
{
	static const char *const names[] = {
	    "net", "gross_call", "gross_put", "net_vendor", "net_model"};
	const struct gex_sums *s = &g->sums;
	const double values[] = {
	    s->net, s->gross_call, s->gross_put, s->net_vendor, s->net_model};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (s->contracts > 0)
			add(b, names[i], values[i]);
		else
			because(why, names[i], "no_contract");
}

static void
add_crossings(
    struct buf *b, const char *name, const struct gex_crossing *c, size_t n)
{
	key(b, name);
	for (size_t i = 0; i < n; i++) {
		buf_str(b, i == 0 ? "[{\"level\":" : ",{\"level\":");
		num_add(b, c[i].level);
		buf_str(b, c[i].up ? ",\"direction\":\"up\"}"
				   : ",\"direction\":\"down\"}");
	}
	buf_str(b, n == 0 ? "[]" : "]");
}

static void
add_levels(const struct gex *g, struct buf *b, struct because *why)
{
	add_level(b, why, "call_wall", &g->call_wall);
	add_level(b, why, "put_wall", &g->put_wall);
	add_level(b, why, "abs_strike", &g->abs_strike);
	add_level(b, why, "flip", &g->flip);
	add_crossings(b, "crossings", g->crossings, g->n_crossings);
	if (g->skewing != NULL) {
		add_level(b, why, "flip_sticky_moneyness", &g->skew_flip);
		add_crossings(b, "crossings_sticky_moneyness",
		    g->skew_crossings, g->n_skew_crossings);
	}
	add_level(b, why, "hvl", &g->hvl);
}

static void
add_max_pain(const struct gex *g, struct buf *b, struct because *why)
{
	char comma = '{';
	bool missing = false;

	key(b, "max_pain");
	for (size_t i = 0; i < g->n_expirations; i++) {
		const struct gex_expiration *x = &g->expirations[i];

		/* What has settled, whole, is not missing. */
		missing |= x->max_pain.why != NULL;
		if (!x->max_pain.there)
			continue;
		buf_char(b, comma);
		buf_fmt(b, "\"%s\":", x->date);
		num_add(b, x->max_pain.level);
		comma = ',';
	}
	buf_str(b, comma == '{' ? "{}" : "}");
	if (missing)
		because(why, "max_pain", "no_oi");
}

static void
add_ratios(const struct gex *g, struct buf *b, struct because *why)
{
	const struct gex_sums *s = &g->sums;

	add_ratio(b, why, "share_0dte", s->abs_today,
	    s->gross_call + s->gross_put, "all_zero");
	add_ratio(b, why, "put_call_oi", s->oi_put, s->oi_call, "no_call_oi");
	add_ratio(b, why, "put_call_volume", s->volume_put, s->volume_call,
	    "no_call_volume");
	add_level(b, why, "expected_move", &g->move);
	add_max_pain(g, b, why);
}

static void
add_greeks(const struct gex *g, struct buf *b)
{
	const struct gex_sums *s = &g->sums;
	unsigned want = g->sums.contracts > 0 ? g->conf.greeks : 0;

	if (want & GEX_DEX)
		add(b, "dex", s->dex);
	if (want & GEX_VEX)
		add(b, "vex", s->vex);
	if (want & GEX_CEX)
		add(b, "cex", s->cex);
	if (want & GEX_CEX_1D)
		add(b, "cex_1d", s->cex_1d);
}

static void
add_coverage(const struct gex *g, struct buf *b, struct because *why)
{
	const struct gex_sums *s = &g->sums;
	char comma = '{';

	add_ratio(b, why, "coverage_oi", s->oi_valued, s->oi_all, "no_oi");
	if (s->oi_all > 0 && s->oi_valued / s->oi_all < g->conf.min_coverage)
		because(why, "coverage_oi", "partial");
	if (s->assumed > 0)
		because(why, "settlement", "unknown_root_taken_as_pm");
	key(b, "excluded");
	for (int i = GEX_IN + 1; i < GEX_WHYS; i++) {
		if (s->excluded[i] == 0)
			continue;
		buf_char(b, comma);
		buf_fmt(b, "\"%s\":%zu", gex_whys[i], s->excluded[i]);
		comma = ',';
	}
	buf_str(b, comma == '{' ? "{}" : "}");
	key(b, "contracts");
	buf_int(b, (int64_t)s->contracts);
}

static void
add_rows(struct gex *g, struct buf *b)
{
	const char *open = "[{";

	key(b, "strikes");
	for (size_t i = 0; i < g->n_strikes; i++) {
		if (g->by_strike[i].n == 0)
			continue;
		buf_str(b, open);
		buf_str(b, "\"strike\":");
		add_strike(b, g->strikes[i]);
		add_row(b, &g->by_strike[i], &g->texts[i]);
		open = ",{";
	}
	buf_str(b, *open == '[' ? "[]" : "]");
	key(b, "expirations");
	open = "[{";
	for (size_t i = 0; i < g->n_expirations; i++) {
		const struct gex_expiration *x = &g->expirations[i];

		if (x->row.n == 0)
			continue;
		buf_str(b, open);
		buf_fmt(b, "\"expiration\":\"%s\"", x->date);
		add_row(b, &x->row, &g->texts[g->n_strikes + i]);
		open = ",{";
	}
	buf_str(b, *open == '[' ? "[]" : "]");
}

void
gex_record(struct gex *g, const struct gex_epoch *ep, struct buf *b)
{
	const struct gex_conf *c = &g->conf;
	struct because why = {{0}, g->has_spot ? NULL : "no_spot"};
	char hash[80];

	rec_begin(b, "gex", g->sums.ts);
	rec_add_str(b, "symbol", g->symbol);
	rec_add_str(b, "epoch_id", ep->id);
	rec_add_int(b, "seq", ep->seq);
	if (ep->geometry_hash.n > 0 && ep->geometry_hash.n < sizeof(hash)) {
		memcpy(hash, ep->geometry_hash.p, ep->geometry_hash.n);
		hash[ep->geometry_hash.n] = '\0';
		rec_add_str(b, "geometry_hash", hash);
	}
	if (g->has_spot) {
		rec_add_num(b, "spot", ep->spot);
		rec_add_int(b, "spot_ts", g->spot_ts);
	}
	add(b, "rate", c->rate);
	add(b, "yield", c->yield);
	rec_add_str(b, "unit", gex_units[c->unit]);
	rec_add_str(b, "sign", gex_signs[c->sign]);
	rec_add_str(b, "gamma", gex_gammas[c->gamma]);
	rec_add_str(b, "wall_rule", gex_walls[c->wall]);
	rec_add_str(b, "flip_rule", gex_flips[c->flip]);
	add_totals(g, b, &why);
	add_levels(g, b, &why);
	add_ratios(g, b, &why);
	add_greeks(g, b);
	add_coverage(g, b, &why);
	if (why.text.n > 0) {
		key(b, "why");
		buf_span(b, buf_view(&why.text));
		buf_char(b, '}');
	}
	add_rows(g, b);
	rec_end(b);
	buf_free(&why.text);
}

/* ---- the older layout ---- */

/* One cell, closing what was open before it. */
static void
add_cell(const struct gex *g, size_t date, size_t *open, int32_t strike,
    double v, struct buf *b)
{
	if (*open == date) {
		buf_char(b, ',');
	} else {
		buf_str(b, *open == SIZE_MAX ? "\"" : "},\"");
		buf_str(b, g->expirations[date].date);
		buf_str(b, "\":{");
	}
	*open = date;
	buf_char(b, '"');
	add_strike(b, strike);
	buf_str(b, "\":");
	num_add(b, v);
}

static void
add_side(
    const struct gex *g, bool call, double *cells, bool *there, struct buf *b)
{
	size_t open = SIZE_MAX;

	buf_fmt(b, "{\"ts\":%lld,\"symbol\":\"%s\",\"expirations\":{",
	    (long long)g->sums.ts, g->symbol);
	for (size_t i = 0; i < g->n;) {
		size_t date = g->c[g->by_date[i]].expiration;

		memset(cells, 0, g->n_strikes * sizeof(*cells));
		memset(there, 0, g->n_strikes);
		for (; i < g->n; i++) {
			const struct gex_contract *c = &g->c[g->by_date[i]];

			if (c->expiration != date)
				break;
			if (c->call != call || c->why != GEX_IN)
				continue;
			cells[c->strike] += c->used * c->size;
			there[c->strike] = true;
		}
		for (size_t k = 0; k < g->n_strikes; k++)
			if (there[k])
				add_cell(
				    g, date, &open, g->strikes[k], cells[k], b);
	}
	buf_str(b, open == SIZE_MAX ? "}}\n" : "}}}\n");
}

void
gex_shares_per_point(const struct gex *g, struct buf *b)
{
	double *cells = mem_alloc((g->n_strikes + 1) * sizeof(*cells));
	bool *there = mem_alloc(g->n_strikes + 1);

	add_side(g, true, cells, there, b);
	add_side(g, false, cells, there, b);
	free(cells);
	free(there);
}
