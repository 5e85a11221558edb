/* SPDX-License-Identifier: ISC */
/*
 * num: decimal text to double and back, the only such code of the models.
 *
 * Reading is exact: up to 15 digits with up to 22 decimals by one division of
 * two exact doubles, everything else by the C library.  Writing gives the
 * shortest text of 15, 16 or 17 significant digits that reads back as the
 * same double, so that a value has one text; -0 is 0, and what is not finite
 * is null, which no reader takes for a number.  The process never leaves the
 * C locale.
 *
 * Layer: knows buf.
 */
#ifndef EPOCH_NUM_H
#define EPOCH_NUM_H

#include "buf.h"

/* A number in JSON's grammar, at most 64 bytes; -1 when it is none, or not
 * finite. */
int num_parse(struct span text, double *out);

void num_add(struct buf *b, double v);

/*
 * A sum whose rounding error is carried along (Neumaier): in a fixed order it
 * gives the same bytes everywhere, and orders hardly differ.  {0} is empty.
 */
struct num_sum {
	double sum, carry;
};

static inline void
num_sum_add(struct num_sum *s, double v)
{
	double t = s->sum + v;
	double a = s->sum < 0 ? -s->sum : s->sum, b = v < 0 ? -v : v;

	s->carry += a >= b ? (s->sum - t) + v : (v - t) + s->sum;
	s->sum = t;
}

static inline double
num_sum_value(const struct num_sum *s)
{
	return s->sum + s->carry;
}

#endif
