/* SPDX-License-Identifier: ISC */
/* The command line of model-gex. */
#include <stdio.h>

#include "num.h"
#include "tool.h"

enum {
	OPT_UNIT = 300,
	OPT_SIGN,
	OPT_GAMMA,
	OPT_WALL,
	OPT_FLIP,
	OPT_SKEW,
	OPT_RATE,
	OPT_YIELD,
	OPT_GREEKS,
	OPT_SETTLED,
	OPT_COVERAGE,
	OPT_SCHEMA,
	OPT_COMPARE,
	OPT_EXPLAIN
};

static const struct opt options[] = {
    MODEL_OPTIONS,
    {OPT_UNIT, "unit", "UNIT", "usd_per_1pct, shares_per_pt or usd_per_pt"},
    {OPT_SIGN, "sign", "SIGN", "naive, short-calls or unsigned"},
    {OPT_GAMMA, "gamma", "SOURCE", "vendor, model or live"},
    {OPT_WALL, "wall-rule", "RULE",
	"gross-above, net-max, gross-any or oi-above"},
    {OPT_FLIP, "flip-rule", "RULE",
	"reprice-nearest, reprice-first, cumulative, ex-next-expiry, ex-0dte, "
	"only-0dte or horizon-weighted"},
    {OPT_SKEW, "skew", "RULE",
	"sticky-strike, or sticky-moneyness for a second zero gamma"},
    {OPT_RATE, "rate", "R", "interest a year, as a fraction (0)"},
    {OPT_YIELD, "yield", "Q", "dividend yield a year (0)"},
    {OPT_GREEKS, "greeks", "LIST", "dex, vex, cex, cex_1d as well"},
    {OPT_SETTLED, "settled", "WHAT", "keep or drop settled options (drop)"},
    {OPT_COVERAGE, "min-coverage", "PCT",
	"open interest below which a result is partial (90)"},
    {OPT_SCHEMA, "schema", "NAME", "print gex or shares-per-point records"},
    {OPT_COMPARE, "compare-rules", NULL,
	"print every convention side by side, as text"},
    {OPT_EXPLAIN, "explain", "STRIKE", "print the contracts behind a strike"},
    OPT_COMMON,
    {0},
};

static const struct opt_set option_set = {
    .table = options,
    .operands = "[SYMBOL...]",
    .summary = "Gamma exposure of the active epochs in Redis.",
    .versions = "hiredis " HIREDIS_PKG ", jansson " JANSSON_PKG,
};

/* Which word of a list that ends with NULL; -1 when none. */
static int
choose(const char *const *words, const char *arg)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], arg) == 0)
			return i;
	return -1;
}

#define CHOOSE(to, words, arg)                                                 \
	do {                                                                   \
		int chosen = choose(words, arg);                               \
                                                                               \
		if (chosen < 0)                                                \
			return -1;                                             \
		(to) = chosen;                                                 \
	} while (0)

static int
take_greeks(struct tool *t, const char *arg)
{
	static const char *const names[] = {
	    "dex", "vex", "cex", "cex_1d", NULL};
	char word[8];
	size_t n;

	for (;; arg += n + 1) {
		n = strcspn(arg, ",");
		if (n == 0 || n >= sizeof(word))
			return -1;
		memcpy(word, arg, n);
		word[n] = '\0';
		if (choose(names, word) < 0)
			return -1;
		t->gex.greeks |= 1U << choose(names, word);
		if (arg[n] == '\0')
			return 0;
	}
}

/* A fraction between -1 and 1, a year. */
static int
take_fraction(double *to, const char *arg)
{
	return num_parse(span_str(arg), to) < 0 || *to < -1 || *to > 1 ? -1 : 0;
}

static int
take_gex(struct tool *t, int c, const char *arg)
{
	static const char *const settled[] = {"drop", "keep", NULL};
	static const char *const schemas[] = {"gex", "shares-per-point", NULL};
	int64_t bp;

	switch (c) {
	case OPT_UNIT:
		CHOOSE(t->gex.unit, gex_units, arg);
		return 0;
	case OPT_SIGN:
		CHOOSE(t->gex.sign, gex_signs, arg);
		return 0;
	case OPT_GAMMA:
		CHOOSE(t->gex.gamma, gex_gammas, arg);
		return 0;
	case OPT_WALL:
		CHOOSE(t->gex.wall, gex_walls, arg);
		return 0;
	case OPT_FLIP:
		CHOOSE(t->gex.flip, gex_flips, arg);
		return 0;
	case OPT_SKEW:
		CHOOSE(t->gex.skew, gex_skews, arg);
		return 0;
	case OPT_RATE:
		return take_fraction(&t->gex.rate, arg);
	case OPT_YIELD:
		return take_fraction(&t->gex.yield, arg);
	case OPT_GREEKS:
		return take_greeks(t, arg);
	case OPT_SETTLED:
		CHOOSE(t->gex.keep_settled, settled, arg);
		return 0;
	case OPT_COVERAGE:
		if (opt_percent(arg, &bp) < 0)
			return -1;
		t->gex.min_coverage = (double)bp / 10000;
		return 0;
	case OPT_SCHEMA:
		CHOOSE(t->show, schemas, arg);
		return 0;
	case OPT_COMPARE:
		t->show = SHOW_COMPARE;
		return 0;
	default: /* OPT_EXPLAIN */
		t->show = SHOW_EXPLAIN;
		return geom_strike_parse(span_str(arg), &t->explain);
	}
}

/* What an option changes. */
struct setting {
	struct model_conf *model;
	struct tool *tool;
};

static int
take_option(int val, const char *arg, void *ctx)
{
	struct setting *to = ctx;

	return val < OPT_UNIT ? model_option(to->model, val, arg)
			      : take_gex(to->tool, val, arg);
}

/* What makes another record of the same epoch. */
static void
describe(struct model_conf *m, const struct tool *t)
{
	const struct gex_conf *g = &t->gex;
	struct buf *b = &m->options;

	buf_fmt(b, "unit=%s sign=%s gamma=%s wall=%s flip=%s rate=",
	    gex_units[g->unit], gex_signs[g->sign], gex_gammas[g->gamma],
	    gex_walls[g->wall], gex_flips[g->flip]);
	num_add(b, g->rate);
	buf_str(b, " yield=");
	num_add(b, g->yield);
	buf_fmt(b, " greeks=%u settled=%s coverage=", g->greeks,
	    g->keep_settled ? "keep" : "drop");
	num_add(b, g->min_coverage);
	if (g->skew != GEX_STICKY_STRIKE)
		buf_fmt(b, " skew=%s", gex_skews[g->skew]);
}

int
options_read(int argc, char *argv[], struct model_conf *m, struct tool *t)
{
	struct setting to = {m, t};
	int status = opt_read(argc, argv, &option_set, take_option, &to);

	if (status >= 0)
		return status;
	if (t->show >= SHOW_COMPARE)
		m->mode = MODEL_PRINT;
	describe(m, t);
	return -1;
}
