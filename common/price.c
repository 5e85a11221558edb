/* SPDX-License-Identifier: ISC */
#include "price.h"

#define DIGITS_MAX 64
#define EXPONENT_MAX 1000
#define KEEP_MAX 18 /* digits of PRICE_MAX - 1 */

/* A number taken apart: 0.d1 d2 d3 … × 10^point. */
struct digits {
	char d[DIGITS_MAX];
	int n, point;
};

static bool
is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

/* Leading zeros are not kept; before: in front of the decimal point. */
static const char *
take_digits(const char *p, const char *end, struct digits *out, bool before)
{
	for (; is_digit(p, end); p++) {
		if (out->n > 0 || *p != '0') {
			out->d[out->n++] = *p;
			out->point += before;
		} else {
			out->point -= !before;
		}
	}
	return p;
}

static const char *
take_exponent(const char *p, const char *end, struct digits *out)
{
	bool negative = p < end && *p == '-';
	int v = 0;

	p += p < end && (*p == '-' || *p == '+');
	if (!is_digit(p, end))
		return NULL;
	for (; is_digit(p, end); p++)
		if (v < EXPONENT_MAX)
			v = v * 10 + (*p - '0');
	out->point += negative ? -v : v;
	return p;
}

static int
take_apart(struct span text, struct digits *out)
{
	const char *p = text.p, *end, *from;

	*out = (struct digits){.n = 0};
	if (p == NULL || text.n == 0 || text.n > DIGITS_MAX)
		return -1;
	end = p + text.n;
	from = p;
	p = take_digits(p, end, out, true);
	if (p == from || (*from == '0' && p > from + 1))
		return -1;
	if (p < end && *p == '.') {
		from = ++p;
		p = take_digits(p, end, out, false);
		if (p == from)
			return -1;
	}
	if (p < end && (*p == 'e' || *p == 'E'))
		p = take_exponent(p + 1, end, out);
	return p == end ? 0 : -1;
}

int
price_parse(struct span text, int64_t *price)
{
	struct digits t;
	int64_t v = 0;
	int keep;

	if (take_apart(text, &t) < 0)
		return -1;
	keep = t.n == 0 ? 0 : t.point + PRICE_PLACES;
	if (keep > KEEP_MAX)
		return -1;
	for (int i = 0; i < keep; i++)
		v = v * 10 + (i < t.n ? t.d[i] - '0' : 0);
	if (keep >= 0 && keep < t.n)
		v += t.d[keep] >= '5';
	if (v >= PRICE_MAX)
		return -1;
	*price = v;
	return 0;
}

void
price_add_halves(struct buf *b, int64_t halves)
{
	const uint64_t dollar = 2 * UINT64_C(1000000000000);
	uint64_t u = halves < 0 ? -(uint64_t)halves : (uint64_t)halves;
	uint64_t rest = u % dollar * 5; /* in 10^-13 */
	char text[40], *end = text + sizeof(text), *p = end;
	size_t places = PRICE_PLACES + 1;

	for (; places > 0 && rest % 10 == 0; places--)
		rest /= 10;
	for (size_t i = 0; i < places; i++, rest /= 10)
		*--p = (char)('0' + rest % 10);
	if (places > 0)
		*--p = '.';
	u /= dollar;
	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u != 0);
	if (halves < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(end - p));
}
