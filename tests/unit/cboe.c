/* SPDX-License-Identifier: ISC */
/*
 * cboe: what a document's header and rows become.
 */
#include "cboe.h"
#include "line.h"
#include "rows.h"

static const char shell[] =
    "{\"timestamp\":\"2025-06-15 15:06:40\",\"symbol\":\"_SPX\",\"data\":{"
    "\"symbol\":\"^SPX\",\"security_type\":\"index\",\"current_price\":"
    "6000.50,\"last_trade_time\":\"2025-06-13T16:14:59\",\"options\":[]}}";

/* The shell with one part replaced, read. */
static int
header(const char *old, const char *new, struct cboe_header *h, struct err *e)
{
	const char *at = strstr(shell, old);
	struct buf b = {0};
	int rc;

	if (!CHECK(at != NULL))
		return -1;
	buf_add(&b, shell, (size_t)(at - shell));
	buf_str(&b, new);
	buf_str(&b, at + strlen(old));
	rc = cboe_header_read(buf_view(&b), h, e);
	buf_free(&b);
	return rc;
}

static void
test_header(void)
{
	static const char *const bad[][2] = {
	    {"\"timestamp\":\"2025-06-15 15:06:40\",", ""},
	    {"\"2025-06-15 15:06:40\"", "null"},
	    {"\"2025-06-15 15:06:40\"", "1750000000"},
	    {"2025-06-15", "2025-06-31"}, {"15:06:40", "15:06"},
	    {"2025-06-15 15:06:40", "1970-01-01 00:15:00"},
	    {"\"^SPX\"", "\"^NDX\""}, {"\"^SPX\"", "\"\""},
	    {"\"^SPX\"", "null"}, {"\"_SPX\"", "17"}, {"\"_SPX\"", "\"spx\""},
	    {"\"data\":", "\"symbol\":\"_SPX\",\"data\":"}, {"]}}", "]}"}};
	struct cboe_header h;
	struct err e;

	test_begin("the header: symbol, time in UTC, spot in New York time");
	CHECK(header("", "", &h, &e) == 0);
	CHECK_STR(h.symbol.name, "SPX");
	CHECK(h.symbol.is_index);
	CHECK_INT(h.ts, 1750000000000);
	CHECK_STR(h.spot, "6000.50");
	CHECK_INT(h.spot_ts, 1749845699000); /* 20:14:59 UTC */
	CHECK(header("\"symbol\":\"_SPX\",", "", &h, &e) == 0);
	CHECK_STR(h.symbol.name, "SPX");
	CHECK(header("\"symbol\":\"^SPX\",", "", &h, &e) == 0);
	CHECK_STR(h.symbol.name, "SPX");
	CHECK(header("\"^SPX\"", "\"SPX\"", &h, &e) == 0);
	CHECK(h.symbol.is_index);
	CHECK(header("6000.50", "null", &h, &e) == 0);
	CHECK_STR(h.spot, "");
	CHECK(header("6000.50", "\"6000\"", &h, &e) == 0);
	CHECK_STR(h.spot, "");
	CHECK(header("6000.50", "-6000", &h, &e) == 0);
	CHECK_STR(h.spot, "");
	CHECK(header("\"2025-06-13T16:14:59\"", "null", &h, &e) == 0);
	CHECK_INT(h.spot_ts, 0);

	test_begin("no header without symbol and time");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(header(bad[i][0], bad[i][1], &h, &e) == -1 &&
			   e.exit == EX_DATAERR))
			printf("# %s -> %s\n", bad[i][0], bad[i][1]);
}

static struct cboe_rows
start(void)
{
	struct cboe_header h;
	struct cboe_rows r;
	struct err e;

	CHECK(cboe_header_read(span_str(shell), &h, &e) == 0);
	cboe_rows_init(&r, &h);
	return r;
}

/* The row's contract as a line; "rejected" when it is none. */
static const char *
line_of(struct cboe_rows *r, const char *row, struct buf *b)
{
	struct contract c;
	struct err e;

	buf_clear(b);
	if (cboe_row(r, span_str(row), &c, &e) == 0)
		line_write(b, &c);
	else
		buf_str(b, e.exit == EX_DATAERR ? "rejected" : "?");
	return b->p;
}

static void
test_mapping(void)
{
	struct cboe_rows r = start();
	struct buf b = {0};

	test_begin("a row becomes a contract, digits as they were");
	CHECK_STR(line_of(&r,
		      "{\"option\":\"SPXW250620C04987500\",\"bid\":1.10,"
		      "\"bid_size\":0.0,\"ask\":1.2,\"ask_size\":12.0,"
		      "\"iv\":0.0,\"open_interest\":3856.0,\"volume\":63.0,"
		      "\"delta\":-0.9969,\"gamma\":0.0001,\"vega\":1E+1,"
		      "\"theta\":-0.0,\"rho\":-0.0077,\"theo\":9.99,"
		      "\"change\":-0.275,\"open\":1,\"high\":2,\"low\":0,"
		      "\"tick\":\"up\",\"last_trade_price\":10.150,"
		      "\"last_trade_time\":\"2025-06-13T16:14:59\","
		      "\"percent_change\":-2.6,\"prev_day_close\":10.4249997}",
		      &b),
	    "{\"type\":\"contract\",\"ts\":1749999100000,\"symbol\":\"SPX\","
	    "\"id\":\"O:SPXW250620C04987500\",\"expiration\":\"2025-06-20\","
	    "\"strike\":4987.5,\"right\":\"call\",\"bid\":1.10,\"ask\":1.2,"
	    "\"bid_size\":0.0,\"ask_size\":12.0,\"quote_ts\":1749999100000,"
	    "\"last\":10.150,\"trade_ts\":1749845699000,\"iv\":0.0,"
	    "\"delta\":-0.9969,\"gamma\":0.0001,\"theta\":-0.0,\"vega\":1E+1,"
	    "\"oi\":3856.0,\"volume\":63.0}\n");
	CHECK_INT(r.fast, 1);
	CHECK_INT(r.bad_values, 0);

	test_begin("only an id: no quote time, the document's time");
	CHECK_STR(line_of(&r, "{\"option\":\"A250620P00000500\"}", &b),
	    "{\"type\":\"contract\",\"ts\":1750000000000,\"symbol\":\"SPX\","
	    "\"id\":\"O:A250620P00000500\",\"expiration\":\"2025-06-20\","
	    "\"strike\":0.5,\"right\":\"put\"}\n");

	test_begin("null is absent, a trade later than the quotes is newer");
	line_of(&r,
	    "{\"option\":\"A250620P00000500\",\"bid\":null,\"ask\":0.0,"
	    "\"last_trade_price\":0.0,"
	    "\"last_trade_time\":\"2025-06-15 11:06:00\"}",
	    &b);
	CHECK(strstr(b.p, "\"ts\":1749999960000,") != NULL);
	CHECK(
	    strstr(b.p, ",\"ask\":0.0,\"quote_ts\":1749999100000,\"last\":0.0,"
			"\"trade_ts\":1749999960000}") != NULL);
	CHECK(strstr(b.p, "bid") == NULL);
	CHECK_INT(r.bad_values, 0);
	cboe_rows_free(&r);
	buf_free(&b);
}

static void
test_trades(void)
{
	static const struct {
		const char *price, *time;
		const char *written; /* of the trade; NULL: nothing */
		unsigned bad;
	} cases[] = {
	    {"0.0", "null", NULL, 0},
	    {"0", "null", NULL, 0},
	    {"-0.00e5", "null", NULL, 0},
	    {"0.05", "null", "\"last\":0.05}", 0},
	    {"null", "null", NULL, 0},
	    {"null", "\"2025-06-13T16:14:59\"", NULL, 0},
	    {"0.0", "\"2025-06-13T16:14:59\"",
		"\"last\":0.0,\"trade_ts\":1749845699000}", 0},
	    {"-1", "\"2025-06-13T16:14:59\"", NULL, 1},
	    {"0.0", "\"yesterday\"", NULL, 1},
	    {"1.5", "\"2025-06-31T16:14:59\"", "\"last\":1.5}", 1},
	    {"1.5", "1749845699000", "\"last\":1.5}", 1},
	    {"\"1.5\"", "{}", NULL, 2},
	    /* both sides of a change of clocks in New York */
	    {"1", "\"2025-01-15T12:00:00\"",
		"\"last\":1,\"trade_ts\":1736960400000}", 0},
	    {"1", "\"2025-03-09T01:59:59\"",
		"\"last\":1,\"trade_ts\":1741503599000}", 0},
	    {"1", "\"2025-03-09T03:00:00\"",
		"\"last\":1,\"trade_ts\":1741503600000}", 0},
	};
	struct cboe_rows r = start();
	struct buf b = {0}, row = {0};

	test_begin("last and its time");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&row);
		buf_fmt(&row,
		    "{\"option\":\"A250620P00000500\",\"last_trade_price\":%s,"
		    "\"last_trade_time\":%s}",
		    cases[i].price, cases[i].time);
		r.bad_values = 0;
		line_of(&r, row.p, &b);
		CHECK_INT((int64_t)r.bad_values, cases[i].bad);
		if (cases[i].written == NULL)
			CHECK(strstr(b.p, "last") == NULL &&
			      strstr(b.p, "trade") == NULL);
		else
			CHECK(strstr(b.p, cases[i].written) != NULL);
	}
	cboe_rows_free(&r);
	buf_free(&b);
	buf_free(&row);
}

static void
test_bad_rows(void)
{
	static const char *const bad[] = {"", "1", "null", "\"x\"", "[]", "{}",
	    "{\"option\":null}", "{\"option\":7}", "{\"option\":\"\"}",
	    "{\"option\":\"SPX250620C00000000\"}",
	    "{\"option\":\"SPX250620C-0005000\"}",
	    "{\"option\":\"SPX250620C0498750\"}",
	    "{\"option\":\"SPX250620C049875000\"}",
	    "{\"option\":\"SPX260230C04987500\"}",
	    "{\"option\":\"SPX000000C04987500\"}",
	    "{\"option\":\"SPX251320C04987500\"}",
	    "{\"option\":\"SPX250620X04987500\"}",
	    "{\"option\":\"spx250620C04987500\"}",
	    "{\"option\":\"250620C04987500\"}",
	    "{\"option\":\"S X250620C04987500\"}",
	    "{\"option\":\"O:SPX250620C04987500\"}",
	    "{\"option\":\"ABCDEFGHIJKLM250620C04987500\"}",
	    "{\"option\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
	    "{\"option\":\"A250620C04987500\",\"option\":\"A\"}",
	    "{\"option\":\"A250620C04987500\",\"bid\":1e400}",
	    "{\"option\":\"A250620C04987500\",\"bid\":}",
	    "{\"option\":\"A250620C04987500\"} x"};
	static const char *const values[] = {"-1", "\"1\"", "true", "{}", "[1]",
	    "1e100", "-0.01", "\"\\u001b\""};
	struct cboe_rows r = start();
	struct buf b = {0}, row = {0};

	test_begin("rows with a bad id, or that are no row, are rejected");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK_STR(line_of(&r, bad[i], &b), "rejected"))
			printf("# %s\n", bad[i]);

	test_begin("bad values are dropped and counted, the contract stays");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		buf_clear(&row);
		buf_fmt(&row,
		    "{\"option\":\"A250620P00000500\",\"bid\":%s,\"oi\":1,"
		    "\"open_interest\":5.0}",
		    values[i]);
		r.bad_values = 0;
		line_of(&r, row.p, &b);
		CHECK_INT((int64_t)r.bad_values, 1);
		CHECK(strstr(b.p, ",\"right\":\"put\",\"oi\":5.0}") != NULL);
	}
	cboe_rows_free(&r);
	buf_free(&b);
	buf_free(&row);
}

static void
make_row(struct buf *b, uint64_t *seed)
{
	static const char *const names[] = {"bid", "bid_size", "ask",
	    "ask_size", "iv", "open_interest", "volume", "delta", "gamma",
	    "vega", "theta", "rho", "theo", "change", "open", "high", "low",
	    "tick", "last_trade_price"};

	buf_clear(b);
	buf_fmt(b, "{\"option\":\"SPX2506%02u%c%08u\"", check_random(seed) % 31,
	    rows_below(seed, 2) == 0 ? 'C' : 'P',
	    (unsigned)rows_below(seed, 999999));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		rows_key(b, names[i], seed);
		rows_value(
		    b, rows_below(seed, 2) == 0 ? "0.0" : "12.5", 70, seed);
	}
	rows_key(b, "last_trade_time", seed);
	rows_value(b,
	    rows_below(seed, 2) == 0 ? "null" : "\"2025-06-13T16:14:59\"", 20,
	    seed);
	buf_char(b, '}');
	rows_damage(b, seed);
}

static void
test_differential(void)
{
	struct buf row = {0}, same = {0}, a = {0}, b = {0};
	struct cboe_rows r = start(), forced = start();
	struct line_reader cr = {0};
	unsigned good = 0, bad = 0;
	uint64_t seed = 5;

	test_begin("fast and slow reading agree on 40,000 rows");
	for (int i = 0; i < 40000; i++) {
		struct contract c;
		struct err e;

		make_row(&row, &seed);
		if (!rows_escape_key(&same, buf_view(&row), "option"))
			continue;
		r.bad_values = forced.bad_values = 0;
		line_of(&r, row.p, &a);
		if (!CHECK_STR(line_of(&forced, same.p, &b), a.p) ||
		    !CHECK(r.bad_values == forced.bad_values))
			printf("# %s\n", row.p);
		if (strcmp(a.p, "rejected") == 0) {
			bad++;
			continue;
		}
		good++;
		CHECK(line_read(&cr, (struct span){a.p, a.n - 1}, &c, &e) == 0);
	}
	printf("# good %u (by the scanner %llu, by jansson %llu), bad %u\n",
	    good, (unsigned long long)r.fast, (unsigned long long)r.slow, bad);
	CHECK(good > 5000 && bad > 5000 && r.fast > 5000 && r.slow > 300);
	CHECK(forced.slow > 5000 && forced.fast < forced.slow / 10);
	CHECK(cr.fast > 5000);
	cboe_rows_free(&r);
	cboe_rows_free(&forced);
	line_reader_free(&cr);
	buf_free(&row);
	buf_free(&same);
	buf_free(&a);
	buf_free(&b);
}

int
main(void)
{
	test_header();
	test_mapping();
	test_trades();
	test_bad_rows();
	test_differential();
	return test_done();
}
