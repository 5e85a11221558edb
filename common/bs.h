/* SPDX-License-Identifier: ISC */
/*
 * bs: Black, Scholes and Merton: European options on an underlying with a
 * continuous yield.  Pure.
 *
 * Time in years, rates and volatility per year as fractions.  Only sqrt, exp,
 * log and erfc of the C library, in a fixed order and without contraction, so
 * that the same library gives the same bits whatever the compiler.
 *
 * Layer: knows nobody.
 */
#ifndef EPOCH_BS_H
#define EPOCH_BS_H

#include <stdbool.h>

struct bs {
	double spot, strike, years, rate, yield, vol; /* all but rates > 0 */
	double root;                                  /* sqrt(years) */
	double disc_q;                                /* e^(-yield years) */
	double disc_r;                                /* e^(-rate years) */
	double d1, d2;
};

/* Fill in the lower half. */
void bs_prepare(struct bs *o);

double bs_pdf(double x); /* of the standard normal distribution */
double bs_cdf(double x); /* by erfc: right in the tails, too */

double bs_price(const struct bs *o, bool call);
double bs_delta(const struct bs *o, bool call);
double bs_gamma(const struct bs *o);
double bs_vega(const struct bs *o);  /* per 1.00 of volatility */
double bs_vanna(const struct bs *o); /* change of delta per 1.00 of it */
/* Change of delta per year as time goes by. */
double bs_charm(const struct bs *o, bool call);

/*
 * The volatility at which the price is this, between 0.001 and 10; -1 when
 * there is none (a price at or below what the option is worth without any).
 * o: vol is not read.  Reads and leaves nothing else.
 */
int bs_implied(const struct bs *o, bool call, double price, double *vol);

#endif
