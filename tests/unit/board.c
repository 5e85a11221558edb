/* SPDX-License-Identifier: ISC */
/* board: holding, sorting and folding contract lines. */
#include <stdlib.h>

#include "board.h"
#include "check.h"
#include "geom.h"
#include "line.h"

static const char *const ids[] = {"O:SPX260821C00200000",
    "O:SPX260821C00400000", "O:SPX260821P00200000", "O:SPXW260821C00200000"};

/* A line about ids[k] with values drawn from few, so that times tie. */
static void
make_line(struct buf *b, uint64_t *seed, unsigned int k)
{
	struct geom_id id;
	char strike[STRIKE_TEXT];
	uint32_t r = check_random(seed);

	geom_id_parse(span_str(ids[k]), &id);
	geom_strike_text(id.strike_milli, strike);
	buf_clear(b);
	buf_fmt(b,
	    "{\"type\":\"contract\",\"ts\":%u,\"symbol\":\"SPX\",\"id\":"
	    "\"%s\",\"expiration\":\"%s\",\"strike\":%s,\"right\":\"%s\"",
	    1000 + (r & 1), ids[k], id.expiration, strike,
	    id.right == 'C' ? "call" : "put");
	if (r & 2)
		buf_fmt(b, ",\"multiplier\":%d", r & 4 ? 100 : 10);
	if (r & 8)
		buf_fmt(b, ",\"bid\":%d", (int)(r >> 4 & 3));
	if (r & 64)
		buf_fmt(b, ",\"ask\":%d.50", (int)(r >> 7 & 1));
	if (r & 256)
		buf_fmt(b, ",\"quote_ts\":%d", 900 + (int)(r >> 9 & 1));
	if (r & 1024)
		buf_fmt(b, ",\"last\":%d", (int)(r >> 11 & 3));
	if (r & 8192)
		buf_fmt(b, ",\"trade_ts\":%d", 800 + (int)(r >> 14 & 1));
	if (r & 32768)
		buf_fmt(b, ",\"iv\":0.%d", (int)(r >> 16 & 3));
	if (r & (1 << 18))
		buf_fmt(b, ",\"oi\":%d", (int)(r >> 19 & 3));
	if (r & (1 << 21))
		buf_fmt(b, ",\"volume\":%d", (int)(r >> 22 & 3));
	buf_char(b, '}');
}

static int
add_line(struct board *b, struct line_reader *cr, struct span line)
{
	struct contract c;
	struct err e;

	if (line_read(cr, line, &c, &e) == -1)
		return -1;
	return board_add(b, &c, line, &e);
}

/* All lines of a board, sealed, as one text. */
static void
seal_text(struct board *b, struct buf *text)
{
	struct err e;
	size_t i;

	buf_clear(text);
	CHECK_INT(board_seal(b, &e), 0);
	for (i = 0; i < b->n; i++) {
		buf_span(text, b->rows[i].line);
		buf_char(text, '\n');
		CHECK(i == 0 || span_cmp(b->rows[i - 1].id, b->rows[i].id) < 0);
	}
}

static void
shuffle(struct buf *lines, size_t n, uint64_t *seed)
{
	struct buf swap;
	size_t i, j;

	for (i = n; i > 1; i--) {
		j = check_random(seed) % i;
		swap = lines[j];
		lines[j] = lines[i - 1];
		lines[i - 1] = swap;
	}
}

static void
test_order(void)
{
	struct line_reader cr = {0};
	struct buf lines[12] = {{0}}, first = {0}, text = {0};
	struct board b = {0};
	uint64_t seed = 5;
	size_t n, i;
	int round, again;

	test_begin("the same lines in any order give the same board");
	for (round = 0; round < 400; round++) {
		n = 2 + check_random(&seed) % 11;
		for (i = 0; i < n; i++)
			make_line(&lines[i], &seed, check_random(&seed) % 4);
		for (again = 0; again < 8; again++) {
			for (i = 0; i < n; i++)
				CHECK_INT(
				    add_line(&b, &cr, buf_view(&lines[i])), 0);
			seal_text(&b, again == 0 ? &first : &text);
			CHECK_INT((int64_t)(b.n + b.duplicates), (int64_t)n);
			if (again > 0)
				CHECK_STR(text.p, first.p);
			board_clear(&b);
			shuffle(lines, n, &seed);
		}
	}
	for (i = 0; i < 12; i++)
		buf_free(&lines[i]);
	buf_free(&first);
	buf_free(&text);
	board_free(&b);
	line_reader_free(&cr);
}

#define LINE(rest) "{\"type\":\"contract\",\"ts\":" rest "}"
#define NAMED                                                                  \
	",\"symbol\":\"SPX\",\"id\":\"O:SPX260821C00200000\",\"expiration\":"  \
	"\"2026-08-21\",\"strike\":200,\"right\":\"call\""

static void
check_fold(const char *a, const char *x, const char *want)
{
	struct line_reader cr = {0};
	struct board b = {0};
	struct buf text = {0};

	CHECK_INT(add_line(&b, &cr, span_str(a)), 0);
	CHECK_INT(add_line(&b, &cr, span_str(x)), 0);
	seal_text(&b, &text);
	CHECK(b.n == 1 && b.duplicates == 1);
	if (text.n > 0)
		text.p[text.n - 1] = '\0';
	CHECK_STR(text.p, want);
	buf_free(&text);
	board_free(&b);
	line_reader_free(&cr);
}

static void
test_folds(void)
{
	test_begin("identical lines keep their bytes");
	check_fold(LINE("5" NAMED ",\"x\": [1]"), LINE("5" NAMED ",\"x\": [1]"),
	    LINE("5" NAMED ",\"x\": [1]"));

	test_begin("each group follows its own newer time, whole");
	check_fold(LINE("9" NAMED ",\"bid\":1,\"ask\":2.50,\"quote_ts\":7,"
			"\"last\":3,\"last_size\":4,\"trade_ts\":9"),
	    LINE("8" NAMED ",\"bid\":0,\"quote_ts\":8,\"last\":5,"
		 "\"trade_ts\":6"),
	    LINE("9" NAMED ",\"bid\":0,\"quote_ts\":8,\"last\":3,"
		 "\"last_size\":4,\"trade_ts\":9"));

	test_begin("a group without values wins nothing");
	check_fold(LINE("9" NAMED ",\"bid\":1,\"quote_ts\":7"),
	    LINE("9" NAMED ",\"quote_ts\":9"),
	    LINE("9" NAMED ",\"bid\":1,\"quote_ts\":7"));

	test_begin("the chain group follows the newer line, even empty");
	check_fold(LINE("9" NAMED ",\"iv\":0.5,\"oi\":3"),
	    LINE("8" NAMED ",\"iv\":0.7,\"delta\":1"),
	    LINE("9" NAMED ",\"iv\":0.5,\"oi\":3"));
	check_fold(
	    LINE("8" NAMED ",\"iv\":0.5"), LINE("9" NAMED), LINE("9" NAMED));
}

static bool
has(struct span text, struct span part)
{
	size_t i;

	for (i = 0; i + part.n <= text.n; i++)
		if (memcmp(text.p + i, part.p, part.n) == 0)
			return true;
	return false;
}

static void
test_many(void)
{
	struct line_reader cr = {0};
	struct board b = {0};
	struct buf line = {0};
	struct span *sorted;
	struct err e;
	uint64_t seed = 9;
	size_t i, n = 30000;

	test_begin("thousands of contracts in patterns that vendors write");
	for (i = 0; i < n; i++) {
		/* interleaved call and put, then some disorder */
		size_t at = i % 1000 < 900 ? i / 2 : check_random(&seed) % n;
		unsigned int strike = 1 + (unsigned int)(at % 9000);
		char right = "CP"[i % 2];

		buf_clear(&line);
		buf_fmt(&line,
		    LINE("5,\"symbol\":\"SPX\",\"id\":\"O:SPX2608%02zu%c%08u"
			 "\",\"expiration\":\"2026-08-%02zu\",\"strike\":"
			 "%u.%03u,\"right\":\"%s\""),
		    10 + at / 9000, right, strike, 10 + at / 9000,
		    strike / 1000, strike % 1000,
		    right == 'C' ? "call" : "put");
		CHECK_INT(add_line(&b, &cr, buf_view(&line)), 0);
	}
	CHECK_INT(board_seal(&b, &e), 0);
	CHECK_INT((int64_t)(b.n + b.duplicates), (int64_t)n);
	CHECK(b.n > 10000 && b.duplicates > 100);
	sorted = board_ids(&b);
	for (i = 1; i < b.n; i++)
		CHECK(span_cmp(sorted[i - 1], sorted[i]) < 0);
	for (i = 0; i < b.n; i++)
		CHECK(has(b.rows[i].line, sorted[i]));
	CHECK_INT((int64_t)cr.slow, 0);
	free(sorted);
	buf_free(&line);
	board_free(&b);
	line_reader_free(&cr);
}

static void
test_limit(void)
{
	struct line_reader cr = {0};
	struct board b = {0};
	struct contract c;
	struct buf line = {0};
	struct err e;
	uint64_t seed = 1;
	int i;

	test_begin("a snapshot has a limit, and says so");
	make_line(&line, &seed, 0);
	CHECK_INT(line_read(&cr, buf_view(&line), &c, &e), 0);
	for (i = 0; i < BOARD_MAX; i++)
		CHECK_INT(board_add(&b, &c, buf_view(&line), &e), 0);
	CHECK_INT(board_add(&b, &c, buf_view(&line), &e), -1);
	CHECK_STR(e.code, "TOO_MANY");
	CHECK_INT(e.exit, 65);
	CHECK_INT(board_seal(&b, &e), 0);
	CHECK(b.n == 1 && b.duplicates == BOARD_MAX - 1);
	buf_free(&line);
	board_free(&b);
	CHECK(b.n == 0 && b.rows == NULL);
	line_reader_free(&cr);
}

int
main(void)
{
	test_order();
	test_folds();
	test_many();
	test_limit();
	return test_done();
}
