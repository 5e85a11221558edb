/* SPDX-License-Identifier: ISC */
/* Numbers to text and back, against the C library. */
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "num.h"

/* 65 bytes. */
#define TOO_LONG                                                               \
	"1234567890123456789012345678901234567890123456789012345678901234"     \
	"5"

static double
random_double(uint64_t *r)
{
	double v = 0;
	uint64_t bits;

	do {
		bits = (uint64_t)check_random(r) << 33 ^
		       (uint64_t)check_random(r) << 11 ^ check_random(r);
		memcpy(&v, &bits, sizeof(v));
	} while (!isfinite(v));
	return v;
}

static void
test_reading(void)
{
	static const char *const bad[] = {"", "-", "+1", "01", "1.", ".5", "1e",
	    "1e+", "nan", "inf", "0x1", " 1", "1 ", "1,5", "1e999", "--1", "1-",
	    TOO_LONG};
	uint64_t r = 1;
	char text[80];
	double v;

	test_begin("what is no number of JSON, or not finite, is refused");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(num_parse(span_str(bad[i]), &v) < 0))
			printf("#   %s\n", bad[i]);

	test_begin("reading is the C library's, to the last bit");
	for (int i = 0; i < 300000; i++) {
		int digits = 1 + (int)(check_random(&r) % 18);

		if (i % 3 == 0)
			snprintf(text, sizeof(text), "%.*g", digits,
			    random_double(&r));
		else
			snprintf(text, sizeof(text), "%s%u.%0*u",
			    i % 2 ? "-" : "", check_random(&r) % 1000000,
			    1 + i % 9, check_random(&r) % 10000);
		if (isinf(strtod(text, NULL))) {
			CHECK(num_parse(span_str(text), &v) < 0);
			continue;
		}
		CHECK(num_parse(span_str(text), &v) == 0);
		if (!CHECK(v == strtod(text, NULL)))
			printf("#   %s\n", text);
	}
}

static void
test_writing(void)
{
	struct buf b = {0};
	uint64_t r = 2;
	double v, back;

	test_begin("what is written reads back as the same double");
	for (int i = 0; i < 200000; i++) {
		v = i % 2 ? random_double(&r) : (double)check_random(&r) / 1000;
		buf_clear(&b);
		num_add(&b, v);
		CHECK(num_parse(buf_view(&b), &back) == 0);
		CHECK(back == v);
	}

	test_begin("the shortest text, no -0, nothing that is no number");
	{
		static const struct {
			double v;
			const char *text;
		} cases[] = {{0.1, "0.1"}, {-0.0, "0"}, {1, "1"},
		    {0.1 + 0.2, "0.30000000000000004"}, {4987.5, "4987.5"},
		    {1e21, "1e+21"}, {-2.5e-7, "-2.5e-07"}, {NAN, "null"},
		    {-INFINITY, "null"}, {1.0 / 3, "0.3333333333333333"}};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			buf_clear(&b);
			num_add(&b, cases[i].v);
			CHECK_STR(b.p, cases[i].text);
		}
	}
	buf_free(&b);
}

static void
test_sums(void)
{
	struct num_sum s = {0, 0};

	test_begin("a sum keeps what a plain one loses");
	num_sum_add(&s, 1e16);
	for (int i = 0; i < 1000; i++)
		num_sum_add(&s, 0.1);
	num_sum_add(&s, -1e16);
	CHECK(fabs(num_sum_value(&s) - 100) < 1e-9);
}

int
main(void)
{
	test_reading();
	test_writing();
	test_sums();
	return test_done();
}
