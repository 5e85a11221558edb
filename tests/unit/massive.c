/* SPDX-License-Identifier: ISC */
/*
 * massive: what a page and its rows become.
 */
#include "massive.h"
#include "line.h"
#include "rows.h"

#define DETAILS                                                                \
	"\"details\":{\"contract_type\":\"call\",\"exercise_style\":"          \
	"\"european\",\"expiration_date\":\"2026-11-20\","                     \
	"\"shares_per_contract\":100,\"strike_price\":5050,"                   \
	"\"ticker\":\"O:SPX261120C05050000\"}"
#define QUOTE                                                                  \
	"\"last_quote\":{\"ask\":363.30,\"ask_size\":78.0,\"bid\":351.4,"      \
	"\"bid_size\":237,\"last_updated\":1794494832123456789}"
#define TRADE                                                                  \
	"\"last_trade\":{\"conditions\":[209],\"price\":352.1,"                \
	"\"sip_timestamp\":1794494365987654321,\"size\":3}"
#define UNDER                                                                  \
	"\"underlying_asset\":{\"last_updated\":1794494820000000001,"          \
	"\"ticker\":\"I:SPX\",\"value\":5404.10}"
#define ROW                                                                    \
	"{" DETAILS ",\"day\":{\"last_updated\":1794459600000000000,"          \
	"\"volume\":12.0},\"greeks\":{\"delta\":0.9946,\"gamma\":2.5e-10,"     \
	"\"theta\":-0.5,\"vega\":0.1},\"implied_volatility\":0.1809,"          \
	"\"open_interest\":947," QUOTE "," TRADE "," UNDER "}"

static struct massive_rows rows;
static struct buf line;

/* The row with one part replaced, as a line; NULL when it is rejected. */
static const char *
read_row(const char *old, const char *new)
{
	const char *at = strstr(ROW, old);
	struct buf b = {0};
	struct contract c;
	struct err e;
	int rc;

	massive_rows_free(&rows);
	massive_rows_init(&rows, "SPX", 1794511000000);
	if (!CHECK(at != NULL))
		return NULL;
	buf_add(&b, ROW, (size_t)(at - ROW));
	buf_str(&b, new);
	buf_str(&b, at + strlen(old));
	rc = massive_row(&rows, buf_view(&b), &c, &e);
	buf_clear(&line);
	if (rc == 0)
		line_write(&line, &c);
	buf_free(&b);
	return rc == 0 ? line.p : NULL;
}

#define HEAD(ts)                                                               \
	"{\"type\":\"contract\",\"ts\":" ts ",\"symbol\":\"SPX\",\"id\":"      \
	"\"O:SPX261120C05050000\",\"expiration\":\"2026-11-20\","              \
	"\"strike\":5050,\"right\":\"call\","

static void
test_row(void)
{
	test_begin("a row: every value with its own digits, times cut to ms");
	CHECK_STR(read_row("", ""),
	    HEAD("1794494832123") "\"multiplier\":100,\"bid\":351.4,"
				  "\"ask\":363.30,\"bid_size\":237,"
				  "\"ask_size\":78.0,\"quote_ts\":"
				  "1794494832123,\"last\":352.1,"
				  "\"last_size\":3,\"trade_ts\":1794494365987,"
				  "\"iv\":0.1809,\"delta\":0.9946,\"gamma\":"
				  "2.5e-10,\"theta\":-0.5,\"vega\":0.1,\"oi\":"
				  "947,\"volume\":12.0}\n");
	CHECK_INT((int64_t)rows.fast, 1);
	CHECK_INT((int64_t)rows.bad_values, 0);
	CHECK_INT((int64_t)rows.odd_units, 0);
	CHECK_STR(rows.spot, "5404.10");
	CHECK_INT(rows.spot_ts, 1794494820000);
	CHECK_INT(rows.newest, 1794494832123);
	CHECK_INT(rows.newest_day, 0);
	read_row(QUOTE "," TRADE "," UNDER, "\"x\":1");
	CHECK_INT(rows.newest, 0);
	CHECK_INT(rows.newest_day, 1794459600000);
}

static void
test_absent(void)
{
	static const char *const parts[] = {QUOTE, TRADE, UNDER};
	static const char *const instead[] = {"\"x\":1", "\"last_quote\":null",
	    "\"last_trade\":null", "\"last_quote\":{}", "\"last_trade\":{}",
	    "\"underlying_asset\":{}", "\"underlying_asset\":null"};

	test_begin("objects may be missing, empty or null, silently");
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < sizeof(instead) / sizeof(*instead);
		     j++) {
			const char *name = instead[j];

			/* not beside an object of the same name */
			if (j > 0 && strncmp(name, parts[i], 8) != 0)
				continue;
			if (!CHECK(read_row(parts[i], name) != NULL))
				printf("# %s\n", name);
			CHECK_INT((int64_t)rows.bad_values, 0);
		}

	test_begin("a time stands only beside its values");
	CHECK(strstr(read_row("\"ask\":363.30,\"ask_size\":78.0,\"bid\":351.4,"
			      "\"bid_size\":237,",
			 ""),
		  "quote_ts") == NULL);
	CHECK(strstr(read_row("\"price\":352.1,", ""), "trade_ts") == NULL);
	CHECK(strstr(line.p, "last_size") == NULL);
	read_row(QUOTE "," TRADE, "\"x\":1");
	CHECK(strncmp(line.p, HEAD("1794511000000"),
		  strlen(HEAD("1794511000000"))) == 0);
}

static void
test_times(void)
{
	static const struct {
		const char *text, *ts; /* NULL: a bad value */
		int odd;
	} times[] = {{"1794494832123456789", "1794494832123", 0},
	    {"1794494832123456", "1794494832123", 1},
	    {"1794494832123", "1794494832123", 1},
	    {"1794494832", "1794494832000", 1},
	    {"1794494832123456789.0", "1794494832123", 0},
	    {"9223372036854775807", "9223372036854", 0}, {"0", NULL, 0},
	    {"179449483212345678", NULL, 0}, {"-1794494832123", NULL, 0},
	    {"1.794494832123e18", NULL, 0}, {"\"1794494832123\"", NULL, 0},
	    {"true", NULL, 0}};
	char want[64];

	test_begin("a time's unit is told by its size, and counted");
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		CHECK(read_row("1794494832123456789", times[i].text) != NULL);
		snprintf(want, sizeof(want), "\"quote_ts\":%s,",
		    times[i].ts == NULL ? "" : times[i].ts);
		if (!CHECK((strstr(line.p, want) != NULL) ==
			   (times[i].ts != NULL)))
			printf("# %s\n", times[i].text);
		CHECK_INT((int64_t)rows.odd_units, times[i].odd);
		CHECK_INT((int64_t)rows.bad_values, times[i].ts == NULL);
	}
}

static void
test_rejected(void)
{
	static const char *const bad[][2] = {
	    {"O:SPX261120C05050000", "SPX261120C05050000"},
	    {"O:SPX261120C05050000", "O:SPX260230C05050000"},
	    {"\"O:SPX261120C05050000\"", "null"},
	    {"\"O:SPX261120C05050000\"", "7"}, {DETAILS, "\"details\":null"},
	    {DETAILS, "\"details\":{}"}, {"5050,", "5051,"}, {"5050,", "0,"},
	    {"5050,", "-5050,"}, {"5050,", "5050.0005,"}, {"5050,", "1e308,"},
	    {"2026-11-20", "2026-11-21"}, {"\"call\"", "\"put\""},
	    {"\"I:SPX\"", "\"I:NDX\""}, {"\"I:SPX\"", "\"\""},
	    {"\"ask\":363.30", "\"ask\":1,\"ask\":2"}, {"}}", "}"}};
	static const char *const odd[][2] = {{"5050,", "\"5050\","},
	    {"5050,", "true,"}, {"351.4", "-351.4"}, {"351.4", "\"351.4\""},
	    {"0.1809", "-1"}, {"5404.10", "-1"}, {"947", "[]"}};

	test_begin("what is rejected: no id, or details that say otherwise");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(read_row(bad[i][0], bad[i][1]) == NULL))
			printf("# %s\n", bad[i][1]);

	test_begin("a bad value is dropped and counted, the contract stays");
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		if (!CHECK(read_row(odd[i][0], odd[i][1]) != NULL))
			printf("# %s\n", odd[i][1]);
		CHECK_INT((int64_t)rows.bad_values, 1);
	}
	CHECK(read_row("5050,", "5050.000,") != NULL);
	CHECK_INT((int64_t)rows.bad_values, 0);
}

static void
test_spot(void)
{
	static const char *const others[] = {"5404.10", "5404.2", "5403"};
	struct contract c;
	struct err e;
	struct buf b = {0};
	char first[65];

	test_begin("an index has a value, all else a price");
	read_row("\"value\":5404.10", "\"price\":17.5");
	CHECK_STR(rows.spot, "17.5");
	read_row("\"value\":5404.10", "\"price\":17.5,\"value\":18.5");
	CHECK_STR(rows.spot, "18.5");
	read_row("\"value\":5404.10", "\"price\":17.5,\"value\":null");
	CHECK_STR(rows.spot, "17.5");

	test_begin("of several the newest; the order of rows does not matter");
	for (int way = 0; way < 2; way++) {
		massive_rows_free(&rows);
		massive_rows_init(&rows, "SPX", 1794511000000);
		for (int i = 0; i < 3; i++) {
			buf_clear(&b);
			buf_fmt(&b,
			    "{" DETAILS ",\"underlying_asset\":{"
			    "\"last_updated\":179449482000%d000000,"
			    "\"value\":%s}}",
			    i == 2 ? 0 : 1, others[way ? 2 - i : i]);
			if (way == 1) /* the same three, from behind */
				b.p[strlen("{" DETAILS ",\"underlying_asset\":{"
					   "\"last_updated\":179449482000")] =
				    i == 0 ? '0' : '1';
			CHECK_INT(massive_row(&rows, buf_view(&b), &c, &e), 0);
		}
		if (way == 0)
			snprintf(first, sizeof(first), "%s", rows.spot);
	}
	CHECK_STR(rows.spot, first);
	CHECK_STR(rows.spot, "5404.2");
	buf_free(&b);
}

static void
test_page(void)
{
	static const struct {
		const char *shell, *next, *code;
	} pages[] = {{"{\"results\":[],\"status\":\"OK\"}", "", NULL},
	    {"{\"results\":[],\"status\":\"DELAYED\"}", "", NULL},
	    {"{\"status\":\"OK\",\"request_id\":\"x\"}", "", NULL},
	    {"{\"results\":null,\"next_url\":null}", "", NULL},
	    {"{\"results\":[],\"next_url\":null}", "", NULL},
	    {"{\"results\":[],\"next_url\":\"https://a/b?c=d\"}",
		"https://a/b?c=d", NULL},
	    {"{\"results\":[],\"next_url\":\"\"}", NULL, "NEXT_URL"},
	    {"{\"results\":[],\"next_url\":7}", NULL, "NEXT_URL"},
	    {"{\"results\":[],\"next_url\":\"https://a/\\r\\nX: y\"}", NULL,
		"NEXT_URL"},
	    {"{\"results\":[],\"next_url\":\"https://a b\"}", NULL, "NEXT_URL"},
	    {"{\"results\":[],\"next_url\":\"https://\\u00e9\"}", NULL,
		"NEXT_URL"},
	    {"{\"results\":{},\"status\":\"OK\"}", NULL, "BAD_PAGE"},
	    {"{\"status\":\"ERROR\",\"error\":\"x\"}", NULL, "BAD_PAGE"},
	    {"{\"status\":\"error\",\"results\":[]}", NULL, "BAD_PAGE"},
	    {"{\"error\":\"x\",\"results\":[],\"status\":\"OK\"}", NULL,
		"BAD_PAGE"},
	    {"{\"status\":\"OK\",\"message\":\"no\"}", NULL, "BAD_PAGE"},
	    {"{\"status\":\"NOT_FOUND\",\"request_id\":\"x\"}", NULL,
		"BAD_PAGE"},
	    {"{\"results\":[],\"status\":\"OK\",\"message\":\"new\"}", "",
		NULL},
	    {"{\"resul\\u0074s\":[{}],\"status\":\"OK\"}", NULL, "BAD_PAGE"},
	    {"{\"resul\\u0074s\":[],\"status\":\"OK\"}", "", NULL},
	    {"{\"x\":1}", NULL, "BAD_PAGE"},
	    {"{\"results\":[],\"results\":[]}", NULL, "BAD_JSON"},
	    {"<html>", NULL, "BAD_JSON"}};
	struct massive_page p;
	char text[MASSIVE_TEXT_MAX];
	struct err e;

	test_begin("a page's shell: its next_url, or why it is none");
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		int rc = massive_page_read(span_str(pages[i].shell), &p, &e);

		if (!CHECK(rc == (pages[i].code == NULL ? 0 : -1)))
			printf("# %s\n", pages[i].shell);
		else if (rc == 0)
			CHECK_STR(p.next, pages[i].next);
		else
			CHECK_STR(e.code, pages[i].code);
	}

	test_begin("what an error says stands under one of two names");
	massive_error_text(SPAN_LIT("{\"error\":\"a\"}"), text);
	CHECK_STR(text, "a");
	massive_error_text(SPAN_LIT("{\"message\":\"b\"}"), text);
	CHECK_STR(text, "b");
	massive_error_text(SPAN_LIT("<html>"), text);
	CHECK_STR(text, "");
}

int
main(void)
{
	test_row();
	test_absent();
	test_times();
	test_rejected();
	test_spot();
	test_page();
	massive_rows_free(&rows);
	buf_free(&line);
	return test_done();
}
