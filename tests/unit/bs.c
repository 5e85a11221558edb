/* SPDX-License-Identifier: ISC */
/* The closed forms: numbers from elsewhere, finite differences, and prices
 * taken back to the volatility that they were made of. */
#include <math.h>

#include "bs.h"
#include "check.h"

static const struct bs golden = {.spot = 5000,
    .strike = 5050,
    .years = 30.0 / 365,
    .rate = 0.045,
    .yield = 0.013,
    .vol = 0.16};

static bool
near(double a, double b, double rel)
{
	if (fabs(a - b) <= rel * fabs(b))
		return true;
	printf("#   is  %.17g\n#   not %.17g\n", a, b);
	return false;
}

static struct bs
random_option(uint64_t *r)
{
	struct bs o = {.spot = 100 + check_random(r) % 9000,
	    .years = (1 + check_random(r) % 700) / 365.0,
	    .rate = (check_random(r) % 80) / 1000.0,
	    .yield = (check_random(r) % 40) / 1000.0,
	    .vol = 0.05 + (check_random(r) % 900) / 1000.0};

	o.strike = o.spot * (0.8 + (check_random(r) % 400) / 1000.0);
	bs_prepare(&o);
	return o;
}

/* The price, or delta, with one input moved. */
static double
moved(struct bs o, bool call, bool delta, double spot, double vol, double years)
{
	o.spot += spot;
	o.vol += vol;
	o.years += years;
	bs_prepare(&o);
	return delta ? bs_delta(&o, call) : bs_price(&o, call);
}

static void
test_differences(void)
{
	uint64_t r = 3;

	test_begin("delta, gamma, vega, vanna and charm are what differences "
		   "say");
	for (int i = 0; i < 2000; i++) {
		struct bs o = random_option(&r);
		bool call = i % 2;
		double h = o.spot * 1e-5, v = 1e-5, t = o.years * 1e-5;

		CHECK(fabs(bs_delta(&o, call) -
			   (moved(o, call, false, h, 0, 0) -
			       moved(o, call, false, -h, 0, 0)) /
			       (2 * h)) < 1e-6);
		CHECK(fabs(bs_gamma(&o) - (moved(o, call, true, h, 0, 0) -
					      moved(o, call, true, -h, 0, 0)) /
					      (2 * h)) <
		      1e-6 + 1e-5 * bs_gamma(&o));
		CHECK(fabs(bs_vega(&o) - (moved(o, call, false, 0, v, 0) -
					     moved(o, call, false, 0, -v, 0)) /
					     (2 * v)) < 1e-5 * o.spot);
		CHECK(fabs(bs_vanna(&o) - (moved(o, call, true, 0, v, 0) -
					      moved(o, call, true, 0, -v, 0)) /
					      (2 * v)) < 1e-5);
		CHECK(
		    fabs(bs_charm(&o, call) +
			 (moved(o, call, true, 0, 0, t) -
			     moved(o, call, true, 0, 0, -t)) /
			     (2 * t)) < 1e-4 * (1 + fabs(bs_charm(&o, call))));
	}

	test_begin("calls and puts: parity, and of charm what is left of it");
	for (int i = 0; i < 2000; i++) {
		struct bs o = random_option(&r);

		CHECK(fabs(bs_price(&o, true) - bs_price(&o, false) -
			   (o.spot * o.disc_q - o.strike * o.disc_r)) <
		      1e-9 * o.spot);
		CHECK(fabs(bs_charm(&o, true) - bs_charm(&o, false) -
			   o.yield * o.disc_q) < 1e-9);
	}
}

static void
test_implied(void)
{
	uint64_t r = 5;
	double vol;

	test_begin("a price gives back its volatility");
	for (int i = 0; i < 5000; i++) {
		struct bs o = random_option(&r);
		bool call = i % 2;
		double p = bs_price(&o, call);
		/* Time value that the price can hold at all. */
		double otm =
		    bs_price(&o, o.spot * o.disc_q <= o.strike * o.disc_r);

		if (otm < 1e-6 * o.spot)
			continue;
		CHECK(bs_implied(&o, call, p, &vol) == 0);
		CHECK(near(vol, o.vol, 1e-6));
	}

	test_begin("a price that no volatility makes has none");
	for (int i = 0; i < 500; i++) {
		struct bs o = random_option(&r);

		CHECK(bs_implied(&o, true, -1, &vol) < 0);
		CHECK(bs_implied(&o, true,
			  o.spot * o.disc_q - o.strike * o.disc_r - 0.01,
			  &vol) < 0);
		CHECK(bs_implied(&o, true, o.spot * 1.01, &vol) < 0);
		CHECK(bs_implied(&o, false, o.strike * 1.01, &vol) < 0);
	}
	CHECK(bs_implied(&golden, true, NAN, &vol) < 0);
}

int
main(void)
{
	struct bs o = golden;

	bs_prepare(&o);
	test_begin("the golden option, to 1e-12");
	CHECK(near(bs_gamma(&o), 0.001721421017719979, 1e-12));
	CHECK(near(bs_vanna(&o), 0.4503801503528127, 1e-12));
	CHECK(near(bs_charm(&o, true), -0.7080100560271794, 1e-12));
	CHECK(near(bs_charm(&o, false), -0.7209961730344826, 1e-12));
	CHECK(near(bs_gamma(&o),
	    o.strike * o.disc_r * bs_pdf(o.d2) /
		(o.spot * o.spot * o.vol * o.root),
	    1e-12));
	test_begin("the tails of N are not cut off");
	CHECK(near(bs_cdf(-10), 7.619853024160527e-24, 1e-12));
	CHECK(bs_cdf(-38) > 0);
	CHECK(bs_cdf(0) == 0.5 && bs_cdf(40) == 1);
	test_differences();
	test_implied();
	return test_done();
}
