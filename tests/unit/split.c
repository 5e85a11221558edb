/* SPDX-License-Identifier: ISC */
/*
 * split: rows and shells, the same however the input is cut into pieces.
 */
#include <stdlib.h>

#include "rec.h"
#include "rows.h"
#include "shape.h"
#include "split.h"

static const struct scan_key keys[] = {
    SCAN_KEY("option", -1), SCAN_KEY("bid", -1)};
static const struct scan_shape shape = {keys, 2};

/* Somebody who reads ahead, and how often that worked. */
struct reader {
	struct shape_ahead ahead;
	unsigned known;
};

static size_t
ahead(struct span text, void *ctx)
{
	struct reader *r = ctx;
	size_t n = shape_ahead(&shape, text, &r->ahead);

	r->known += n > 0;
	return n;
}

/* All events of a text as one text, fed in pieces of up to max bytes; r, if
 * there is one, reads ahead. */
static void
events(struct span text, size_t max, uint64_t *seed, struct reader *r,
    struct buf *out)
{
	struct split *s = split_new("data.options");
	bool bad = false;
	struct span got;
	struct err e;

	buf_clear(out);
	if (r != NULL)
		split_ahead(s, ahead, r);
	while (text.n > 0 && !bad) {
		size_t n = max == 0 ? text.n : rows_below(seed, max) + 1;
		enum split_event event;
		char *piece;

		if (n > text.n)
			n = text.n;
		piece = mem_alloc(n);
		memcpy(piece, text.p, n);
		text.p += n;
		text.n -= n;
		split_feed(s, (struct span){piece, n});
		do {
			event = split_next(s, &got, &e);
			bad = event == SPLIT_BAD;
			if (bad)
				buf_fmt(out, "bad %d %s\n", e.exit, e.code);
			if (event == SPLIT_ROW || event == SPLIT_DOC) {
				buf_str(
				    out, event == SPLIT_ROW ? "row " : "doc ");
				buf_span(out, got);
				buf_char(out, '\n');
			}
		} while (event == SPLIT_ROW || event == SPLIT_DOC);
		free(piece);
	}
	buf_str(out, split_pending(s) ? "pending\n" : "done\n");
	split_free(&s);
	CHECK(s == NULL);
}

static const char *const cases[][2] = {
    {"", "done\n"},
    {" \r\n\t", "done\n"},
    {"{}", "doc {}\ndone\n"},
    {"{} {\"a\":1}\n", "doc {}\ndoc {\"a\":1}\ndone\n"},
    {"{\"data\":{\"options\":[{\"a\":1},{\"b\":[2]}],\"x\":1},\"t\":2}",
	"row {\"a\":1}\nrow {\"b\":[2]}\n"
	"doc {\"data\":{\"options\":[],\"x\":1},\"t\":2}\ndone\n"},
    {"{\"data\" : { \"options\" : [ {} , 1 ,\"a,]\\\"\" , null ] } }",
	"row {}\nrow 1\nrow \"a,]\\\"\"\nrow null\n"
	"doc {\"data\" : { \"options\" : [] } }\ndone\n"},
    {"{\"data\":{\"options\":[[1],[]]}}",
	"row [1]\nrow []\ndoc {\"data\":{\"options\":[]}}\ndone\n"},
    {"{\"data\":{\"options\":[]}}", "doc {\"data\":{\"options\":[]}}\ndone\n"},
    {"{\"data\":{}}", "doc {\"data\":{}}\ndone\n"},
    {"{\"data\":[{\"options\":[1]}]}",
	"doc {\"data\":[{\"options\":[1]}]}\ndone\n"},
    {"{\"options\":[1],\"x\":{\"options\":[2]}}",
	"doc {\"options\":[1],\"x\":{\"options\":[2]}}\ndone\n"},
    {"{\"x\":{\"data\":{\"options\":[1]}}}",
	"doc {\"x\":{\"data\":{\"options\":[1]}}}\ndone\n"},
    {"{\"data\":{\"x\":{\"options\":[1]},\"options\":[2]}}",
	"row 2\ndoc {\"data\":{\"x\":{\"options\":[1]},"
	"\"options\":[]}}\ndone\n"},
    {"{\"data\":{\"options\":{\"a\":[1]}}}",
	"doc {\"data\":{\"options\":{\"a\":[1]}}}\ndone\n"},
    {"{\"k\":\"data\",\"options\":[1]}",
	"doc {\"k\":\"data\",\"options\":[1]}\ndone\n"},
    {"{\"data\":{\"k\":\"options\",\"z\":[1]}}",
	"doc {\"data\":{\"k\":\"options\",\"z\":[1]}}\ndone\n"},
    {"{\"data\":{\"options\":[1]}", "row 1\npending\n"},
    {"{\"data\":{\"options\":[{\"a\":1}", "row {\"a\":1}\npending\n"},
    {"{\"data\":{\"options\":[{\"a\":", "pending\n"},
    {"[]", "bad 65 BAD_JSON\npending\n"},
    {"\xef\xbb\xbf{}", "bad 65 BAD_JSON\npending\n"},
    {"{} x", "doc {}\nbad 65 BAD_JSON\npending\n"},
    {"<html>", "bad 65 BAD_JSON\npending\n"},
    {"{]", "bad 65 BAD_JSON\npending\n"},
    {"{\"data\":{\"options\":[1,]}}", "row 1\nbad 65 BAD_JSON\npending\n"},
    {"{\"data\":{\"options\":[,1]}}", "bad 65 BAD_JSON\npending\n"},
    {"{\"data\":{\"options\":[1,,1]}}", "row 1\nbad 65 BAD_JSON\npending\n"},
    {"{\"data\":{\"options\":[{} {}]}}", "row {}\nbad 65 BAD_JSON\npending\n"},
    {"{\"data\":{\"options\":[{}}]}", "row {}\nbad 65 BAD_JSON\npending\n"},
    {"{\"data\":{\"options\":[{]]}}", "bad 65 BAD_JSON\npending\n"},
    {"{\"data\":{\"options\":[}", "bad 65 BAD_JSON\npending\n"},
};

static void
test_events(void)
{
	struct reader reader = {0};
	struct buf out = {0};
	uint64_t seed = 1;

	test_begin("rows and shells of small documents");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		events(span_str(cases[i][0]), 0, &seed, NULL, &out);
		if (!CHECK_STR(out.p, cases[i][1]))
			printf("# of %s\n", cases[i][0]);
		events(span_str(cases[i][0]), 1, &seed, NULL, &out);
		CHECK_STR(out.p, cases[i][1]);
		events(span_str(cases[i][0]), 0, &seed, &reader, &out);
		CHECK_STR(out.p, cases[i][1]);
	}
	buf_free(&out);
}

static void
make_documents(struct buf *b, uint64_t *seed)
{
	buf_clear(b);
	for (size_t docs = rows_below(seed, 3) + 1; docs > 0; docs--) {
		buf_str(
		    b, rows_below(seed, 2) == 0 ? "{\"timestamp\":1," : "{");
		buf_str(b, "\"data\":{\"x\":\"[\\\"{\",\"options\":[");
		for (size_t rows = rows_below(seed, 9); rows > 0; rows--) {
			buf_char(b, '{');
			rows_key(b, "option", seed);
			rows_value(b,
			    rows_below(seed, 2) == 0 ? "\"a\\\\\\\"]}\""
						     : "\"a{]}\"",
			    30, seed);
			rows_key(b, "bid", seed);
			rows_value(b, NULL, 30, seed);
			buf_str(b, rows_below(seed, 9) == 0 ? " } " : "}");
			if (rows > 1)
				buf_char(b, ',');
		}
		buf_str(b, "],\"symbol\":\"X\"},\"z\":[{},[1]]}\n");
	}
	rows_damage(b, seed);
}

static void
test_chunks(void)
{
	struct buf doc = {0}, whole = {0}, cut = {0};
	struct reader reader = {0};
	unsigned bad = 0, done = 0, rows = 0;
	uint64_t seed = 4711;

	test_begin(
	    "any cutting of 5,000 texts, read ahead or not, gives the same");
	for (int i = 0; i < 5000; i++) {
		make_documents(&doc, &seed);
		events(buf_view(&doc), 0, &seed, NULL, &whole);
		events(buf_view(&doc), 0, &seed, &reader, &cut);
		CHECK(span_eq(buf_view(&whole), buf_view(&cut)));
		for (size_t max = 1; max <= 512; max *= 8) {
			events(buf_view(&doc), max, &seed,
			    max == 64 ? &reader : NULL, &cut);
			if (!CHECK(span_eq(buf_view(&whole), buf_view(&cut))))
				printf("# %.400s\n", doc.p);
		}
		bad += strstr(whole.p, "bad 65") != NULL;
		done += strstr(whole.p, "done\n") != NULL;
		rows += strstr(whole.p, "row {") != NULL;
	}
	printf("# refused %u, whole %u, with rows %u; rows read ahead %u\n",
	    bad, done, rows, reader.known);
	CHECK(bad > 200 && done > 1000 && rows > 1000);
	CHECK(reader.known > 1000);
	buf_free(&doc);
	buf_free(&whole);
	buf_free(&cut);
}

/* Feeds text n times; the last event. */
static enum split_event
repeat(struct split *s, const char *text, size_t n, struct err *e)
{
	enum split_event event = SPLIT_MORE;
	struct span got;

	for (; n > 0 && event != SPLIT_BAD; n--) {
		split_feed(s, span_str(text));
		do {
			event = split_next(s, &got, e);
		} while (event == SPLIT_ROW || event == SPLIT_DOC);
	}
	return event;
}

static void
test_limits(void)
{
	static const char *const starts[] = {"{\"data\":{\"options\":[\"",
	    "{\"data\":{\"options\":[{\"a\":\"", "{\"data\":{\"options\":[1",
	    "{\"data\":{\"options\":[{\"a\":\"\\", "{\"a\":\"", "{\"a\":"};
	struct err e;

	test_begin("a row or shell over 1 MiB is refused");
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct split *s = split_new("data.options");

		CHECK(repeat(s, starts[i], 1, &e) == SPLIT_MORE);
		CHECK(repeat(s, "1234567812345678", (1024 * 1024) / 16 - 8,
			  &e) == SPLIT_MORE);
		CHECK(repeat(s, "1234567812345678", 12, &e) == SPLIT_BAD);
		CHECK_STR(e.code, "TOO_LONG");
		CHECK_INT(e.exit, EX_DATAERR);
		split_free(&s);
	}

	test_begin("blanks between rows and documents are no row and no shell");
	for (int i = 0; i < 2; i++) {
		struct split *s = split_new("data.options");

		CHECK(repeat(s, i == 0 ? "{}" : "{\"data\":{\"options\":[1", 1,
			  &e) == SPLIT_MORE);
		CHECK(repeat(s, "                                ", 40000,
			  &e) == SPLIT_MORE);
		CHECK(repeat(s, i == 0 ? "{}" : "]}}", 1, &e) == SPLIT_MORE);
		CHECK(!split_pending(s));
		split_free(&s);
	}

	test_begin("nesting is bounded");
	for (int i = 0; i < 2; i++) {
		struct split *s = split_new("data.options");

		CHECK(repeat(s, i == 0 ? "{\"a\":" : "{\"data\":{\"options\":[",
			  1, &e) == SPLIT_MORE);
		CHECK(repeat(s, "[", 50, &e) == SPLIT_MORE);
		CHECK(repeat(s, "[", 20, &e) == SPLIT_BAD);
		split_free(&s);
	}
}

static void
test_shell_so_far(void)
{
	static const char text[] =
	    "{\"t\":1,\"data\":{\"s\":\"X\",\"options\":[{\"a\":[{";
	struct split *s = split_new("data.options");
	struct buf shell = {0};
	struct span got;
	struct rec r;
	struct err e;

	test_begin("the shell at the first row reads as JSON");
	split_feed(
	    s, SPAN_LIT("{\"t\":1,\"data\":{\"s\":\"X\",\"options\":[1,"));
	CHECK(split_next(s, &got, &e) == SPLIT_ROW);
	split_shell_so_far(s, &shell);
	CHECK(rec_parse(&r, buf_view(&shell), &e) == 0);
	CHECK_STR(rec_str(&r, "data.s"), "X");
	rec_free(&r);
	split_free(&s);

	test_begin("and at any other place it is closed too");
	for (size_t n = 1; n < sizeof(text) - 1; n++) {
		size_t open = 0, close = 0;

		s = split_new("data.options");
		split_feed(s, (struct span){text, n});
		split_next(s, &got, &e);
		buf_clear(&shell);
		split_shell_so_far(s, &shell);
		for (size_t i = 0; i < shell.n; i++) {
			open += shell.p[i] == '{' || shell.p[i] == '[';
			close += shell.p[i] == '}' || shell.p[i] == ']';
		}
		CHECK(open == close);
		split_free(&s);
	}

	test_begin("a path of one level");
	s = split_new("results");
	split_feed(s, SPAN_LIT("{\"results\":[7],\"x\":{\"results\":[8]}}"));
	CHECK(split_next(s, &got, &e) == SPLIT_ROW &&
	      span_eq(got, SPAN_LIT("7")));
	CHECK(split_next(s, &got, &e) == SPLIT_DOC);
	CHECK(
	    span_eq(got, SPAN_LIT("{\"results\":[],\"x\":{\"results\":[8]}}")));
	split_free(&s);
	split_free(&s);
	buf_free(&shell);
}

int
main(void)
{
	test_events();
	test_chunks();
	test_limits();
	test_shell_so_far();
	return test_done();
}
