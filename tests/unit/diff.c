/* SPDX-License-Identifier: ISC */
/* What entered and left between two boards. */
#include "diff.h"
#include "check.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void
test_form(void)
{
	struct span a[] = {SPAN_LIT("O:SPX250620C05000000"),
	    SPAN_LIT("O:SPX250620P05000000"), SPAN_LIT("O:SPX250718C05000000")};
	struct span b[] = {SPAN_LIT("O:SPX250620C05000000"),
	    SPAN_LIT("O:SPX250718C05000000"), SPAN_LIT("O:SPX250718C05005000"),
	    SPAN_LIT("O:SPXW250620C05001000")};
	struct buf out = {0};
	struct diff_count n;

	test_begin("by expiration, entered before left, roots mixed");
	n = diff_boards(&out, a, N(a), b, N(b));
	CHECK_INT((int64_t)n.entered, 2);
	CHECK_INT((int64_t)n.left, 1);
	CHECK_STR(out.p, "expiration 2025-06-20: 1 entered, 1 left\n"
			 "+ O:SPXW250620C05001000\n"
			 "- O:SPX250620P05000000\n"
			 "expiration 2025-07-18: 1 entered, 0 left\n"
			 "+ O:SPX250718C05005000\n"
			 "total: 2 entered, 1 left\n");
	test_begin("equal boards give the total only; so do empty ones");
	buf_clear(&out);
	diff_boards(&out, a, N(a), a, N(a));
	CHECK_STR(out.p, "total: 0 entered, 0 left\n");
	buf_clear(&out);
	diff_boards(&out, NULL, 0, NULL, 0);
	CHECK_STR(out.p, "total: 0 entered, 0 left\n");
	buf_free(&out);
}

/* Over random subsets: a minus what left, plus what entered, is b. */
static void
test_property(void)
{
	struct span all[40], a[40], b[40];
	char text[40][24];
	uint64_t seed = 7;

	test_begin("what it says leads from one board to the other");
	for (size_t i = 0; i < 40; i++) {
		snprintf(text[i], sizeof(text[i]), "O:SPX2506%02zuC%08zu",
		    10 + i / 10, 5000000 + i % 10 * 5000);
		all[i] = span_str(text[i]);
	}
	for (int round = 0; round < 200; round++) {
		struct buf out = {0};
		size_t na = 0, nb = 0, entered = 0, left = 0, lines = 0;
		struct diff_count n;

		for (size_t i = 0; i < 40; i++) {
			bool in_a = check_random(&seed) % 2;
			bool in_b = check_random(&seed) % 2;

			if (in_a)
				a[na++] = all[i];
			if (in_b)
				b[nb++] = all[i];
			entered += in_b && !in_a;
			left += in_a && !in_b;
		}
		n = diff_boards(&out, a, na, b, nb);
		for (size_t i = 0; i + 1 < out.n; i++)
			lines += (out.p[i] == '+' || out.p[i] == '-') &&
				 out.p[i + 1] == ' ';
		CHECK_INT((int64_t)n.entered, (int64_t)entered);
		CHECK_INT((int64_t)n.left, (int64_t)left);
		CHECK_INT((int64_t)lines, (int64_t)(entered + left));
		buf_free(&out);
	}
}

int
main(void)
{
	test_form();
	test_property();
	return test_done();
}
