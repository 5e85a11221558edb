/* SPDX-License-Identifier: ISC */
/*
 * scan against jansson: what the scanner takes, jansson takes and reads
 * alike; what it leaves is nobody's loss.
 */
#include "scan.h"
#include "rec.h"
#include "rows.h"
#include "shape.h"

enum {
	K_ID,
	K_BID,
	K_ASK,
	K_DETAILS,
	K_TICKER,
	K_STRIKE,
	K_GREEKS,
	K_DELTA,
	K_LAST,
	K_VOLUME,
	K_COUNT
};

static const struct scan_key keys[K_COUNT] = {
    [K_ID] = SCAN_KEY("id", -1),
    [K_BID] = SCAN_KEY("bid", -1),
    [K_ASK] = SCAN_KEY("ask", -1),
    [K_DETAILS] = SCAN_KEY("details", -1),
    [K_TICKER] = SCAN_KEY("ticker", K_DETAILS),
    [K_STRIKE] = SCAN_KEY("strike", K_DETAILS),
    [K_GREEKS] = SCAN_KEY("greeks", -1),
    [K_DELTA] = SCAN_KEY("delta", K_GREEKS),
    [K_LAST] = SCAN_KEY("last", -1),
    [K_VOLUME] = SCAN_KEY("volume", -1),
};

static const struct scan_shape shape = {keys, K_COUNT};

static bool
scans(const char *text)
{
	struct scan_value v[K_COUNT];

	return scan_object(&shape, span_str(text), v);
}

static void
test_values(void)
{
	static const char text[] =
	    " {\"id\":\"O:A\",\"bid\":-1.50e+3,\"ask\":null,\"x\":[1,{}],"
	    "\"details\":{\"strike\":7000,\"bid\":9,\"ticker\":\"T\"},"
	    "\"greeks\":{},\"last\":true,\"volume\" : false }\n";
	struct scan_value v[K_COUNT];

	test_begin("values come as spans of the text");
	CHECK(scan_object(&shape, span_str(text), v));
	CHECK(v[K_ID].type == SCAN_STRING);
	CHECK(span_eq(v[K_ID].text, SPAN_LIT("O:A")));
	CHECK(v[K_BID].type == SCAN_NUMBER);
	CHECK(span_eq(v[K_BID].text, SPAN_LIT("-1.50e+3")));
	CHECK(v[K_BID].text.p > text && v[K_BID].text.p < text + sizeof(text));
	CHECK(v[K_ASK].type == SCAN_NULL);
	CHECK(v[K_DETAILS].type == SCAN_OBJECT);
	CHECK(v[K_DETAILS].text.p[0] == '{');
	CHECK(v[K_DETAILS].text.p[v[K_DETAILS].text.n - 1] == '}');
	CHECK(span_eq(v[K_STRIKE].text, SPAN_LIT("7000")));
	CHECK(span_eq(v[K_TICKER].text, SPAN_LIT("T")));
	CHECK(v[K_GREEKS].type == SCAN_OBJECT);
	CHECK(v[K_DELTA].type == SCAN_ABSENT && v[K_DELTA].text.p == NULL);
	CHECK(v[K_LAST].type == SCAN_TRUE);
	CHECK(v[K_VOLUME].type == SCAN_FALSE);
	CHECK(scans("{}") && scans(" { } "));
}

static void
test_refused(void)
{
	static const char *const texts[] = {"", " ", "[]", "1", "\"x\"", "null",
	    "{", "}", "{}}", "{}{}", "{} x", "{\"id\":\"}", "{\"id\":}",
	    "{\"id\"}", "{\"id\":1,}", "{,\"id\":1}", "{\"id\":1 \"bid\":2}",
	    "{\"id\":[}", "{\"id\":{}", "{\"id\":[[1,{}]}", "{\"id\":1.}",
	    "{\"id\":.5}", "{\"id\":01}", "{\"id\":+1}", "{\"id\":-}",
	    "{\"id\":1e}", "{\"id\":tru}", "{\"id\":1,\"id\":1}",
	    "{\"x\":1,\"x\":1}", "{\"details\":{\"strike\":1,\"strike\":1}}",
	    "{\"details\":{},\"details\":{}}", "{\"x\":{\"y\":1,\"y\":1}}",
	    "{\"\\u0069d\":1}", "{\"id\":\"\\n\"}", "{\"id\":\"\xc3\xa9\"}",
	    "{\"id\":\"\x7f\"}", "{\"id\":\"\t\"}", "{\"id\":[[[[[[[[]]]]]]]]}",
	    "{\"id\":9223372036854775808}", "{\"id\":1e100}",
	    "{\"id\":0.123456789012345678901234567890123456789}", "{id:1}"};
	struct buf b = {0};

	test_begin("what is no object of the subset is not taken");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!CHECK(!scans(texts[i])))
			printf("# %s\n", texts[i]);
	CHECK(scans("{\"id\":[[[[[[[]]]]]]]}"));

	test_begin("sixteen unknown keys an object, not seventeen");
	buf_str(&b, "{");
	for (int i = 0; i < 16; i++)
		buf_fmt(&b, "\"k%d\":%d,", i, i);
	b.p[b.n - 1] = '}';
	CHECK(scans(b.p));
	b.p[b.n - 1] = ',';
	buf_str(&b, "\"k16\":1}");
	CHECK(!scans(b.p));
	buf_free(&b);
}

static void
test_numbers(void)
{
	unsigned taken = 0, left = 0;

	test_begin("scan_number takes only what jansson takes as a number");
	for (size_t i = 0; i < ROWS_ODD; i++) {
		struct buf b = {0};
		struct rec r;
		struct err e;

		buf_fmt(&b, "{\"n\":%s}", rows_odd[i]);
		if (scan_number(span_str(rows_odd[i]))) {
			taken++;
			CHECK(rec_parse(&r, buf_view(&b), &e) == 0 &&
			      span_eq(rec_num(&r, "n"), span_str(rows_odd[i])));
			rec_free(&r);
		} else {
			left++;
		}
		buf_free(&b);
	}
	CHECK(taken >= 10 && left >= 50);
	CHECK(!scan_number(SPAN_NONE));
	CHECK(scan_number(SPAN_LIT("8999999999999999999")));
	CHECK(scan_number(SPAN_LIT("-8999999999999999999.5")));
	CHECK(!scan_number(SPAN_LIT("9000000000000000000")));
	CHECK(!scan_number(SPAN_LIT("9223372036854775808")));
	CHECK(!scan_number(SPAN_LIT("12345678901234567890")));
	CHECK(!scan_number(SPAN_LIT("12}")) && !scan_number(SPAN_LIT("1 ")));
	/* just as long as it may be, and not terminated */
	CHECK(scan_number(
	    (struct span){"0.123456789012345678901234567890123456789", 40}));
	CHECK(!scan_number(
	    (struct span){"0.123456789012345678901234567890123456789", 41}));
}

static void
make_row(struct buf *b, uint64_t *seed)
{
	char id[24];

	buf_clear(b);
	buf_char(b, '{');
	for (int i = 0; i < K_COUNT; i++) {
		if (keys[i].parent != -1 || rows_below(seed, 12) == 0)
			continue;
		rows_key(b, keys[i].name, seed);
		snprintf(id, sizeof(id), "\"O:A%u\"", check_random(seed) % 99);
		if (i == K_DETAILS && rows_below(seed, 9) != 0) {
			buf_str(b, "{");
			rows_key(b, "ticker", seed);
			rows_value(b, id, 60, seed);
			rows_key(b,
			    rows_below(seed, 40) == 0 ? "ticker" : "bid", seed);
			rows_value(b, NULL, 60, seed);
			rows_key(b, "strike", seed);
			rows_value(b, NULL, 60, seed);
			buf_str(b, "}");
		} else {
			rows_value(b, i == K_ID ? id : NULL, 60, seed);
		}
		if (rows_below(seed, 30) == 0) {
			rows_key(
			    b, rows_below(seed, 3) == 0 ? "bid" : "x", seed);
			rows_value(b, NULL, 60, seed);
		}
	}
	buf_char(b, '}');
	rows_damage(b, seed);
}

static bool
same_values(const struct scan_value *a, const struct scan_value *b)
{
	for (int i = 0; i < K_COUNT; i++) {
		if (a[i].type != b[i].type)
			return false;
		if (a[i].type != SCAN_OBJECT && a[i].type != SCAN_ARRAY &&
		    !span_eq(a[i].text, b[i].text))
			return false;
	}
	return true;
}

/* With something behind it, a row begins with itself, or with an object that
 * is one by itself. */
static void
check_prefix(const struct buf *row, bool mine)
{
	struct scan_value v[K_COUNT], w[K_COUNT];
	struct buf b = {0};
	size_t n;

	buf_span(&b, buf_view(row));
	buf_str(&b, ",{\"x\":\"}\"}");
	n = scan_prefix(&shape, buf_view(&b), v);
	if (n > 0) {
		CHECK(n <= b.n && b.p[n - 1] == '}');
		CHECK(scan_object(&shape, (struct span){b.p, n}, w) &&
		      same_values(v, w));
	}
	if (mine && row->p[0] == '{')
		CHECK(n > 0 && n <= row->n &&
		      strspn(row->p + n, " \t\r\n") == row->n - n);
	buf_free(&b);
}

static void
test_differential(void)
{
	unsigned taken = 0, left = 0, bad = 0;
	struct buf row = {0}, own = {0};
	uint64_t seed = 20260805;

	test_begin("scanner and jansson agree on 60,000 rows");
	for (int i = 0; i < 60000; i++) {
		struct scan_value fast[K_COUNT], slow[K_COUNT];
		struct err e;
		char *copy;
		bool mine, valid;

		make_row(&row, &seed);
		/* of its own size: a read behind it is seen by sanitizers */
		copy = mem_alloc(row.n);
		memcpy(copy, row.p, row.n);
		mine = scan_object(&shape, (struct span){copy, row.n}, fast);
		valid = shape_read_slow(&shape, buf_view(&row), &own, slow,
			    &e) == SHAPE_SLOW;
		taken += mine;
		left += !mine && valid;
		bad += !valid;
		if (mine && !CHECK(valid && same_values(fast, slow)))
			printf("# %.300s\n", row.p);
		check_prefix(&row, mine);
		free(copy);
	}
	printf("# by the scanner %u, by jansson %u, invalid %u\n", taken, left,
	    bad);
	CHECK(taken > 10000 && left > 500 && bad > 10000);
	buf_free(&row);
	buf_free(&own);
}

static void
test_odd_numbers(void)
{
	static const char *const odd[] = {"1e100", "1e-400", "1e+0001",
	    ("1.00000000000000000000000000000000000000000000000000000000000000"
	     "000")};
	static const char *const fine[] = {"1e99", "12345678901234567890e-1",
	    ("0.1234567890123456789012345678901234567890123456789012345678901"
	     "2")};
	struct scan_value v[K_COUNT];
	struct buf b = {0}, own = {0};
	struct err e;

	test_begin("numbers that no record may carry are marked");
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		buf_clear(&b);
		buf_fmt(&b, "{\"bid\":%s}", odd[i]);
		CHECK(shape_read(&shape, buf_view(&b), &own, v, &e) ==
		      SHAPE_SLOW);
		CHECK(v[K_BID].type == SCAN_ODD_NUMBER);
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		buf_clear(&b);
		buf_fmt(&b, "{\"bid\":%s,\"\\u0078\":0}", fine[i]);
		CHECK(shape_read(&shape, buf_view(&b), &own, v, &e) ==
		      SHAPE_SLOW);
		CHECK(v[K_BID].type == SCAN_NUMBER);
		CHECK(span_eq(v[K_BID].text, span_str(fine[i])));
	}
	buf_free(&b);
	buf_free(&own);
}

int
main(void)
{
	test_values();
	test_refused();
	test_numbers();
	test_odd_numbers();
	test_differential();
	return test_done();
}
