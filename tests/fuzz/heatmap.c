/* SPDX-License-Identifier: ISC */
/*
 * fuzz/heatmap: whatever stands in the quotes, every sheet is a record without
 * a number that is none; one leg taken after the other, the moment moving in
 * between, is the same as all at once; and a price that is read is written as
 * the text that reads the same.
 */
#include <stdlib.h>

#include "err.h"
#include "heatmap.h"
#include "price.h"
#include "rec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define CONTRACTS 9

static const char *const ids[CONTRACTS] = {
    "O:SPX1260821C05000000",
    "O:SPX260821C04990000",
    "O:SPX260821C05000000",
    "O:SPX260821C05010000",
    "O:SPX260821P04990000",
    "O:SPX260821P05000000",
    "O:SPX260821P05010000",
    "O:SPXW260814C04900000",
    "O:SPXW260814C04900500",
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
check_price(struct span s)
{
	struct buf b = {0};
	int64_t v, again;

	if (price_parse(s, &v) < 0)
		return;
	price_add_halves(&b, 2 * v);
	require(price_parse(buf_view(&b), &again) == 0 && again == v);
	buf_free(&b);
}

static struct heatmap *
open_board(const struct heatmap_conf *conf)
{
	static struct span list[CONTRACTS];
	struct err e;
	struct heatmap *h;

	for (int i = 0; i < CONTRACTS; i++)
		list[i] = span_str(ids[i]);
	h = heatmap_open(
	    conf, "SPX", "SPX:1786724100:b330", list, CONTRACTS, &e);
	require(h != NULL);
	return h;
}

static void
compare(const struct heatmap *a, const struct heatmap *b)
{
	struct buf x = {0}, y = {0};
	struct rec r = {0};
	struct err e;

	heatmap_head(a, 1, SPAN_NONE, SPAN_NONE, &x);
	heatmap_head(b, 1, SPAN_NONE, SPAN_NONE, &y);
	require(span_eq(buf_view(&x), buf_view(&y)));
	for (size_t i = 0; i < a->n_sheets; i++) {
		const struct buf *t = &a->sheets[i]->text;

		require(span_eq(buf_view(t), buf_view(&b->sheets[i]->text)));
		require(rec_read(&r, (struct span){t->p, t->n - 1}, &e) == 0);
		rec_free(&r);
	}
	buf_free(&x);
	buf_free(&y);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct contract nothing;
	static const int64_t moments[] = {
	    HEATMAP_NO_TS, 1786723200000, 1787320800000, 1787990400000};
	struct span rest = {(const char *)data, n};
	struct heatmap_conf conf = {.expirations = 1};
	struct contract c[CONTRACTS];
	struct heatmap *step, *once;

	if (n < 2)
		return 0;
	conf.expirations += data[0] % 2;
	conf.zero_bid = data[0] / 2 % 2;
	conf.max_age_ms = data[0] / 4 % 2 * 60000;
	if (data[0] / 8 % 2) {
		conf.n_widths = 2;
		conf.widths[0] = 500;
		conf.widths[1] = 10000;
	}
	rest.p += 2;
	rest.n -= 2;
	step = open_board(&conf);
	once = open_board(&conf);
	for (size_t i = 0; i < CONTRACTS; i++) {
		c[i] = nothing;
		for (int k = 0; k < HEATMAP_FIELDS; k++) {
			struct span s = piece(&rest);

			check_price(s);
			if (s.n > 0)
				c[i].f[heatmap_fields[k]] = s;
		}
		heatmap_take(step, i, &c[i]);
		heatmap_compute(step, moments[(data[1] >> i % 4 * 2) % 4]);
	}
	heatmap_compute(step, moments[data[1] % 4]);
	for (size_t i = CONTRACTS; i-- > 0;)
		heatmap_take(once, i, &c[i]);
	heatmap_compute(once, moments[data[1] % 4]);
	compare(step, once);
	heatmap_close(step);
	heatmap_close(once);
	return 0;
}
