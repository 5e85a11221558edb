/* SPDX-License-Identifier: ISC */
#include "bs.h"

#include <math.h>

#define INV_SQRT_2PI 0.3989422804014326779
#define INV_SQRT_2 0.7071067811865475244

#define VOL_MIN 0.001
#define VOL_MAX 10.0
#define VOL_EXACT 1e-12 /* relative */
#define STEPS_MAX 100

double
bs_pdf(double x)
{
	return INV_SQRT_2PI * exp(-0.5 * (x * x));
}

double
bs_cdf(double x)
{
	return 0.5 * erfc(-x * INV_SQRT_2);
}

void
bs_prepare(struct bs *o)
{
	double drift = o->rate - o->yield + 0.5 * (o->vol * o->vol);
	double width;

	o->root = sqrt(o->years);
	o->disc_q = exp(-o->yield * o->years);
	o->disc_r = exp(-o->rate * o->years);
	width = o->vol * o->root;
	o->d1 = (log(o->spot / o->strike) + drift * o->years) / width;
	o->d2 = o->d1 - width;
}

double
bs_price(const struct bs *o, bool call)
{
	double s = o->spot * o->disc_q, k = o->strike * o->disc_r;

	return call ? s * bs_cdf(o->d1) - k * bs_cdf(o->d2)
		    : k * bs_cdf(-o->d2) - s * bs_cdf(-o->d1);
}

double
bs_delta(const struct bs *o, bool call)
{
	return call ? o->disc_q * bs_cdf(o->d1) : -o->disc_q * bs_cdf(-o->d1);
}

double
bs_gamma(const struct bs *o)
{
	return o->disc_q * bs_pdf(o->d1) / (o->spot * o->vol * o->root);
}

double
bs_vega(const struct bs *o)
{
	return o->spot * o->disc_q * bs_pdf(o->d1) * o->root;
}

double
bs_vanna(const struct bs *o)
{
	return -o->disc_q * bs_pdf(o->d1) * o->d2 / o->vol;
}

double
bs_charm(const struct bs *o, bool call)
{
	double width = o->vol * o->root;
	double a = o->disc_q * bs_pdf(o->d1) *
		   (2 * (o->rate - o->yield) * o->years - o->d2 * width) /
		   (2 * o->years * width);

	return call ? o->yield * o->disc_q * bs_cdf(o->d1) - a
		    : -o->yield * o->disc_q * bs_cdf(-o->d1) - a;
}

/*
 * Newton's steps from the volatility at which the price curves neither way,
 * from where they cannot leave the right side; a step out of the bracket is
 * halved instead.  The option out of the money is searched: its price is all
 * time value, nothing is lost to cancellation.
 */
int
bs_implied(const struct bs *option, bool call, double price, double *vol)
{
	struct bs o = *option;
	double low = VOL_MIN, high = VOL_MAX, forward, spot, strike, miss;

	o.vol = 1;
	bs_prepare(&o);
	spot = o.spot * o.disc_q;
	strike = o.strike * o.disc_r;
	if (call && spot > strike)
		price -= spot - strike;
	else if (!call && strike > spot)
		price -= strike - spot;
	call = spot <= strike;
	forward = log(spot / strike);
	if (!(price > 0))
		return -1;
	o.vol = sqrt(2 * (forward < 0 ? -forward : forward) / o.years);
	if (!(o.vol > 0.1))
		o.vol = 0.1;
	if (o.vol > high)
		o.vol = high;
	for (int i = 0; i < STEPS_MAX; i++) {
		double next, slope;

		bs_prepare(&o);
		miss = bs_price(&o, call) - price;
		slope = bs_vega(&o);
		*(miss > 0 ? &high : &low) = o.vol;
		next = o.vol - miss / slope;
		/* At an end of the bracket nothing was found. */
		if (miss == 0 || high - low <= VOL_EXACT * low ||
		    fabs(next - o.vol) <= VOL_EXACT * o.vol) {
			*vol = o.vol;
			return o.vol > VOL_MIN * 1.01 && o.vol < VOL_MAX * 0.99
				   ? 0
				   : -1;
		}
		if (!(next > low && next < high))
			next = 0.5 * (low + high);
		o.vol = next;
	}
	return -1;
}
