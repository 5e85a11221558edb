/* SPDX-License-Identifier: ISC */
/*
 * rec: what is a record, digits kept, records built.
 */
#include <stdlib.h>

#include "rec.h"
#include "rows.h"

static bool
parses(struct span text)
{
	struct rec r;
	struct err e;
	int rc = rec_parse(&r, text, &e);

	if (rc != 0)
		CHECK(e.exit == EX_DATAERR && strcmp(e.code, "BAD_JSON") == 0);
	rec_free(&r);
	rec_free(&r);
	return rc == 0;
}

static void
test_refused(void)
{
	static const char *const bad[] = {"", "x", "1", "\"a\"", "[]", "[{}]",
	    "null", "{", "{}x", "{}{}", "{\"a\":NaN}", "{\"a\":Infinity}",
	    "{\"a\":-Infinity}", "{\"a\":01}", "{\"a\":.5}", "{\"a\":5.}",
	    "{\"a\":+1}", "{\"a\":0x1}", "{\"a\":1,}", "{/**/}", "{\"a\":1}//",
	    "\xef\xbb\xbf{}", "{\"a\":1e400}", "{\"a\":-1e400}",
	    "{\"a\":9223372036854775808}",
	    "{\"a\":123456789012345678901234567890}", "{\"a\":1,\"a\":1}",
	    "{\"a\":1,\"\\u0061\":1}", "{\"x\":{\"a\":1,\"a\":2}}",
	    "{\"a\":\"\\u0000\"}", "{\"\\u0000\":1}", "{\"a\":\"\xff\"}",
	    "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\xed\xa0\x80\"}",
	    "{\"a\":\"\\ud800\"}", "{\"a\":\"\t\"}", "{'a':1}"};
	struct buf b = {0};

	test_begin("what is no JSON object is refused");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(!parses(span_str(bad[i]))))
			printf("# %s\n", bad[i]);
	CHECK(!parses(SPAN_LIT("{}\0")));
	CHECK(!parses(SPAN_LIT("{\"a\":1\0,\"b\":2}")));
	CHECK(!parses(SPAN_LIT("{\"a\":1.5\0}")));
	CHECK(!parses(SPAN_LIT("{\"a\":\"\0\"}")));
	CHECK(!parses(SPAN_NONE));
	CHECK(parses(SPAN_LIT(" {\"a\":\"\\u001b\\u202e\xc2\x9b\x7f\"}\n")));
	CHECK(parses(SPAN_LIT("{\"a\":1e-400}")));

	test_begin(
	    "depth 32 passes, 33 does not, brackets in strings no depth");
	for (int depth = 32; depth <= 33; depth++) {
		buf_clear(&b);
		buf_str(&b, "{\"a\":");
		for (int i = 1; i < depth; i++)
			buf_char(&b, '[');
		for (int i = 1; i < depth; i++)
			buf_char(&b, ']');
		buf_char(&b, '}');
		CHECK(parses(buf_view(&b)) == (depth == 32));
	}
	CHECK(parses(SPAN_LIT("{\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\":"
			      "\"\\\"{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{\"}")));
	buf_clear(&b);
	for (int i = 0; i < 100000; i++)
		buf_str(&b, "{\"a\":");
	CHECK(!parses(buf_view(&b)));
	buf_free(&b);
}

static void
test_digits(void)
{
	static const char text[] =
	    "{\"a\":623.49,\"b\":-0.0,\"c\":1E+05,\"d\":[1.10],\"e\":\"7.5\","
	    "\"f\":{\"g\":6802.350,\"h\":9007199254740993},\"i-1\":2,"
	    "\"j\":\"a\\\"1,\\\\\",\"k\":1,\"l\":1.0,\"m\":null,\"\":3}";
	struct rec r;
	struct err e;
	int64_t v;

	test_begin("numbers keep their digits, strings stay strings");
	CHECK(rec_parse(&r, span_str(text), &e) == 0);
	CHECK(span_eq(rec_num(&r, "a"), SPAN_LIT("623.49")));
	CHECK(span_eq(rec_num(&r, "b"), SPAN_LIT("-0.0")));
	CHECK(span_eq(rec_num(&r, "c"), SPAN_LIT("1E+05")));
	CHECK(rec_num(&r, "d").p == NULL && rec_num(&r, "e").p == NULL);
	CHECK_STR(rec_str(&r, "e"), "7.5");
	CHECK(span_eq(rec_num(&r, "f.g"), SPAN_LIT("6802.350")));
	CHECK(span_eq(rec_num(&r, "f.h"), SPAN_LIT("9007199254740993")));
	CHECK(span_eq(rec_num(&r, "i-1"), SPAN_LIT("2")));
	CHECK_STR(rec_str(&r, "j"), "a\"1,\\");
	CHECK(rec_int(&r, "f.h", &v) == 0 && v == INT64_C(9007199254740993));
	CHECK(rec_int(&r, "k", &v) == 0 && v == 1);
	CHECK(rec_int(&r, "l", &v) == -1 && rec_int(&r, "e", &v) == -1);
	CHECK(rec_int(&r, "none", &v) == -1 && rec_str(&r, "none") == NULL);
	CHECK(rec_has(&r, "m") && rec_has(&r, "f.g") && rec_has(&r, "f"));
	CHECK(!rec_has(&r, "g") && !rec_has(&r, "f.x") && !rec_has(&r, "a.b"));
	CHECK(rec_str(&r, "k") == NULL && rec_num(&r, "m").p == NULL);
	CHECK(rec_num(&r, "f").p == NULL);
	rec_free(&r);
}

static bool
reads(const char *line, const char *code)
{
	struct rec r;
	struct err e;
	int rc = rec_read(&r, span_str(line), &e);

	if (rc != 0)
		CHECK_STR(e.code, code);
	rec_free(&r);
	return rc == 0;
}

static void
test_records(void)
{
	static const char *const bad[] = {"{}", "{\"type\":\"x\"}",
	    "{\"ts\":1}", "{\"type\":1,\"ts\":1}",
	    "{\"type\":\"x\",\"ts\":\"1\"}", "{\"type\":\"x\",\"ts\":1.0}",
	    "{\"type\":\"x\",\"ts\":null}",
	    "{\"type\":\"chain_end\",\"ts\":1,\"symbol\":\"SPX\"}",
	    "{\"type\":\"chain_end\",\"ts\":1,\"contracts\":1}",
	    "{\"type\":\"chain_end\",\"ts\":1,\"symbol\":null,"
	    "\"contracts\":1}",
	    "{\"type\":\"chain_end\",\"ts\":1,\"symbol\":\"spx\","
	    "\"contracts\":1}",
	    "{\"type\":\"chain_end\",\"ts\":1,\"symbol\":7,\"contracts\":1}",
	    "{\"type\":\"chain_end\",\"ts\":1,\"symbol\":\"SPX\","
	    "\"contracts\":null}"};
	static const char good[] =
	    "{\"type\":\"chain_end\",\"ts\":17,\"symbol\":\"SPX\","
	    "\"contracts\":1,\"more\":[]}";
	struct rec r;
	struct err e;

	test_begin("records have their required fields");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(!reads(bad[i], "BAD_RECORD")))
			printf("# %s\n", bad[i]);
	CHECK(!reads("{\"type\":\"x\",\"ts\":1", "BAD_JSON"));
	CHECK(reads("{\"ts\":1,\"type\":\"no such type\"}", ""));
	CHECK(rec_read(&r, span_str(good), &e) == 0);
	CHECK_STR(rec_type(&r), "chain_end");
	CHECK_INT(rec_ts(&r), 17);
	rec_free(&r);

	test_begin("a type is seen without parsing, where our writers put it");
	CHECK(span_eq(rec_peek_type(span_str(good)), SPAN_LIT("chain_end")));
	CHECK(span_eq(
	    rec_peek_type(SPAN_LIT("{\"type\":\"x2\"")), SPAN_LIT("x2")));
	CHECK(rec_peek_type(SPAN_LIT("{\"type\":\"x")).p == NULL);
	CHECK(rec_peek_type(SPAN_LIT("{\"type\":\"\"")).p == NULL);
	CHECK(rec_peek_type(SPAN_LIT("{\"type\":\"a\\u0062\"")).p == NULL);
	CHECK(rec_peek_type(SPAN_LIT("{ \"type\":\"x\"")).p == NULL);
	CHECK(rec_peek_type(SPAN_LIT("{\"ts\":1,\"type\":\"x\"}")).p == NULL);
	CHECK(rec_peek_type(SPAN_NONE).p == NULL);
}

static void
test_build(void)
{
	struct buf b = {0};

	test_begin("records are built in the order of the calls");
	rec_begin(&b, "x", -5);
	rec_add_str(&b, "s", "a\"\\\n\x1b\x7f/");
	rec_add_str(&b, "none", NULL);
	rec_add_int(&b, "i", INT64_MIN);
	rec_add_num(&b, "n", SPAN_LIT("1.10"));
	rec_add_num(&b, "none", SPAN_NONE);
	rec_add_bool(&b, "t", true);
	rec_add_bool(&b, "f", false);
	rec_end(&b);
	CHECK_STR(b.p,
	    "{\"type\":\"x\",\"ts\":-5,\"s\":\"a\\\"\\\\\\u000a\\u001b\\u007f/"
	    "\",\"i\":-9223372036854775808,\"n\":1.10,\"t\":true,\"f\":false}"
	    "\n");
	CHECK(reads(b.p, ""));
	buf_free(&b);
}

static bool
is_plain(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

static void
test_quote(void)
{
	static const char text[] =
	    "\xc2\x80\xc3\xa9\xdf\xbf\xe0\xa0\x80\xe2\x82\xac\xed\x9f\xbf"
	    "\xef\xbf\xbf\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf";
	unsigned valid = 0, invalid = 0;
	struct buf b = {0};
	uint64_t seed = 3;

	test_begin("quoting is ASCII, and reads back the same");
	buf_str(&b, "{\"a\":");
	rec_quote(&b, span_str(text));
	buf_char(&b, '}');
	CHECK(
	    strstr(b.p, "\\ud800\\udc00\\ud83d\\ude00\\udbff\\udfff") != NULL);
	for (int i = 0; i < 60000; i++) {
		char bytes[8];
		size_t n = rows_below(&seed, sizeof(bytes));
		struct rec r;
		struct err e;
		json_t *as_is;

		/* random bytes, or pieces of good text */
		for (size_t j = 0; j < n; j++)
			bytes[j] = (char)(1 + rows_below(&seed, 255));
		if (rows_below(&seed, 2) == 0) {
			size_t at = rows_below(&seed, sizeof(text) - 8);

			memcpy(bytes, text + at, n);
		}
		buf_clear(&b);
		buf_str(&b, "{\"a\":");
		rec_quote(&b, (struct span){bytes, n});
		buf_char(&b, '}');
		CHECK(is_plain(buf_view(&b)));
		if (!CHECK(rec_parse(&r, buf_view(&b), &e) == 0))
			continue;
		/* jansson says whether the bytes were UTF-8 */
		as_is = json_stringn(bytes, n);
		if (as_is != NULL) {
			valid++;
			CHECK(json_equal(as_is, json_object_get(r.value, "a")));
		} else {
			invalid++;
			CHECK(strstr(b.p, "\\ufffd") != NULL);
		}
		json_decref(as_is);
		rec_free(&r);
	}
	printf("# UTF-8 %u, not %u\n", valid, invalid);
	CHECK(valid > 5000 && invalid > 5000);
	buf_free(&b);
}

int
main(void)
{
	test_refused();
	test_digits();
	test_records();
	test_build();
	test_quote();
	return test_done();
}
