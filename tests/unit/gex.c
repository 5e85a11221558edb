/* SPDX-License-Identifier: ISC */
/*
 * The engine of model-gex on a board whose every number is known: made here
 * from the formulas of its source, expected values from an independent
 * program whose closed forms were checked against finite differences.
 *
 * With the argument "print" it prints records of that board instead:
 * tests/same-bytes.bats compares what several compilers make of them.
 */
#include <math.h>
#include <stdlib.h>

#include "bs.h"
#include "check.h"
#include "clock.h"
#include "err.h"
#include "gex.h"
#include "num.h"

#define SPOT 5000.0
#define CONTRACTS 38
#define NOON "1784899800000" /* 2026-07-24 09:30 New York */

static const char *const dates[] = {"260724", "260731", "260828"};
static const char *const roots[] = {"SPXW", "SPX", "SPX"};
static const double extra[] = {0.02, 0, 0.01};

/* Open interest call/put by strike and expiration; -1: not listed. */
static const struct {
	int strike;
	int oi[3][2];
} board[] = {
    {4900, {{50, 900}, {200, 3000}, {900, 5000}}},
    {4950, {{120, 1500}, {300, 2500}, {600, 2100}}},
    {4975, {{300, 1100}, {250, 900}, {-1, -1}}},
    {5000, {{1200, 1300}, {2000, 2200}, {4000, 4500}}},
    {5025, {{1400, 350}, {900, 300}, {-1, -1}}},
    {5050, {{1800, 150}, {2600, 250}, {2500, 700}}},
    {5100, {{700, 40}, {3100, 100}, {5200, 500}}},
};
#define STRIKES (sizeof(board) / sizeof(board[0]))

/* One contract of the board, as texts. */
struct row {
	char id[32], iv[40], oi[16], bid[40], ask[40];
	double vol;
	int date, strike;
	bool call;
};

static struct row rows[CONTRACTS];

static int
by_id(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static double
vol_of(int date, int strike)
{
	return 0.14 + 0.00004 * fmax(0, 5000 - strike) +
	       0.00001 * fmax(0, strike - 5000) + extra[date];
}

static void
make_rows(void)
{
	int n = 0;

	for (int date = 0; date < 3; date++)
		for (size_t k = 0; k < STRIKES; k++)
			for (int put = 0; put < 2; put++) {
				struct row *r = &rows[n];

				if (board[k].oi[date][put] < 0)
					continue;
				n++;
				r->date = date;
				r->strike = board[k].strike;
				r->call = !put;
				r->vol = vol_of(date, r->strike);
				snprintf(r->id, sizeof(r->id), "O:%s%s%c%08d",
				    roots[date], dates[date], put ? 'P' : 'C',
				    r->strike * 1000);
				snprintf(r->iv, sizeof(r->iv), "%.17g", r->vol);
				snprintf(r->oi, sizeof(r->oi), "%d",
				    board[k].oi[date][put]);
			}
	CHECK_INT(n, CONTRACTS);
	qsort(rows, (size_t)n, sizeof(rows[0]), by_id);
}

static struct contract
contract_of(const struct row *r)
{
	struct contract c = {.ts = 0};

	c.f[CF_IV] = span_str(r->iv);
	c.f[CF_OI] = span_str(r->oi);
	return c;
}

static struct gex *
open_board(const struct gex_conf *conf)
{
	struct span ids[CONTRACTS];
	struct err e;
	struct gex *g;

	for (int i = 0; i < CONTRACTS; i++)
		ids[i] = span_str(rows[i].id);
	g = gex_open(conf, "SPX", ids, CONTRACTS, &e);
	CHECK(g != NULL);
	for (int i = 0; g != NULL && i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);

		gex_take(g, (size_t)i, &c);
	}
	return g;
}

static struct gex *
compute(const struct gex_conf *conf)
{
	struct gex *g = open_board(conf);

	gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
	return g;
}

#define NEAR(a, b, rel) near((a), (b), (rel), #a, __LINE__)

static void
near(double a, double b, double rel, const char *what, int line)
{
	if (!check_that(
		fabs(a - b) <= rel * fabs(b), what, "tests/unit/gex.c", line))
		printf("#   is  %.17g\n#   not %.17g\n", a, b);
}

static const struct gex_conf plain = {
    .gamma = GEX_MODEL, .min_coverage = 0.9, .greeks = 15};

static void
test_sums(void)
{
	struct gex *g = compute(&plain);
	const struct gex_sums *s = &g->sums;

	test_begin("the golden board: totals to 1e-12");
	CHECK_INT(s->contracts, CONTRACTS);
	NEAR(s->gross_call, 2345006090.612318, 1e-12);
	NEAR(s->gross_put, 2284763256.263458, 1e-12);
	NEAR(s->net, 60242834.34886074, 1e-12 * s->gross_call / s->net);
	NEAR(s->abs_today / (s->gross_call + s->gross_put), 0.43493782186863406,
	    1e-12);
	NEAR(s->oi_put / s->oi_call, 0.9740398293029872, 1e-12);
	NEAR(s->vex, 156448390.33382303, 1e-12);
	NEAR(s->cex, -691196608.5608071, 1e-12);
	NEAR(s->net_model, s->net, 0);
	NEAR(s->net_vendor, s->net, 0); /* the board has no gammas */

	test_begin("the golden board: by expiration");
	CHECK_INT(g->n_expirations, 3);
	NEAR(g->expirations[0].row.net, 26135950.926625542, 1e-11);
	NEAR(g->expirations[1].row.net, 11801260.731049448, 1e-11);
	NEAR(g->expirations[2].row.net, 22305622.69118573, 1e-11);
	for (int i = 0; i < 3; i++) {
		CHECK(g->expirations[i].max_pain.there);
		NEAR(g->expirations[i].max_pain.level, 5000, 0);
	}
	gex_close(g);
}

static double
level(struct gex *g, enum gex_flip rule)
{
	struct gex_crossing c[GEX_CROSSINGS_MAX];
	struct gex_level l;

	gex_flip_of(g, rule, c, &l);
	CHECK(l.there);
	return l.level;
}

static void
test_levels(void)
{
	struct gex *g = compute(&plain);

	test_begin("the golden board: walls by every rule");
	NEAR(gex_wall_of(g, GEX_GROSS_ABOVE, true).level, 5000, 0);
	NEAR(gex_wall_of(g, GEX_NET_MAX, true).level, 5100, 0);
	NEAR(gex_wall_of(g, GEX_OI_ABOVE, true).level, 5100, 0);
	NEAR(gex_wall_of(g, GEX_GROSS_ABOVE, false).level, 5000, 0);
	NEAR(gex_wall_of(g, GEX_NET_MAX, false).level, 4900, 0);

	test_begin("the golden board: zero gamma by every rule");
	CHECK(g->flip.there);
	CHECK(fabs(g->flip.level - 4998.50429454141) < 1e-6);
	CHECK_INT(g->n_crossings, 1);
	CHECK(g->crossings[0].up);
	CHECK(fabs(level(g, GEX_EX_0DTE) - 4994.981808676524) < 1e-6);
	CHECK(fabs(level(g, GEX_CUMULATIVE) - 5091.862406262619) < 1e-6);
	CHECK(fabs(level(g, GEX_REPRICE_FIRST) - 4997.70) < 0.005);
	gex_close(g);
}

static void
record(struct gex *g, struct buf *b)
{
	struct gex_epoch ep = {
	    "SPX:1784899800:0000", 1, SPAN_LIT("00"), SPAN_LIT("5000")};

	buf_clear(b);
	gex_record(g, &ep, b);
}

static void
record_at(struct gex *g, struct buf *b)
{
	gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
	record(g, b);
}

static void
test_algebra(void)
{
	struct gex_conf conf = plain;
	struct gex *g = compute(&conf), *other;
	double strikes = 0, dates_net = 0;

	test_begin("by strike, by expiration and net agree");
	for (size_t i = 0; i < g->n_strikes; i++)
		strikes += g->by_strike[i].net;
	for (size_t i = 0; i < g->n_expirations; i++)
		dates_net += g->expirations[i].row.net;
	NEAR(strikes, g->sums.net, 1e-12);
	NEAR(dates_net, g->sums.net, 1e-12);

	test_begin("the other sign is the negative; unsigned the sum");
	conf.sign = GEX_SHORT_CALLS;
	other = compute(&conf);
	NEAR(other->sums.net, -g->sums.net, 0);
	CHECK(other->flip.there && !other->crossings[0].up);
	NEAR(other->flip.level, g->flip.level, 1e-12);
	gex_close(other);
	conf.sign = GEX_UNSIGNED;
	other = compute(&conf);
	NEAR(other->sums.net, g->sums.gross_call + g->sums.gross_put, 0);
	CHECK(!other->flip.there);
	CHECK_STR(other->flip.why, "unsigned");
	gex_close(other);

	test_begin("units differ by powers of the spot");
	conf = plain;
	conf.unit = GEX_SHARES_PER_PT;
	other = compute(&conf);
	NEAR(other->sums.net * SPOT * SPOT * 0.01, g->sums.net, 1e-12);
	gex_close(other);
	conf.unit = GEX_USD_PER_PT;
	other = compute(&conf);
	NEAR(other->sums.net * SPOT * 0.01, g->sums.net, 1e-12);
	gex_close(other);
	gex_close(g);
}

/* Every contract's open interest times a number, calls and puts swapped. */
static void
test_scaling(void)
{
	struct gex *g = compute(&plain), *other = open_board(&plain);
	char text[16];

	test_begin("three times the open interest is three times the exposure");
	for (int i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);

		snprintf(text, sizeof(text), "%d", 3 * atoi(rows[i].oi));
		c.f[CF_OI] = span_str(text);
		gex_take(other, (size_t)i, &c);
	}
	gex_compute(other, SPAN_LIT("5000"), SPAN_LIT(NOON));
	NEAR(other->sums.net, 3 * g->sums.net, 1e-12);
	NEAR(other->flip.level, g->flip.level, 1e-12);
	NEAR(other->sums.oi_put / other->sums.oi_call,
	    g->sums.oi_put / g->sums.oi_call, 1e-12);

	test_begin("calls and puts swapped turn the sign");
	for (int i = 0; i < CONTRACTS; i++)
		for (int k = 0; k < CONTRACTS; k++) {
			struct contract c = contract_of(&rows[k]);

			if (rows[k].date == rows[i].date &&
			    rows[k].strike == rows[i].strike &&
			    rows[k].call != rows[i].call)
				gex_take(other, (size_t)i, &c);
		}
	gex_compute(other, SPAN_LIT("5000"), SPAN_LIT(NOON));
	NEAR(other->sums.net, -g->sums.net, 1e-12);
	NEAR(other->sums.gross_call, g->sums.gross_put, 1e-12);
	gex_close(other);
	gex_close(g);
}

/* Quotes around the model's own price. */
static void
make_quotes(void)
{
	for (int i = 0; i < CONTRACTS; i++) {
		struct row *r = &rows[i];
		static const double days[] = {6.5 / 24, 7, 35};
		struct bs o = {.spot = SPOT,
		    .strike = r->strike,
		    .years = days[r->date] / 365,
		    .vol = r->vol};
		double p;

		bs_prepare(&o);
		p = bs_price(&o, r->call);
		snprintf(r->bid, sizeof(r->bid), "%.15g", p * 0.99);
		snprintf(r->ask, sizeof(r->ask), "%.15g", p * 1.01);
	}
}

static void
quoted(struct contract *c, const struct row *r)
{
	c->f[CF_BID] = span_str(r->bid);
	c->f[CF_ASK] = span_str(r->ask);
	c->f[CF_QUOTE_TS] = SPAN_LIT("1784899801000");
}

/* Values go away, come back, move, one contract after the other: what is
 * computed on the way is what a fresh engine computes, to the last byte. */
static void
test_incremental(enum gex_gamma gamma, enum gex_flip flip, enum gex_skew skew)
{
	struct gex_conf conf = plain;
	struct contract now[CONTRACTS];
	struct buf a = {0}, b = {0}, last = {0};
	struct gex *g, *fresh;
	uint64_t random = 7;
	int differ = 0;
	static char texts[400][24];

	conf.gamma = gamma;
	conf.flip = flip;
	conf.skew = skew;
	g = open_board(&conf);
	for (int i = 0; i < CONTRACTS; i++) {
		now[i] = contract_of(&rows[i]);
		quoted(&now[i], &rows[i]);
		gex_take(g, (size_t)i, &now[i]);
	}
	for (int step = 0; step < 400; step++) {
		size_t i = check_random(&random) % CONTRACTS;
		static const enum contract_field fields[] = {
		    CF_BID, CF_ASK, CF_IV, CF_OI, CF_GAMMA};
		enum contract_field f = fields[check_random(&random) % 5];

		snprintf(texts[step], sizeof(texts[step]), "%u.%03u",
		    f == CF_IV || f == CF_GAMMA ? 0
						: check_random(&random) % 90,
		    check_random(&random) % 1000);
		now[i].f[f] = check_random(&random) % 8 == 0
				  ? SPAN_NONE
				  : span_str(texts[step]);
		gex_take(g, i, &now[i]);
		if (step % 5 != 0)
			continue;
		gex_compute(g, step < 200 ? SPAN_LIT("5000") : SPAN_LIT("5003"),
		    SPAN_LIT(NOON));
		fresh = open_board(&conf);
		/* What was expected changes no byte, right or wrong. */
		if (step % 2 == 0)
			gex_expect(fresh,
			    step % 3 == 0 ? SPAN_LIT("5000") : SPAN_LIT("4999"),
			    SPAN_LIT(NOON));
		for (int k = 0; k < CONTRACTS; k++)
			gex_take(fresh, (size_t)k, &now[k]);
		gex_compute(fresh,
		    step < 200 ? SPAN_LIT("5000") : SPAN_LIT("5003"),
		    SPAN_LIT(NOON));
		record(g, &a);
		record(fresh, &b);
		CHECK(span_eq(buf_view(&a), buf_view(&b)));
		differ += !span_eq(buf_view(&a), buf_view(&last));
		buf_clear(&last);
		buf_span(&last, buf_view(&a));
		gex_close(fresh);
	}
	CHECK(differ > 60); /* of 80: the steps did matter */
	gex_close(g);
	buf_free(&a);
	buf_free(&b);
	buf_free(&last);
}

/* A contract that comes or goes can move the next settlement, although none
 * of the others changes. */
static void
test_next(void)
{
	struct gex_conf conf = plain;
	struct gex *g, *fresh;
	struct contract c[CONTRACTS];
	struct buf a = {0}, b = {0};

	test_begin("the next settlement moves, the others stay as they are");
	conf.gamma = GEX_VENDOR;
	conf.flip = GEX_EX_NEXT_EXPIRY;
	g = open_board(&conf);
	fresh = open_board(&conf);
	for (int i = 0; i < CONTRACTS; i++) {
		c[i] = contract_of(&rows[i]);
		/* Today's have a gamma and nothing to re-price. */
		if (rows[i].date == 0) {
			c[i].f[CF_IV] = SPAN_NONE;
			c[i].f[CF_GAMMA] = SPAN_LIT("0.001");
		}
		gex_take(g, (size_t)i, &c[i]);
	}
	record_at(g, &a);
	for (int i = 0; i < CONTRACTS; i++) {
		if (rows[i].date == 0)
			c[i].f[CF_OI] = SPAN_NONE;
		gex_take(g, (size_t)i, &c[i]);
		gex_take(fresh, (size_t)i, &c[i]);
	}
	record_at(g, &a);
	record_at(fresh, &b);
	CHECK_STR(a.p, b.p);
	gex_close(g);
	gex_close(fresh);
	buf_free(&a);
	buf_free(&b);
}

static void
test_live(void)
{
	struct gex_conf conf = plain;
	struct gex *g, *model = compute(&plain);
	uint64_t ok = 0;

	test_begin("live: the volatility of the middle is the one priced with");
	conf.gamma = GEX_LIVE;
	g = open_board(&conf);
	for (int i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);

		c.f[CF_IV] = SPAN_NONE;
		quoted(&c, &rows[i]);
		gex_take(g, (size_t)i, &c);
	}
	gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
	for (int i = 0; i < CONTRACTS; i++)
		ok += fabs(g->c[i].vol - rows[i].vol) < 1e-9;
	/* Deep in the money today, the middle holds no time value. */
	CHECK(ok >= CONTRACTS - 2);
	NEAR(g->sums.gross_call, model->sums.gross_call, 1e-6);
	CHECK_INT(g->sums.ts, INT64_C(1784899801000));
	CHECK_INT(model->sums.ts, INT64_C(1784899800000));
	gex_close(g);
	gex_close(model);
}

static void
test_crossings(void)
{
	struct gex *g = open_board(&plain);

	test_begin("one side only: no crossing, and why");
	for (int i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);

		if (!rows[i].call)
			c.f[CF_OI] = SPAN_LIT("0");
		gex_take(g, (size_t)i, &c);
	}
	gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
	CHECK(!g->flip.there);
	CHECK_STR(g->flip.why, "no_crossing");
	CHECK(!g->put_wall.there);
	CHECK_STR(g->put_wall.why, "all_zero");

	test_begin("several crossings: all of them, the nearest is the flip");
	for (int i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);
		bool end = rows[i].strike == 4900 || rows[i].strike == 5100;
		bool middle = rows[i].strike == 5000;

		/* Today's calls at both ends, puts in the middle. */
		c.f[CF_OI] = rows[i].date == 0 && ((end && rows[i].call) ||
						      (middle && !rows[i].call))
				 ? SPAN_LIT("1000")
				 : SPAN_LIT("0");
		gex_take(g, (size_t)i, &c);
	}
	gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
	CHECK(g->n_crossings >= 2);
	for (size_t i = 1; i < g->n_crossings; i++) {
		CHECK(g->crossings[i].level > g->crossings[i - 1].level);
		CHECK(g->crossings[i].up != g->crossings[i - 1].up);
	}
	CHECK(g->flip.there);
	for (size_t i = 0; i < g->n_crossings; i++)
		CHECK(fabs(g->crossings[i].level - SPOT) >=
		      fabs(g->flip.level - SPOT));
	gex_close(g);
}

/* A board of two only: puts of 4900 and calls of 5100 that settle today. */
static struct gex *
two_of_today(const struct gex_conf *conf, const char *iv, const char *at_5000)
{
	struct gex *g = open_board(conf);

	for (int i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);
		bool low = rows[i].strike == 4900 && !rows[i].call,
		     high = rows[i].strike == 5100 && rows[i].call;

		c.f[CF_IV] = span_str(iv);
		c.f[CF_GAMMA] = SPAN_LIT("0.01");
		c.f[CF_OI] = rows[i].date == 0 && (low || high)
				 ? SPAN_LIT("100")
				 : SPAN_LIT("0");
		if (rows[i].date == 0 && rows[i].strike == 5000 && rows[i].call)
			c.f[CF_OI] = span_str(at_5000);
		gex_take(g, (size_t)i, &c);
	}
	gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
	return g;
}

static void
test_far_crossings(void)
{
	struct gex_conf conf = plain;
	double width = 0.0367 * sqrt(6.5 / 24 / 365);
	struct gex *g = two_of_today(&conf, "0.0367", "0");

	/* Equal distances from both: ln x - w^2/2 in the middle. */
	test_begin("zero gamma where every term is next to nothing");
	CHECK_INT(g->n_crossings, 1);
	NEAR(g->flip.level, sqrt(4900.0 * 5100) * exp(-0.5 * (width * width)),
	    1e-9);
	gex_close(g);

	test_begin("straight lines pass zero along zeros, too");
	conf.flip = GEX_REPRICE_FIRST;
	g = two_of_today(&conf, "0.011", "0");
	CHECK_INT(g->n_crossings, 1);
	CHECK(g->flip.there && g->flip.level > 4900 && g->flip.level < 5100);
	CHECK(g->n_crossings == 1 && g->crossings[0].up);
	gex_close(g);

	test_begin("a running sum of exactly zero is where it crosses");
	conf.flip = GEX_CUMULATIVE;
	conf.gamma = GEX_VENDOR;
	g = two_of_today(&conf, "0.14", "100");
	CHECK_INT(g->n_crossings, 1);
	NEAR(g->flip.level, 5000, 0);
	CHECK(g->n_crossings == 1 && g->crossings[0].up);
	gex_close(g);
}

/* ---- the next settlement ---- */

/* Today's contracts without that field. */
static struct gex *
today_without(enum contract_field field, int64_t before)
{
	struct gex_conf conf = plain;
	struct gex *g;
	char when[24];

	conf.keep_settled = true;
	g = open_board(&conf);
	for (int i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);

		if (rows[i].date == 0)
			c.f[field] = SPAN_NONE;
		gex_take(g, (size_t)i, &c);
	}
	snprintf(when, sizeof(when), "%lld",
	    (long long)(INT64_C(1784899800000) + before));
	gex_compute(g, SPAN_LIT("5000"), span_str(when));
	return g;
}

static void
test_today(void)
{
	struct buf b = {0};
	struct gex *g = today_without(CF_THETA, 0);
	double move = g->move.level;

	test_begin("the expected move is the next settlement's, or unknown");
	NEAR(move, SPOT * 0.16 * sqrt(6.5 / 24 / 365), 1e-12);
	gex_close(g);
	g = today_without(CF_OI, 0);
	CHECK(g->move.there);
	NEAR(g->move.level, move, 0);
	record(g, &b);
	test_begin(
	    "a date without open interest has no max pain, and it is said");
	CHECK(strstr(b.p, "\"max_pain\":\"no_oi\"") != NULL);
	CHECK(strstr(b.p, "\"2026-07-24\":") == NULL);
	gex_close(g);
	g = today_without(CF_IV, 0);
	CHECK(!g->move.there);
	CHECK_STR(g->move.why, "no_iv");
	gex_close(g);

	test_begin(
	    "kept when settled, it is not what is still to settle today");
	g = today_without(CF_THETA, 0);
	CHECK(g->sums.abs_today > 0);
	gex_close(g);
	g = today_without(CF_THETA, 7 * 3600000);
	CHECK(g->expirations[0].row.n > 0);
	NEAR(g->sums.abs_today, 0, 0);
	gex_close(g);
	buf_free(&b);
}

/* ---- volatilities that move with the spot ---- */

static struct gex_conf
skewed(enum gex_flip rule)
{
	struct gex_conf conf = plain;

	conf.skew = GEX_STICKY_MONEYNESS;
	conf.flip = rule;
	return conf;
}

/* A steep smile, puts above calls, one strike of a date without a volatility
 * and one without open interest. */
static void
take_steep(struct gex *g, size_t i, double more, char text[40])
{
	const struct row *r = &rows[i];
	struct contract c = contract_of(r);

	snprintf(text, 40, "%.17g",
	    0.14 + 0.0004 * fmax(0, 5000 - r->strike) +
		0.0001 * fmax(0, r->strike - 5000) + extra[r->date] +
		(r->call ? 0 : 0.03));
	c.f[CF_IV] = span_str(text);
	if (r->date == 1 && r->strike == 5025 && r->call)
		c.f[CF_IV] = SPAN_NONE;
	if (r->date == 2 && r->strike == 5000 && !r->call) {
		c.f[CF_OI] = SPAN_LIT("0");
		snprintf(text, 40, "%.17g", r->vol + more);
	}
	gex_take(g, i, &c);
}

/* Expected values are an independent program's: 20,001 points, halving. */
static void
test_skew(void)
{
	struct gex_conf conf = skewed(GEX_REPRICE_NEAREST);
	struct gex *g = compute(&conf), *other;
	char text[40];
	double was;

	test_begin("the golden board with a smile that moves");
	CHECK(fabs(g->flip.level - 4998.50429454141) < 1e-6);
	CHECK(g->skew_flip.there);
	CHECK(fabs(g->skew_flip.level - 4998.50583451254) < 1e-6);
	CHECK_INT(g->n_skew_crossings, 1);
	CHECK(g->skew_crossings[0].up);
	gex_close(g);
	conf = skewed(GEX_EX_0DTE);
	g = compute(&conf);
	CHECK(fabs(g->flip.level - 4994.981808676524) < 1e-6);
	CHECK(fabs(g->skew_flip.level - 4995.076280044883) < 1e-6);
	gex_close(g);

	test_begin("each right and date has a smile of its own");
	conf = skewed(GEX_REPRICE_NEAREST);
	conf.rate = 0.045;
	conf.yield = 0.013;
	g = open_board(&conf);
	for (size_t i = 0; i < CONTRACTS; i++)
		take_steep(g, i, 0.03, text);
	gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
	CHECK_INT(g->n_crossings, 2);
	CHECK(fabs(g->crossings[0].level - 4988.635814762842) < 1e-6);
	CHECK(fabs(g->crossings[1].level - 5735.4818093997455) < 1e-6);
	CHECK_INT(g->n_skew_crossings, 1);
	CHECK(fabs(g->skew_flip.level - 4988.938115774943) < 1e-6);

	test_begin("what has no open interest is a point of its smile, too");
	was = g->skew_flip.level;
	for (size_t i = 0; i < CONTRACTS; i++)
		take_steep(g, i, 0.2, text);
	gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
	CHECK(fabs(g->crossings[0].level - 4988.635814762842) < 1e-6);
	CHECK(fabs(g->skew_flip.level - was) > 0.01);
	other = open_board(&conf);
	for (size_t i = 0; i < CONTRACTS; i++)
		take_steep(other, i, 0.2, text);
	gex_compute(other, SPAN_LIT("5000"), SPAN_LIT(NOON));
	CHECK(g->skew_flip.level == other->skew_flip.level);
	gex_close(other);
	gex_close(g);
}

/* A contract that settles in N of 30 days counts as if so much less of it were
 * open; from then on as it is. */
static void
test_horizon(void)
{
	static const double share[] = {
	    6.5 / 24 / 30, 7.0 / 30, 1}; /* by date */
	struct gex *g = compute(&(struct gex_conf){.flip = GEX_HORIZON});
	struct gex *all = open_board(&(struct gex_conf){0});
	char oi[40];

	test_begin("horizon-weighted: open interest by the days to settlement");
	for (size_t i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);

		snprintf(oi, sizeof(oi), "%.17g",
		    strtod(rows[i].oi, NULL) * share[rows[i].date]);
		c.f[CF_OI] = span_str(oi);
		gex_take(all, i, &c);
	}
	gex_compute(all, SPAN_LIT("5000"), SPAN_LIT(NOON));
	CHECK(g->flip.there && all->flip.there);
	NEAR(g->flip.level, all->flip.level, 1e-9);
	gex_close(all);
	gex_close(g);
}

/* Where volatilities do not depend on the strike both lines are one. */
static void
test_flat_smiles(void)
{
	static const enum gex_flip rules[] = {GEX_REPRICE_NEAREST,
	    GEX_REPRICE_FIRST, GEX_EX_NEXT_EXPIRY, GEX_EX_0DTE, GEX_ONLY_0DTE,
	    GEX_HORIZON};

	test_begin("flat smiles: both lines are the same");
	for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++) {
		struct gex_conf conf = skewed(rules[k]);
		struct gex *g;

		conf.rate = 0.045;
		conf.yield = 0.013;
		g = open_board(&conf);
		for (size_t i = 0; i < CONTRACTS; i++) {
			struct contract c = contract_of(&rows[i]);

			c.f[CF_IV] = rows[i].date == 0   ? SPAN_LIT("0.16")
				     : rows[i].date == 1 ? SPAN_LIT("0.14")
							 : SPAN_LIT("0.15");
			gex_take(g, i, &c);
		}
		gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
		CHECK(g->flip.there && g->skew_flip.there);
		CHECK_INT(g->n_skew_crossings, g->n_crossings);
		for (size_t i = 0; i < g->n_crossings; i++)
			NEAR(g->skew_crossings[i].level, g->crossings[i].level,
			    1e-9);
		gex_close(g);
	}
}

/* The day changes, and nothing else that a contract contributes: what has
 * settled and is kept has a minute left on both. */
static void
test_next_day(void)
{
	static const enum gex_flip rules[] = {GEX_EX_0DTE, GEX_ONLY_0DTE};
	const struct span evening = SPAN_LIT("1784926800000"),
			  next = SPAN_LIT("1785013200000");
	struct buf a = {0}, b = {0};

	test_begin("the day after, at the same spot: as computed anew");
	for (size_t k = 0; k < 2; k++) {
		struct gex_conf conf = skewed(rules[k]);
		struct gex *g, *fresh;

		conf.keep_settled = true;
		g = open_board(&conf);
		fresh = open_board(&conf);
		for (size_t i = 0; i < CONTRACTS; i++) {
			struct contract c = contract_of(&rows[i]);

			gex_take(g, i, &c);
			gex_take(fresh, i, &c);
		}
		gex_compute(g, SPAN_LIT("5000"), evening);
		gex_compute(g, SPAN_LIT("5000"), next);
		gex_compute(fresh, SPAN_LIT("5000"), next);
		record(g, &a);
		record(fresh, &b);
		CHECK_STR(a.p, b.p);
		gex_close(g);
		gex_close(fresh);
	}
	buf_free(&a);
	buf_free(&b);
}

static void
test_no_skew(void)
{
	struct gex_conf conf = skewed(GEX_CUMULATIVE);
	struct gex *g = compute(&conf);
	struct buf b = {0};

	test_begin("a second line only where it was asked for, and is one");
	CHECK(g->flip.there && !g->skew_flip.there);
	record(g, &b);
	CHECK(strstr(b.p, "\"flip_sticky_moneyness\":\"rule_does_not") != NULL);
	gex_close(g);
	g = compute(&plain);
	record(g, &b);
	CHECK(strstr(b.p, "sticky") == NULL);
	gex_close(g);
	buf_free(&b);
}

static void
test_extremes(void)
{
	struct gex *g = open_board(&plain);
	struct buf b = {0};

	test_begin("a value beyond all reason is unknown, no sum overflows");
	for (int i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);

		if (i % 2)
			c.f[CF_OI] = SPAN_LIT("9e99");
		c.f[CF_GAMMA] = SPAN_LIT("1e80");
		gex_take(g, (size_t)i, &c);
	}
	record_at(g, &b);
	CHECK_INT(g->sums.excluded[GEX_NO_OI], CONTRACTS / 2);
	CHECK(g->sums.gross_call < 1e12 && strstr(b.p, "null") == NULL);

	test_begin("a volatility that is 0 but for rounding is unknown");
	for (int i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);

		if (rows[i].strike == 5000)
			c.f[CF_IV] = SPAN_LIT("1e-99");
		gex_take(g, (size_t)i, &c);
	}
	record_at(g, &b);
	CHECK_INT(g->sums.excluded[GEX_NO_GAMMA], 6);
	CHECK(g->sums.gross_call < 1e12);

	test_begin("no open interest at all: nothing is made up");
	for (int i = 0; i < CONTRACTS; i++) {
		struct contract c = contract_of(&rows[i]);

		c.f[CF_OI] = SPAN_LIT("0");
		gex_take(g, (size_t)i, &c);
	}
	gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
	record(g, &b);
	CHECK(strstr(b.p, "\"max_pain\":{}") != NULL);
	CHECK(strstr(b.p, "\"flip\":\"nothing_to_reprice\"") != NULL);
	CHECK(strstr(b.p, "\"share_0dte\":\"all_zero\"") != NULL);
	CHECK(strstr(b.p, "nan") == NULL && strstr(b.p, "-0,") == NULL);
	buf_free(&b);
	gex_close(g);
}

static int
print_records(void)
{
	struct buf b = {0};

	for (int gamma = 0; gamma < 3; gamma++) {
		struct gex_conf conf = plain;
		struct gex *g;

		conf.gamma = (enum gex_gamma)gamma;
		conf.skew = GEX_STICKY_MONEYNESS;
		conf.rate = 0.045;
		conf.yield = 0.013;
		g = open_board(&conf);
		for (int i = 0; i < CONTRACTS; i++) {
			struct contract c = contract_of(&rows[i]);

			quoted(&c, &rows[i]);
			gex_take(g, (size_t)i, &c);
		}
		gex_compute(g, SPAN_LIT("5000"), SPAN_LIT(NOON));
		record(g, &b);
		fputs(b.p, stdout);
		gex_close(g);
	}
	buf_free(&b);
	return 0;
}

int
main(int argc, char *argv[])
{
	make_rows();
	make_quotes();
	if (argc > 1 && strcmp(argv[1], "print") == 0)
		return print_records();
	test_begin("the golden board has its contracts");
	CHECK(strcmp(rows[0].id, rows[1].id) < 0);
	test_sums();
	test_levels();
	test_algebra();
	test_scaling();
	test_live();
	test_begin("incremental is full, byte for byte: vendor");
	test_incremental(GEX_VENDOR, GEX_REPRICE_NEAREST, GEX_STICKY_STRIKE);
	test_begin("incremental is full, byte for byte: model");
	test_incremental(GEX_MODEL, GEX_REPRICE_NEAREST, GEX_STICKY_STRIKE);
	test_begin("incremental is full, byte for byte: live");
	test_incremental(GEX_LIVE, GEX_REPRICE_NEAREST, GEX_STICKY_STRIKE);
	test_begin("incremental is full, by every rule of zero gamma");
	for (int flip = 1; flip < GEX_FLIPS; flip++)
		test_incremental(
		    GEX_VENDOR, (enum gex_flip)flip, GEX_STICKY_STRIKE);
	test_begin("incremental is full, both lines of zero gamma");
	for (int flip = 0; flip < GEX_FLIPS; flip++)
		test_incremental(
		    GEX_LIVE, (enum gex_flip)flip, GEX_STICKY_MONEYNESS);
	test_skew();
	test_horizon();
	test_flat_smiles();
	test_next_day();
	test_no_skew();
	test_next();
	test_crossings();
	test_far_crossings();
	test_today();
	test_extremes();
	return test_done();
}
