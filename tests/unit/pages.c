/* SPDX-License-Identifier: ISC */
/*
 * pages: a page that is not read to its end leaves no trace, whatever ended
 * it: its own end, a bad row too many, the deadline, a signal in its middle.
 */
#include "../../cmd/chain-fetch/pages.h"
#include "check.h"
#include "clock.h"
#include "sig.h"

static const struct chain_conf conf = {
    .source = "massive", .max_contracts = BOARD_MAX};

/* A page of rows from a strike on. */
static void
make_page(struct buf *b, int first, int rows, const char *end)
{
	buf_clear(b);
	buf_str(b, "{\"status\":\"OK\",\"results\":[");
	for (int i = first; i < first + rows; i++)
		buf_fmt(b,
		    "%s{\"details\":{\"ticker\":\"O:SPXW261120C%08d\"},"
		    "\"last_quote\":{\"bid\":1.5,\"ask\":-1},"
		    "\"underlying_asset\":{\"ticker\":\"I:SPX\","
		    "\"value\":%d,\"last_updated\":%d000000000}}",
		    i == first ? "" : ",", i * 1000, i, 1794511000 + i);
	buf_str(b, end);
}

/* What is seen of a snapshot in the making. */
struct view {
	size_t contracts;
	uint64_t rows, bad_values;
	int64_t pages, spot_ts;
};

static struct view
view_of(const struct pages *p)
{
	return (struct view){p->chain.board.n, p->chain.rows,
	    p->rows.bad_values, p->n, p->rows.spot_ts};
}

static bool
is_same(struct view a, struct view b)
{
	return a.contracts == b.contracts && a.rows == b.rows &&
	       a.bad_values == b.bad_values && a.pages == b.pages &&
	       a.spot_ts == b.spot_ts;
}

static struct pages p;
static struct buf body;

static int
read_body(struct err *e)
{
	struct massive_page page;

	*e = (struct err){0};
	return pages_body(&p, buf_view(&body), &page, e);
}

/* Refused with that code, and nothing of it stays. */
static void
check_refused(const char *code)
{
	struct view before = view_of(&p);
	struct err e;

	CHECK_INT(read_body(&e), -1);
	CHECK_STR(e.code, code);
	CHECK(is_same(view_of(&p), before));
}

static void
start(void)
{
	struct err e;

	pages_start(&p, &conf, "SPX", INT64_C(1794511000000));
	p.until = 0;
	make_page(&body, 1, 3, "]}");
	CHECK_INT(read_body(&e), 0);
	CHECK(is_same(
	    view_of(&p), (struct view){3, 3, 3, 1, INT64_C(1794511003000)}));
}

static void
test_refused(void)
{
	struct err e;

	test_begin("cut anywhere, a page leaves no trace");
	start();
	make_page(&body, 100, 3, "]}");
	for (size_t n = body.n - 1; n > 0; n--) {
		body.n = n;
		check_refused("CUT");
	}
	body.n = 0;
	check_refused("CUT");

	test_begin("neither does one that is broken, followed, or too long");
	make_page(&body, 100, 3, "]x}");
	check_refused("BAD_JSON");
	make_page(&body, 100, 3, "]}{}");
	check_refused("BAD_PAGE");
	make_page(&body, 100, 3, "],\"next_url\":7}");
	check_refused("NEXT_URL");
	make_page(&body, 100, 10001, "]}");
	check_refused("BAD_PAGE");

	test_begin("after all that the next page is read as if nothing had "
		   "been");
	make_page(&body, 100, 10000, "]}");
	CHECK_INT(read_body(&e), 0);
	CHECK(is_same(view_of(&p),
	    (struct view){10003, 10003, 10003, 2, INT64_C(1794521099000)}));
	pages_free(&p);
}

static void
test_middle(void)
{
	struct err e;

	test_begin("told to stop in the middle of a page: it is left there");
	start();
	make_page(&body, 100, 1024, "]}");
	sig_stop = 15;
	check_refused("STOPPED");
	/* a shorter page is sooner read than looked up from */
	make_page(&body, 100, 1023, "]}");
	CHECK_INT(read_body(&e), 0);
	sig_stop = 0;
	make_page(&body, 3000, 1024, "]}");
	CHECK_INT(read_body(&e), 0);
	CHECK_INT((int64_t)p.chain.board.n, 3 + 1023 + 1024);

	test_begin("the deadline in the middle of a page: the same");
	make_page(&body, 5000, 1024, "]}");
	p.until = clock_mono_ms();
	check_refused("DEADLINE");
	p.until = clock_mono_ms() + 3600000;
	CHECK_INT(read_body(&e), 0);
	pages_free(&p);
}

static void
test_again(void)
{
	struct pages_count before, after, got = {0}, middle = {0};
	struct view was;
	struct err e;

	test_begin("what will come again is forgotten, and owed");
	start();
	was = view_of(&p);
	for (int page = 0; page < 3; page++) {
		make_page(&body, 100 + 300 * page, 250, "]}");
		before = pages_counted(&p);
		CHECK_INT(read_body(&e), 0);
		after = pages_counted(&p);
		pages_add(page == 1 ? &middle : &got, &before, &after);
	}
	pages_again(&p, &got);
	/* the middle page stays, where it moved to */
	CHECK_INT((int64_t)p.chain.board.n, 3 + 250);
	CHECK_INT((int64_t)p.chain.rows, (int64_t)was.rows + 250);
	CHECK_INT((int64_t)p.rows.bad_values, (int64_t)was.bad_values + 250);
	CHECK_INT((int64_t)p.chain.n_owed, 500);
	for (size_t i = 3; i < p.chain.board.n; i++)
		CHECK(span_cmp(p.chain.board.rows[i].id,
			  SPAN_LIT("O:SPXW261120C00400000")) >= 0 &&
		      span_cmp(p.chain.board.rows[i].id,
			  SPAN_LIT("O:SPXW261120C00650000")) < 0);
	pages_again(&p, &middle);
	/* pages and the level that they told are not taken back */
	was.pages += 3;
	was.spot_ts = view_of(&p).spot_ts;
	CHECK(is_same(view_of(&p), was));
	CHECK_INT((int64_t)p.chain.n_owed, 750);
	CHECK(span_eq(
	    p.chain.board.rows[2].id, SPAN_LIT("O:SPXW261120C00003000")));
	pages_free(&p);
}

int
main(void)
{
	test_refused();
	test_middle();
	test_again();
	buf_free(&body);
	return test_done();
}
