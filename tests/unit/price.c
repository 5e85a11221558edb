/* SPDX-License-Identifier: ISC */
/* Prices as integers: exact, and back to the same text. */
#include "price.h"
#include "check.h"

static int64_t
parsed(const char *text)
{
	int64_t v = -2;

	return price_parse(span_str(text), &v) < 0 ? -1 : v;
}

static void
check_text(int64_t halves, const char *want)
{
	struct buf b = {0};

	price_add_halves(&b, halves);
	CHECK_STR(b.p, want);
	buf_free(&b);
}

static void
test_reading(void)
{
	static const char *const bad[] = {"", "-", "-1", "+1", "01", "00", "1.",
	    ".5", "1e", "1e+", "nan", "0x1", " 1", "1 ", "1,5", "--1", "1-",
	    "1000000", "999999.9999999999996", "1e6", "1e99", "0.001e10",
	    ("12345678901234567890123456789012345678901234567890123456789"
	     "012345")};

	test_begin("what is no price, or too large, is refused");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(parsed(bad[i]) == -1))
			printf("#   %s\n", bad[i]);
	CHECK(price_parse(SPAN_NONE, &(int64_t){0}) < 0);

	test_begin("a price is read exactly");
	CHECK_INT(parsed("0"), 0);
	CHECK_INT(parsed("0.0"), 0);
	CHECK_INT(parsed("0e9"), 0);
	CHECK_INT(parsed("1"), INT64_C(1000000000000));
	CHECK_INT(parsed("7195.6"), INT64_C(7195600000000000));
	CHECK_INT(parsed("0.05"), INT64_C(50000000000));
	CHECK_INT(parsed("999999.999999999999"), PRICE_MAX - 1);
	CHECK_INT(parsed("0.000000000001"), 1);
	CHECK_INT(parsed("1e-12"), 1);
	CHECK_INT(parsed("1.5E+2"), INT64_C(150000000000000));
	CHECK_INT(parsed("0.00150e4"), INT64_C(15000000000000));
	CHECK_INT(parsed("120e-1"), INT64_C(12000000000000));

	test_begin("more than 12 decimals are rounded, half up");
	CHECK_INT(parsed("0.30000000000000004"), INT64_C(300000000000));
	CHECK_INT(parsed("9.9499999999999993"), INT64_C(9950000000000));
	CHECK_INT(parsed("0.0000000000005"), 1);
	CHECK_INT(parsed("0.00000000000049999"), 0);
	CHECK_INT(parsed("5e-13"), 1);
	CHECK_INT(parsed("5e-14"), 0);
	CHECK_INT(parsed("9e-99"), 0);
}

static void
test_writing(void)
{
	uint64_t r = 1;

	test_begin("halves are written without zeros at the end");
	check_text(0, "0");
	check_text(1, "0.0000000000005");
	check_text(-1, "-0.0000000000005");
	check_text(INT64_C(2000000000000), "1");
	check_text(INT64_C(-40000000000000), "-20");
	check_text(INT64_C(19850000000000), "9.925");
	check_text(4 * (PRICE_MAX - 1) * 2, "3999999.999999999996");

	test_begin("what is written reads back");
	for (int i = 0; i < 100000; i++) {
		int64_t v = (int64_t)check_random(&r) * 400000000 % PRICE_MAX,
			again = -1;
		struct buf b = {0};

		price_add_halves(&b, 2 * v);
		CHECK(price_parse(buf_view(&b), &again) == 0);
		if (!CHECK_INT(again, v))
			printf("#   %s\n", b.p);
		buf_free(&b);
	}
}

int
main(void)
{
	test_reading();
	test_writing();
	return test_done();
}
