/* SPDX-License-Identifier: ISC */
/*
 * The engine of model-heatmap: the golden board, whose prices come from the
 * formulas of its source, and what must hold of any board: an incremental
 * result is the full one.
 *
 * With the argument "print" it prints the golden board's records instead:
 * tests/same-bytes.bats compares what several compilers make of them.
 */
#include <math.h>
#include <stdlib.h>

#include "bs.h"
#include "check.h"
#include "clock.h"
#include "err.h"
#include "heatmap.h"
#include "rec.h"

#define SPOT 5000.0
#define NOON INT64_C(1784899800000) /* 2026-07-24 09:30 New York */
#define QUOTED "1784899700000"
#define CONTRACTS_MAX 600
#define ID "SPX:1784899800:abcd"

struct row {
	char id[32], bid[40], ask[40], ts[24];
};

struct board {
	struct row rows[CONTRACTS_MAX];
	struct span ids[CONTRACTS_MAX];
	size_t n;
};

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

static void
seal(struct board *b)
{
	qsort(b->rows, b->n, sizeof(b->rows[0]), by_id);
	for (size_t i = 0; i < b->n; i++)
		b->ids[i] = span_str(b->rows[i].id);
}

static void
add(struct board *b, const char *root, const char *date, char right, int milli,
    const char *bid, const char *ask)
{
	struct row *r = &b->rows[b->n++];

	snprintf(
	    r->id, sizeof(r->id), "O:%s%s%c%08d", root, date, right, milli);
	snprintf(r->bid, sizeof(r->bid), "%s", bid);
	snprintf(r->ask, sizeof(r->ask), "%s", ask);
	snprintf(r->ts, sizeof(r->ts), "%s", QUOTED);
}

static void
give(struct heatmap *h, const struct board *b, size_t i)
{
	struct contract c = {.ts = 0};
	const struct row *r = &b->rows[i];

	c.f[CF_BID] = r->bid[0] == '\0' ? SPAN_NONE : span_str(r->bid);
	c.f[CF_ASK] = r->ask[0] == '\0' ? SPAN_NONE : span_str(r->ask);
	c.f[CF_QUOTE_TS] = r->ts[0] == '\0' ? SPAN_NONE : span_str(r->ts);
	heatmap_take(h, i, &c);
}

static struct heatmap *
open_board(const struct heatmap_conf *conf, const char *symbol,
    const struct board *b, int64_t instant)
{
	struct err e;
	struct heatmap *h = heatmap_open(conf, symbol, ID, b->ids, b->n, &e);

	CHECK(h != NULL);
	for (size_t i = 0; i < b->n; i++)
		give(h, b, i);
	heatmap_compute(h, instant);
	return h;
}

/* ---- the golden board ---- */

static const char *const dates[] = {"260724", "260731", "260828"};
static const char *const roots[] = {"SPXW", "SPX", "SPX"};
static const int strikes[] = {4900, 4950, 4975, 5000, 5025, 5050, 5100};

/* Both sides of the quote are the model's price, to 12 decimals. */
static void
add_golden(struct board *b, int date, int strike)
{
	static const double extra[] = {0.02, 0, 0.01},
			    days[] = {6.5 / 24, 7, 35};
	char text[40];

	for (int put = 0; put < 2; put++) {
		struct bs o = {.spot = SPOT,
		    .strike = strike,
		    .years = days[date] / 365,
		    .vol = 0.14 + 0.00004 * fmax(0, 5000 - strike) +
			   0.00001 * fmax(0, strike - 5000) + extra[date]};

		bs_prepare(&o);
		snprintf(text, sizeof(text), "%.12f", bs_price(&o, !put));
		add(b, roots[date], dates[date], put ? 'P' : 'C', strike * 1000,
		    text, text);
	}
}

static struct board *
golden(void)
{
	struct board *b = mem_zalloc(sizeof(*b));

	for (int date = 0; date < 3; date++)
		for (int k = 0; k < 7; k++)
			if (date < 2 ||
			    (strikes[k] != 4975 && strikes[k] != 5025))
				add_golden(b, date, strikes[k]);
	CHECK_INT((int64_t)b->n, 38);
	seal(b);
	return b;
}

static const struct heatmap_conf plain = {.expirations = 5};

static const struct heatmap_sheet *
sheet(const struct heatmap *h, const char *name)
{
	for (size_t i = 0; i < h->n_sheets; i++)
		if (strcmp(h->sheets[i]->name, name) == 0)
			return h->sheets[i];
	return NULL;
}

/* A field of a tile, as the record says it; NaN when it is not there. */
static double
tile(const struct heatmap *h, const char *name, double strike, double width,
    const char *field)
{
	const struct heatmap_sheet *s = sheet(h, name);
	struct rec r = {0};
	double v = NAN;
	struct err e;
	json_t *t;
	size_t i;

	if (s == NULL ||
	    rec_read(&r, (struct span){s->text.p, s->text.n - 1}, &e) < 0)
		return NAN;
	json_array_foreach(json_object_get(r.value, "tiles"), i,
	    t) if (json_number_value(json_object_get(t, "strike")) == strike &&
		   json_number_value(json_object_get(t, "width")) == width &&
		   json_is_number(json_object_get(t, field))) v =
	    json_number_value(json_object_get(t, field));
	rec_free(&r);
	return v;
}

#define NEAR(a, b) near((a), (b), #a, __LINE__)

/* The source gives ten decimals. */
static void
near(double a, double b, const char *what, int line)
{
	if (!check_that(
		fabs(a - b) <= 5.1e-11, what, "tests/unit/heatmap.c", line))
		printf("#   is  %.17g\n#   not %.17g\n", a, b);
}

#define FLY "2026-07-31:SPX:butterfly:"
#define VERTICAL "2026-07-31:SPX:vertical:"
#define SINGLE "2026-07-31:SPX:single:"

/* To 40 digits by other means, rounded: 10.6692987526, 19.6759465563 and
 * 19.6547546911.  (Where the board was first published the first ends in 5 and
 * the last has 47911, which the other two contradict: the three make 50.) */
#define FLY_5000 10.669298752642169390
#define CALL_5000 19.675946556278825690
#define PUT_5000 19.654754691079004920

static void
test_golden(void)
{
	struct board *b = golden();
	struct heatmap *h = open_board(&plain, "SPX", b, NOON);
	double credit;

	test_begin("the golden board: fly, verticals, iron fly of 5000/50");
	NEAR(tile(h, FLY "call", 5000, 50, "mid"), FLY_5000);
	NEAR(tile(h, FLY "put", 5000, 50, "mid"), FLY_5000);
	NEAR(tile(h, VERTICAL "call", 5000, 50, "mid"), CALL_5000);
	NEAR(tile(h, VERTICAL "put", 5000, 50, "mid"), PUT_5000);
	credit = tile(h, SINGLE "call", 5000, 0, "mid") +
		 tile(h, SINGLE "put", 5000, 0, "mid") -
		 tile(h, SINGLE "call", 5050, 0, "mid") -
		 tile(h, SINGLE "put", 4950, 0, "mid");
	NEAR(50 - credit, FLY_5000);
	NEAR(tile(h, FLY "call", 5000, 50, "max_gain"), 50 - FLY_5000);

	test_begin("the golden board: flies within bounds, parity, no flag");
	for (size_t i = 0; i < h->n_sheets; i++)
		CHECK(strstr(h->sheets[i]->text.p, "arb_") == NULL);
	CHECK_INT((int64_t)h->n_sheets, 18);
	CHECK_INT((int64_t)h->contracts, 38);
	for (int k = 0; k < 7; k++)
		for (size_t w = 0; w < h->n_widths; w++) {
			double width = h->widths[w] / 1000.0,
			       c = tile(
				   h, FLY "call", strikes[k], width, "mid"),
			       p = tile(h, FLY "put", strikes[k], width, "mid");

			CHECK(isnan(c) == isnan(p));
			if (isnan(c))
				continue;
			CHECK(c > 0 && c < width);
			NEAR(c, p);
		}

	test_begin("one day later the settled expiration is not there");
	heatmap_compute(h, NOON + 86400000);
	CHECK_INT((int64_t)h->n_sheets, 12);
	CHECK_INT((int64_t)h->n_gone, 6);
	CHECK(sheet(h, "2026-07-24:SPXW:single:call") == NULL);
	CHECK_STR(h->gone[0], "2026-07-24:SPXW:single:call");
	for (size_t i = 0; i < h->n_sheets; i++)
		CHECK(!h->sheets[i]->changed);
	heatmap_close(h);
	free(b);
}

/* ---- incremental is full ---- */

static void
random_quote(struct row *r, uint64_t *seed, int64_t ts)
{
	unsigned bid = check_random(seed) % 9000,
		 kind = check_random(seed) % 20;

	if (kind >= 17) { /* the same prices again */
		snprintf(r->ts, sizeof(r->ts), "%lld", (long long)ts);
		return;
	}
	if (kind == 16) { /* no ask any more, all else stays */
		r->ask[0] = '\0';
		return;
	}
	snprintf(r->bid, sizeof(r->bid), "%u.%02u", bid / 100, bid % 100);
	bid += check_random(seed) % 300;
	snprintf(r->ask, sizeof(r->ask), "%u.%02u", bid / 100, bid % 100);
	snprintf(r->ts, sizeof(r->ts), "%lld", (long long)ts);
	if (kind == 0)
		snprintf(r->bid, sizeof(r->bid), "0.0");
	else if (kind == 1)
		r->bid[0] = '\0';
	else if (kind == 2)
		snprintf(r->ask, sizeof(r->ask), "0");
	else if (kind == 3)
		snprintf(r->ask, sizeof(r->ask), "0.01");
	else if (kind == 4)
		r->ts[0] = '\0';
	else if (kind == 5)
		snprintf(r->ask, sizeof(r->ask), "1000000.5");
}

static struct board *
random_board(uint64_t *seed)
{
	static const char *const when[] = {
	    "260724", "260727", "260731", "260821", "260828"};
	struct board *b = mem_zalloc(sizeof(*b));

	for (int d = 0; d < 5; d++)
		for (int root = 0; root < 3; root++)
			for (int k = 0; k < 20; k++) {
				static const char *const names[] = {
				    "XYZ", "XYZW", "XYZ1"};

				if (root > 0 && check_random(seed) % 3 == 0)
					continue;
				add(b, names[root], when[d],
				    check_random(seed) % 4 == 0 ? 'P' : 'C',
				    100000 + (d < 2 ? 2500 : 1000) * k, "", "");
			}
	seal(b);
	for (size_t i = 0; i < b->n; i++)
		random_quote(&b->rows[i], seed, NOON);
	return b;
}

/* Published: what a reader of the fields has, kept up by the changes. */
struct shown {
	char name[HEATMAP_NAME_MAX];
	struct buf text;
};

struct published {
	struct shown s[200];
	size_t n;
};

static void
publish(struct published *p, const struct heatmap *h)
{
	for (size_t i = 0; i < h->n_gone; i++)
		for (size_t k = 0; k < p->n; k++)
			if (strcmp(p->s[k].name, h->gone[i]) == 0) {
				buf_free(&p->s[k].text);
				p->s[k] = p->s[--p->n];
			}
	for (size_t i = 0; i < h->n_sheets; i++) {
		const struct heatmap_sheet *s = h->sheets[i];
		size_t k = 0;

		if (!s->changed)
			continue;
		while (k < p->n && strcmp(p->s[k].name, s->name) != 0)
			k++;
		if (k == p->n)
			p->s[p->n++] = (struct shown){.name = ""};
		snprintf(p->s[k].name, sizeof(p->s[k].name), "%s", s->name);
		buf_clear(&p->s[k].text);
		buf_span(&p->s[k].text, buf_view(&s->text));
	}
}

static void
check_published(const struct published *p, const struct heatmap *full)
{
	CHECK_INT((int64_t)p->n, (int64_t)full->n_sheets);
	for (size_t i = 0; i < full->n_sheets; i++) {
		const struct heatmap_sheet *s = full->sheets[i];
		size_t k = 0;

		while (k < p->n && strcmp(p->s[k].name, s->name) != 0)
			k++;
		if (CHECK(k < p->n))
			CHECK_STR(p->s[k].text.p, s->text.p);
	}
}

static void
check_heads(const struct heatmap *a, const struct heatmap *b)
{
	struct buf x = {0}, y = {0};

	heatmap_head(a, 7, SPAN_LIT("ab"), SPAN_LIT("120.5"), &x);
	heatmap_head(b, 7, SPAN_LIT("ab"), SPAN_LIT("120.5"), &y);
	CHECK_STR(x.p, y.p);
	buf_free(&x);
	buf_free(&y);
}

/* Nothing happened: nothing is to be published. */
static void
check_quiet(struct heatmap *h, int64_t instant)
{
	heatmap_compute(h, instant);
	CHECK_INT((int64_t)h->n_gone, 0);
	for (size_t i = 0; i < h->n_sheets; i++)
		CHECK(!h->sheets[i]->changed);
}

static void
run_random(const struct heatmap_conf *conf, const char *symbol, uint64_t seed)
{
	struct board *b = random_board(&seed);
	int64_t instant = NOON, ts = NOON;
	struct heatmap *h = open_board(conf, symbol, b, instant);
	struct published p = {.n = 0};

	publish(&p, h);
	for (int round = 0; round < 60; round++) {
		struct heatmap *full;

		for (unsigned n = check_random(&seed) % 12; n > 0; n--) {
			size_t i = check_random(&seed) % b->n;

			ts += check_random(&seed) % 20000;
			random_quote(&b->rows[i], &seed, ts);
			give(h, b, i);
		}
		/* A snapshot: days later something settles. */
		if (round % 20 == 19)
			instant += INT64_C(86400000) * 5;
		heatmap_compute(h, instant);
		publish(&p, h);
		if (round % 10 == 0)
			check_quiet(h, instant);
		full = open_board(conf, symbol, b, instant);
		check_published(&p, full);
		check_heads(h, full);
		heatmap_close(full);
	}
	while (p.n > 0)
		buf_free(&p.s[--p.n].text);
	heatmap_close(h);
	free(b);
}

static void
test_incremental(void)
{
	const struct heatmap_conf aged = {.expirations = 3,
				      .max_age_ms = 300000,
				      .zero_bid = true},
				  wide = {.expirations = 2,
				      .n_widths = 3,
				      .widths = {2500, 5000, 30000}};

	test_begin("incremental is full: random quotes, settlements");
	for (uint64_t seed = 1; seed <= 4; seed++)
		run_random(&plain, "XYZ", seed);
	test_begin("incremental is full: old quotes, bids of 0, an index");
	for (uint64_t seed = 5; seed <= 8; seed++)
		run_random(&aged, "XSP", seed);
	test_begin("incremental is full: widths as asked for");
	for (uint64_t seed = 9; seed <= 12; seed++)
		run_random(&wide, "XYZ", seed);
}

static void
test_flags(void)
{
	struct board *b = mem_zalloc(sizeof(*b));
	struct heatmap *h;
	const struct heatmap_conf conf = {
	    .expirations = 1, .n_widths = 1, .widths = {10000}};

	/* Strike 110 is a bad quote: flies around it are negative, or beyond
	 * their width; the vertical above it is dearer than the one below. */
	add(b, "SPX", "260821", 'C', 90000, "21", "21.1");
	add(b, "SPX", "260821", 'C', 100000, "14", "14.1");
	add(b, "SPX", "260821", 'C', 110000, "30", "30.1");
	add(b, "SPX", "260821", 'C', 120000, "5", "5.1");
	add(b, "SPX", "260821", 'C', 130000, "3", "3.1");
	add(b, "SPX", "260821", 'P', 100000, "4", "4.1");
	add(b, "SPX", "260821", 'P', 110000, "9", "9.1");
	add(b, "SPX", "260821", 'P', 120000, "15", "15.1");
	seal(b);
	h = open_board(&conf, "SPX", b, NOON);
	test_begin("bad quotes are told, not hidden");
	CHECK(strstr(sheet(h, "2026-08-21:SPX:butterfly:call")->text.p,
		  "{\"strike\":110,\"width\":10,\"mid\":-41,\"natural\":-40.8,"
		  "\"max_gain\":51,\"oldest_quote_ts\":1784899700000,"
		  "\"flags\":[\"arb_negative\",\"arb_bounds\",\"arb_parity\"]"
		  "}") != NULL);
	CHECK(strstr(sheet(h, "2026-08-21:SPX:butterfly:put")->text.p,
		  "\"mid\":1,\"natural\":1.2,\"max_gain\":9,"
		  "\"oldest_quote_ts\":1784899700000,"
		  "\"flags\":[\"arb_parity\"]}") != NULL);
	CHECK(strstr(sheet(h, "2026-08-21:SPX:vertical:call")->text.p,
		  "{\"strike\":110,\"width\":10,\"mid\":25,\"natural\":25.1,"
		  "\"max_gain\":-15,\"oldest_quote_ts\":1784899700000,"
		  "\"flags\":[\"arb_bounds\",\"arb_monotone\"]}") != NULL);
	/* What spreads explain is no finding. */
	snprintf(b->rows[6].ask, sizeof(b->rows[6].ask), "60");
	give(h, b, 6);
	heatmap_compute(h, NOON);
	CHECK(strstr(sheet(h, "2026-08-21:SPX:butterfly:call")->text.p,
		  "arb_parity") == NULL);
	heatmap_close(h);

	test_begin("American options have no parity");
	snprintf(b->rows[6].ask, sizeof(b->rows[6].ask), "9.1");
	h = open_board(&conf, "SPY", b, NOON);
	for (size_t i = 0; i < h->n_sheets; i++)
		CHECK(strstr(h->sheets[i]->text.p, "arb_parity") == NULL);
	heatmap_close(h);
	free(b);
}

static int
print_golden(void)
{
	struct board *b = golden();
	struct heatmap *h = open_board(&plain, "SPX", b, NOON);
	struct buf head = {0};

	heatmap_head(h, 1, SPAN_LIT("ab"), SPAN_LIT("5000"), &head);
	fputs(head.p, stdout);
	for (size_t i = 0; i < h->n_sheets; i++)
		fputs(h->sheets[i]->text.p, stdout);
	return fflush(stdout) == EOF;
}

int
main(int argc, char *argv[])
{
	struct err e;

	err_init("heatmap");
	clock_init(&e);
	if (argc > 1 && strcmp(argv[1], "print") == 0)
		return print_golden();
	test_golden();
	test_flags();
	test_incremental();
	return test_done();
}
