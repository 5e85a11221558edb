/* SPDX-License-Identifier: ISC */
#include "num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 64
#define EXACT_DIGITS 15 /* a mantissa below 10^15 is an exact double … */
#define EXACT_POWER 22  /* … and so is 10^22 */

static const double power[EXACT_POWER + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6,
    1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
    1e20, 1e21, 1e22};

/* A number in JSON's grammar, taken apart. */
struct decimal {
	bool negative, plain; /* plain: no exponent */
	int64_t mantissa;
	int digits, places;
};

static const char *
skip_digits(const char *p, const char *end, struct decimal *d, bool decimals)
{
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (d->digits < EXACT_DIGITS)
			d->mantissa = d->mantissa * 10 + (*p - '0');
		/* Leading zeros are no digits: 0.0001 has one. */
		d->digits += d->mantissa != 0 || d->digits > 0;
		d->places += decimals;
	}
	return p;
}

static int
take_apart(struct span text, struct decimal *d)
{
	const char *p = text.p, *end = p + text.n, *from;

	*d = (struct decimal){.plain = true};
	if (text.n == 0 || text.n > TEXT_MAX)
		return -1;
	d->negative = *p == '-';
	p += d->negative;
	from = p;
	p = skip_digits(p, end, d, false);
	if (p == from || (*from == '0' && p > from + 1))
		return -1;
	if (p < end && *p == '.') {
		from = ++p;
		p = skip_digits(p, end, d, true);
		if (p == from)
			return -1;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		d->plain = false;
		p++;
		p += p < end && (*p == '+' || *p == '-');
		for (from = p; p < end && *p >= '0' && *p <= '9';)
			p++;
		if (p == from)
			return -1;
	}
	return p == end ? 0 : -1;
}

int
num_parse(struct span text, double *out)
{
	char copy[TEXT_MAX + 1];
	struct decimal d;

	if (take_apart(text, &d) < 0)
		return -1;
	if (d.plain && d.digits <= EXACT_DIGITS && d.places <= EXACT_POWER) {
		*out = (double)d.mantissa / power[d.places];
		if (d.negative)
			*out = -*out;
		return 0;
	}
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*out = strtod(copy, NULL);
	return isfinite(*out) ? 0 : -1;
}

void
num_add(struct buf *b, double v)
{
	char text[40];

	if (!isfinite(v)) {
		buf_str(b, "null");
		return;
	}
	if (v == 0)
		v = 0; /* not -0 */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (digits == 17 || strtod(text, NULL) == v)
			break;
	}
	buf_str(b, text);
}
