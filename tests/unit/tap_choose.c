/* SPDX-License-Identifier: ISC */
/* ws-tap's choice of quotes. */
#include <stdlib.h>

#include "../../cmd/ws-tap/choose.h"
#include "check.h"

#define TODAY "2026-08-20"

struct made {
	char text[4000][32];
	struct span ids[4000];
	size_t n;
};

static struct made a, b;
static struct span out[8000];

/* Each expiration with strikes from … to … by step, calls and puts. */
static void
make_board(struct made *m, const char *root, const char *const *dates, int from,
    int to, int step)
{
	m->n = 0;
	for (; *dates != NULL; dates++)
		for (int k = from; k <= to; k += step)
			for (int r = 0; r < 2; r++, m->n++) {
				snprintf(m->text[m->n], 32, "O:%s%s%c%08d",
				    root, *dates, "CP"[r], k * 1000);
				m->ids[m->n] = span_str(m->text[m->n]);
			}
}

static const char *const dates[] = {
    "260819", "260820", "260821", "261218", NULL};

static bool
is_chosen(size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(out[i], span_str(id)))
			return true;
	return false;
}

static void
test_nearest(void)
{
	struct choose_board board = {a.ids, 0, 5003 * 1000};
	size_t n;

	test_begin(
	    "nearest strikes and expirations first, calls and puts alike");
	make_board(&a, "SPXW", dates, 4000, 6000, 10);
	board.n = a.n;
	n = choose_quotes(&board, 1, 2, TODAY, out);
	CHECK_INT((int64_t)n, 2);
	CHECK(is_chosen(n, "O:SPXW260820C05000000"));
	CHECK(is_chosen(n, "O:SPXW260820P05000000"));
	n = choose_quotes(&board, 1, 20, TODAY, out);
	CHECK(is_chosen(n, "O:SPXW260821C05000000"));
	CHECK(is_chosen(n, "O:SPXW261218P05000000"));
	CHECK(is_chosen(n, "O:SPXW260820P05010000"));
	CHECK(is_chosen(n, "O:SPXW260820P04990000"));
	CHECK(!is_chosen(n, "O:SPXW261218P04990000"));
	n = choose_quotes(&board, 1, 8000, TODAY, out);
	CHECK_INT((int64_t)n, (int64_t)(a.n / 4 * 3)); /* not yesterday's */
	CHECK(!is_chosen(n, "O:SPXW260819C05000000"));
}

/* What is chosen of few is chosen of more, whatever the order of the ids. */
static void
test_order(void)
{
	struct choose_board board = {a.ids, 0, 5003 * 1000};
	static struct span few[300];
	uint64_t seed = 3;
	size_t n;

	test_begin(
	    "more is a superset; the order of the board does not matter");
	make_board(&a, "SPX", dates, 4000, 6000, 25);
	board.n = a.n;
	n = choose_quotes(&board, 1, 300, TODAY, few);
	for (size_t i = a.n - 1; i > 0; i--) {
		size_t k = check_random(&seed) % (i + 1);
		struct span s = a.ids[i];

		a.ids[i] = a.ids[k];
		a.ids[k] = s;
	}
	for (size_t max = 300; max < 420; max += 40) {
		size_t m = choose_quotes(&board, 1, max, TODAY, out);

		CHECK_INT((int64_t)m, (int64_t)max);
		for (size_t i = 0; i < n; i++)
			CHECK(is_chosen(m, few[i].p));
	}
}

static void
test_shared(void)
{
	struct choose_board boards[2] = {
	    {a.ids, 0, 5000 * 1000}, {b.ids, 0, 20000 * 1000}};
	size_t n, of_a = 0;

	test_begin("two boards share; what one does not use the other gets");
	make_board(&a, "SPX", dates, 4000, 6000, 10);
	make_board(&b, "NDX", dates, 19900, 20100, 100);
	boards[0].n = a.n;
	boards[1].n = b.n;
	n = choose_quotes(boards, 2, 10, TODAY, out);
	for (size_t i = 0; i < n; i++)
		of_a += out[i].p[2] == 'S';
	CHECK_INT((int64_t)n, 10);
	CHECK_INT((int64_t)of_a, 5);
	n = choose_quotes(boards, 2, 100, TODAY, out);
	CHECK_INT((int64_t)n, 100);
	CHECK_INT((int64_t)choose_quotes(boards, 2, 0, TODAY, out), 0);
	boards[0].n = boards[1].n = 0;
	CHECK_INT((int64_t)choose_quotes(boards, 2, 10, TODAY, out), 0);
}

static void
test_step(void)
{
	struct choose_board board = {a.ids, 0, 5003 * 1000};

	test_begin(
	    "the strike step around the spot; the middle stands in for it");
	make_board(&a, "SPX", dates, 4000, 6000, 25);
	board.n = a.n;
	CHECK_INT(choose_step(&board), 25000);
	board.spot_milli = 1;
	CHECK_INT(choose_step(&board), 25000);
	board.spot_milli = 0;
	CHECK_INT(choose_step(&board), 25000);
	CHECK_INT((int64_t)choose_quotes(&board, 1, 2, TODAY, out), 2);
	CHECK(is_chosen(2, "O:SPX260820C05000000"));
	board.n = 1;
	CHECK_INT(choose_step(&board), 0);
	CHECK_INT(choose_milli(SPAN_LIT("7439.62109375")), 7439621);
	CHECK_INT(choose_milli(SPAN_LIT("")), 0);
	CHECK_INT(choose_milli(SPAN_NONE), 0);
	CHECK_INT(choose_milli(SPAN_LIT("-5")), 0);
	CHECK_INT(choose_milli(SPAN_LIT("1e300")), 0);
}

int
main(void)
{
	test_nearest();
	test_order();
	test_shared();
	test_step();
	return test_done();
}
