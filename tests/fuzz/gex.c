/* SPDX-License-Identifier: ISC */
/*
 * fuzz/gex: whatever stands in the fields of contracts, the record is a
 * record without a number that is none; one contract taken after the other is
 * the same as all at once; and what num reads of a text is what the C library
 * reads.
 */
#include <math.h>
#include <stdlib.h>

#include "err.h"
#include "gex.h"
#include "num.h"
#include "rec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define CONTRACTS 6

static const char *const ids[CONTRACTS] = {
    "O:SPX1260821C05000000",
    "O:SPX260821C05000000",
    "O:SPX260821P05000000",
    "O:SPXW260814C05010000",
    "O:SPXW260821C04900000",
    "O:SPXW260821P04900500",
};

static void
require(bool ok)
{
	if (!ok)
		abort();
}

/* The next piece of the input, up to a line's end. */
static struct span
piece(struct span *rest)
{
	const char *end = rest->n == 0 ? NULL : memchr(rest->p, '\n', rest->n);
	struct span s = *rest;

	if (end != NULL)
		s.n = (size_t)(end - rest->p);
	rest->p += s.n;
	rest->n -= s.n;
	if (rest->n > 0) {
		rest->p++;
		rest->n--;
	}
	return s;
}

static void
check_number(struct span s)
{
	char text[80];
	double v;

	if (num_parse(s, &v) < 0)
		return;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	require(isfinite(v) && v == strtod(text, NULL));
}

static struct gex *
open_board(const struct gex_conf *conf)
{
	struct span list[CONTRACTS];
	struct err e;
	struct gex *g;

	for (int i = 0; i < CONTRACTS; i++)
		list[i] = span_str(ids[i]);
	g = gex_open(conf, "SPX", list, CONTRACTS, &e);
	require(g != NULL);
	return g;
}

static void
record(struct gex *g, struct span spot, struct span ts, struct buf *b)
{
	struct gex_epoch ep = {"SPX:1786724100:b330", 1, SPAN_LIT("00"), spot};

	gex_compute(g, spot, ts);
	buf_clear(b);
	gex_record(g, &ep, b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct contract nothing;
	struct span rest = {(const char *)data, n}, spot, ts;
	struct gex_conf conf = {.min_coverage = 0.9, .greeks = 15};
	struct contract c[CONTRACTS];
	struct buf a = {0}, b = {0};
	struct gex *step, *once;
	struct rec r = {0};
	struct err e;

	if (n < 4)
		return 0;
	conf.gamma = data[0] % 3;
	conf.sign = data[1] % 3;
	conf.flip = data[2] % GEX_FLIPS;
	conf.wall = data[2] / 8 % GEX_WALLS;
	conf.unit = data[3] % 3;
	conf.keep_settled = data[3] / 4 % 2;
	rest.p += 4;
	rest.n -= 4;
	spot = piece(&rest);
	ts = piece(&rest);
	/* Meta's spot is checked before it is written. */
	if (!contract_value_ok(CK_UNSIGNED, spot))
		spot = SPAN_LIT("5000");
	if (!contract_value_ok(CK_TIME, ts))
		ts = SPAN_LIT("1786723200000");
	step = open_board(&conf);
	once = open_board(&conf);
	for (int i = 0; i < CONTRACTS; i++) {
		c[i] = nothing;
		for (int k = 0; k < GEX_FIELDS; k++) {
			struct span s = piece(&rest);

			check_number(s);
			if (s.n > 0)
				c[i].f[gex_fields[k]] = s;
		}
		gex_take(step, (size_t)i, &c[i]);
		record(step, spot, ts, &a);
	}
	for (int i = CONTRACTS - 1; i >= 0; i--)
		gex_take(once, (size_t)i, &c[i]);
	record(once, spot, ts, &b);
	require(span_eq(buf_view(&a), buf_view(&b)));
	require(strstr(b.p, "nan") == NULL && strstr(b.p, "inf") == NULL &&
		strstr(b.p, "null") == NULL);
	require(rec_read(&r, (struct span){b.p, b.n - 1}, &e) == 0);
	rec_free(&r);
	gex_close(step);
	gex_close(once);
	buf_free(&a);
	buf_free(&b);
	return 0;
}
