/* SPDX-License-Identifier: ISC */
/*
 * canon: see canon.h.
 *
 * A line must end in '}', which is in no number, name or id: it stops every
 * loop, so that only the comparison with a known text has to look at the end.
 *
 * Every take_ function reads one thing at p and returns the place behind it,
 * NULL for "not mine".
 */
#include "canon.h"
#include "geom.h"
#include "symbol.h"

#define NUMBER_MAX 40
#define WHOLE_MAX 18       /* digits: below 2^63 */
#define STRIKE_WHOLE_MAX 5 /* digits before the point of a strike */
#define NAME_MAX 32        /* and the quote behind it */

static const bool digits[256] = {['0'] = true,
    ['1'] = true,
    ['2'] = true,
    ['3'] = true,
    ['4'] = true,
    ['5'] = true,
    ['6'] = true,
    ['7'] = true,
    ['8'] = true,
    ['9'] = true};

static inline bool
is_digit(char c)
{
	return digits[(unsigned char)c];
}

/* By fours: most bytes come by here. */
static inline const char *
skip_digits(const char *p)
{
	for (;; p += 4) {
		if (!is_digit(p[0]))
			return p;
		if (!is_digit(p[1]))
			return p + 1;
		if (!is_digit(p[2]))
			return p + 2;
		if (!is_digit(p[3]))
			return p + 3;
	}
}

/* Is text next?  Moves *p behind it. */
static inline bool
starts(const char **p, const char *end, struct span text)
{
	if ((size_t)(end - *p) < text.n || memcmp(*p, text.p, text.n) != 0)
		return false;
	*p += text.n;
	return true;
}

/* A number without sign and exponent. */
static const char *
take_unsigned(const char *p, struct span *out)
{
	const char *from = p;

	p = *p == '0' ? p + 1 : skip_digits(p);
	if ((size_t)(p - from) - 1 >= WHOLE_MAX) /* none, or too many */
		return NULL;
	if (*p == '.') {
		if (!is_digit(*++p))
			return NULL;
		p = skip_digits(p + 1);
	}
	*out = (struct span){from, (size_t)(p - from)};
	return out->n < NUMBER_MAX ? p : NULL;
}

static const char *
take_signed(const char *p, struct span *out)
{
	const char *from = p;

	p = take_unsigned(p + (*p == '-'), out);
	if (p != NULL)
		*out = (struct span){from, (size_t)(p - from)};
	return p;
}

/* A time: an integer above 0. */
static const char *
take_time(const char *p, struct span *out)
{
	const char *from = p;

	if (*p == '0')
		return NULL;
	p = skip_digits(p);
	*out = (struct span){from, (size_t)(p - from)};
	return out->n - 1 < WHOLE_MAX ? p : NULL;
}

/* Up to the next quote, which must be near. */
static const char *
take_name(const char *p, const char *end, struct span *out)
{
	size_t most = (size_t)(end - p);
	const char *quote = memchr(p, '"', most < NAME_MAX ? most : NAME_MAX);

	if (quote != NULL)
		*out = (struct span){p, (size_t)(quote - p)};
	return quote;
}

/* The same, as a value. */
static const char *
take_ts(const char *p, int64_t *out)
{
	const char *from = p;
	uint64_t v = 0;

	for (; is_digit(*p); p++)
		v = v * 10 + (uint64_t)(*p - '0');
	*out = (int64_t)v; /* which too many digits spoil: not mine */
	return *from != '0' && (size_t)(p - from) - 1 < WHOLE_MAX ? p : NULL;
}

/* type, ts, symbol and id. */
static const char *
take_head(const char *p, const char *end, struct contract *c)
{
	if (!starts(&p, end, SPAN_LIT("{\"type\":\"contract\",\"ts\":")) ||
	    (p = take_ts(p, &c->ts)) == NULL ||
	    !starts(&p, end, SPAN_LIT(",\"symbol\":\"")) ||
	    (p = take_name(p, end, &c->symbol)) == NULL ||
	    !symbol_valid(c->symbol) ||
	    !starts(&p, end, SPAN_LIT("\",\"id\":\"")))
		return NULL;
	return take_name(p, end, &c->id);
}

/* The strike of that many thousandths, in whatever decimals. */
static const char *
take_strike(const char *p, int32_t milli, struct span *out)
{
	const char *from = p;
	int64_t v = 0;
	int places = 0;

	for (; is_digit(*p) && p - from < STRIKE_WHOLE_MAX; p++)
		v = v * 10 + (*p - '0');
	if (p == from || (*from == '0' && p > from + 1))
		return NULL;
	if (*p == '.') {
		for (p++; places < 3 && is_digit(*p); p++, places++)
			v = v * 10 + (*p - '0');
		if (places == 0)
			return NULL;
	}
	for (; places < 3; places++)
		v *= 10;
	*out = (struct span){from, (size_t)(p - from)};
	return v == milli ? p : NULL;
}

/* What the id says must be what the fields say. */
static const char *
take_identity(const char *p, const char *end, struct contract *c)
{
	struct geom_id id;

	if (geom_id_parse(c->id, &id) == -1 ||
	    !starts(&p, end, SPAN_LIT("\",\"expiration\":\"")))
		return NULL;
	c->f[CF_EXPIRATION] = (struct span){p, DATE_TEXT - 1};
	if (!starts(&p, end, (struct span){id.expiration, DATE_TEXT - 1}) ||
	    !starts(&p, end, SPAN_LIT("\",\"strike\":")) ||
	    (p = take_strike(p, id.strike_milli, &c->f[CF_STRIKE])) == NULL ||
	    !starts(&p, end, SPAN_LIT(",\"right\":\"")))
		return NULL;
	c->f[CF_RIGHT] = (struct span){p, id.right == 'C' ? 4 : 3};
	if (!starts(&p, end,
		id.right == 'C' ? SPAN_LIT("call\"") : SPAN_LIT("put\"")))
		return NULL;
	return p;
}

/* A field that may be absent. */
#define TAKE(field, name, take)                                                \
	if (starts(&p, end, SPAN_LIT(",\"" name "\":"))) {                     \
		p = take(p, &c->f[field]);                                     \
		if (p == NULL)                                                 \
			return NULL;                                           \
	} else {                                                               \
		c->f[field] = SPAN_NONE;                                       \
	}

/* The compiler makes of each name one or two comparisons of words: hence a
 * line a field, and no table. */
static const char *
take_values(const char *p, const char *end, struct contract *c)
{
	TAKE(CF_MULTIPLIER, "multiplier", take_unsigned)
	TAKE(CF_BID, "bid", take_unsigned)
	TAKE(CF_ASK, "ask", take_unsigned)
	TAKE(CF_BID_SIZE, "bid_size", take_unsigned)
	TAKE(CF_ASK_SIZE, "ask_size", take_unsigned)
	TAKE(CF_QUOTE_TS, "quote_ts", take_time)
	TAKE(CF_LAST, "last", take_unsigned)
	TAKE(CF_LAST_SIZE, "last_size", take_unsigned)
	TAKE(CF_TRADE_TS, "trade_ts", take_time)
	TAKE(CF_IV, "iv", take_unsigned)
	TAKE(CF_DELTA, "delta", take_signed)
	TAKE(CF_GAMMA, "gamma", take_signed)
	TAKE(CF_THETA, "theta", take_signed)
	TAKE(CF_VEGA, "vega", take_signed)
	TAKE(CF_OI, "oi", take_unsigned)
	TAKE(CF_VOLUME, "volume", take_unsigned)
	return p;
}

bool
canon_read(struct span line, struct contract *c)
{
	const char *p = line.p, *end = line.p + line.n;

	if (line.n == 0 || end[-1] != '}')
		return false;
	p = take_head(p, end, c);
	if (p != NULL)
		p = take_identity(p, end, c);
	if (p != NULL)
		p = take_values(p, end, c);
	c->f[CF_QUOTE_SEQ] = c->f[CF_TRADE_SEQ] = SPAN_NONE;
	c->f[CF_VOLUME_TS] = c->f[CF_VOLUME_SEQ] = SPAN_NONE;
	return p != NULL && p == end - 1;
}
