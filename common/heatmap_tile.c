/* SPDX-License-Identifier: ISC */
/* heatmap: tiles, what they say of each other, and their text. */
#include <stdlib.h>

#include "heatmap.h"
#include "price.h"
#include "rec.h"

static const char *const flag_names[HEATMAP_FLAGS] = {
    "arb_negative", "arb_bounds", "arb_monotone", "arb_parity"};

/* ---- values ---- */

/* A position: what its legs cost, how old they are, why it has no price. */
struct position {
	int64_t mid, natural, oldest;
	enum heatmap_why why;
};

/* Add a leg, times > 0 bought at the ask, < 0 sold at the bid. */
static void
add_leg(struct position *p, const struct heatmap_leg *x, int times)
{
	if (x->why > p->why)
		p->why = x->why;
	if (p->why != HEATMAP_IN)
		return;
	p->mid += times * (x->bid + x->ask);
	p->natural += times * 2 * (times > 0 ? x->ask : x->bid);
	if (x->ts < p->oldest)
		p->oldest = x->ts;
}

static void
set_tile(struct heatmap_sheet *sheet, size_t at, const struct position *p)
{
	struct heatmap_tile *t = &sheet->tiles[at];

	if (t->why == p->why &&
	    (p->why != HEATMAP_IN ||
		(t->mid == p->mid && t->natural == p->natural &&
		    t->oldest == p->oldest)))
		return;
	sheet->stale = true;
	t->kept = false;
	if (p->why != HEATMAP_IN) {
		*t = (struct heatmap_tile){.why = (uint8_t)p->why};
		return;
	}
	t->why = HEATMAP_IN;
	t->mid = p->mid;
	t->natural = p->natural;
	t->oldest = p->oldest;
}

static const struct position nothing = {.oldest = INT64_MAX};

static void
price_wing(
    struct position *p, const struct heatmap_leg *run, int32_t at, int times)
{
	if (at < 0)
		p->why = HEATMAP_NOT_LISTED;
	else
		add_leg(p, &run[at], times);
}

void
heatmap_values(struct heatmap *h, struct heatmap_run *r)
{
	const struct heatmap_leg *x = &h->legs[r->first];
	const int32_t *far = r->call ? r->upper : r->lower;

	for (size_t k = 0; k < r->n; k++) {
		struct position single = nothing;

		add_leg(&single, &x[k], 1);
		set_tile(&r->sheets[HEATMAP_SINGLE], k, &single);
		for (size_t w = 0; w < h->n_widths; w++) {
			size_t at = k * h->n_widths + w;
			struct position vertical = single, fly = nothing;

			price_wing(&vertical, x, far[at], -1);
			set_tile(&r->sheets[HEATMAP_VERTICAL], at, &vertical);
			price_wing(&fly, x, r->lower[at], 1);
			add_leg(&fly, &x[k], -2);
			price_wing(&fly, x, r->upper[at], 1);
			set_tile(&r->sheets[HEATMAP_BUTTERFLY], at, &fly);
		}
	}
}

/* ---- flags ---- */

/* What a tile can be worth at most; 0: there is no such limit. */
static int64_t
most_of(const struct heatmap *h, const struct heatmap_run *r,
    enum heatmap_strategy s, size_t k, size_t w)
{
	if (s != HEATMAP_SINGLE)
		return 2 * PRICE_MILLI * h->widths[w];
	return r->call ? 0 : 2 * PRICE_MILLI * h->legs[r->first + k].strike;
}

static void
set_flags(struct heatmap_sheet *sheet, size_t at, unsigned flags)
{
	struct heatmap_tile *t = &sheet->tiles[at];

	if (t->flags == flags)
		return;
	sheet->stale = true;
	t->kept = false;
	t->flags = (uint8_t)flags;
}

static unsigned
flags_of_mid(int64_t mid, int64_t most)
{
	if (mid < 0)
		return HEATMAP_NEGATIVE | HEATMAP_BOUNDS;
	return most > 0 && mid > most ? HEATMAP_BOUNDS : 0;
}

static int64_t
slip(const struct heatmap_tile *t)
{
	return t->natural - t->mid;
}

/* Prices that were computed, with no spread, are off by their rounding. */
#define NOISE (2 * PRICE_MILLI / 1000) /* 10^-6 $ */

/* Is a dearer than b although it cannot be, after both spreads? */
static bool
is_dearer(const struct heatmap_tile *a, const struct heatmap_tile *b)
{
	return a->mid - b->mid > slip(a) + slip(b) + NOISE;
}

/* Call verticals get cheaper, put verticals dearer, from strike to strike:
 * of two neighbours of one width both are marked. */
static void
mark_steps(const struct heatmap_run *r, const struct heatmap_tile *tiles,
    unsigned *flags, size_t n_widths, size_t w)
{
	size_t last = SIZE_MAX;

	for (size_t k = 0; k < r->n; k++) {
		size_t at = k * n_widths + w;

		if (tiles[at].why != HEATMAP_IN)
			continue;
		if (last != SIZE_MAX &&
		    (r->call ? is_dearer(&tiles[at], &tiles[last])
			     : is_dearer(&tiles[last], &tiles[at]))) {
			flags[at] |= HEATMAP_MONOTONE;
			flags[last] |= HEATMAP_MONOTONE;
		}
		last = at;
	}
}

/* European call and put flies of one strike and width are worth the same. */
static void
mark_parity(
    const struct heatmap *h, const struct heatmap_run *r, unsigned *flags)
{
	const struct heatmap_run *other = &h->runs[r->partner];
	const struct heatmap_tile *mine = r->sheets[HEATMAP_BUTTERFLY].tiles,
				  *its = other->sheets[HEATMAP_BUTTERFLY].tiles;
	size_t k = 0, o = 0, n = h->n_widths;

	while (k < r->n && o < other->n) {
		int32_t a = h->legs[r->first + k].strike,
			b = h->legs[other->first + o].strike;

		for (size_t w = 0; a == b && w < n; w++) {
			const struct heatmap_tile *x = &mine[k * n + w],
						  *y = &its[o * n + w];

			if (x->why == HEATMAP_IN && y->why == HEATMAP_IN &&
			    (is_dearer(x, y) || is_dearer(y, x)))
				flags[k * n + w] |= HEATMAP_PARITY;
		}
		k += a <= b;
		o += b <= a;
	}
}

void
heatmap_flags(struct heatmap *h, struct heatmap_run *r)
{
	size_t n = r->n * h->n_widths + r->n;
	unsigned *flags = mem_alloc((n + 1) * sizeof(*flags));

	for (int s = 0; s < HEATMAP_STRATEGIES; s++) {
		struct heatmap_tile *tiles = r->sheets[s].tiles;
		size_t per = s == HEATMAP_SINGLE ? 1 : h->n_widths;

		for (size_t k = 0; k < r->n; k++)
			for (size_t w = 0; w < per; w++)
				flags[k * per + w] =
				    flags_of_mid(tiles[k * per + w].mid,
					most_of(h, r, s, k, w));
		for (size_t w = 0; s == HEATMAP_VERTICAL && w < per; w++)
			mark_steps(r, tiles, flags, per, w);
		if (s == HEATMAP_BUTTERFLY && h->european &&
		    r->partner != SIZE_MAX)
			mark_parity(h, r, flags);
		for (size_t at = 0; at < r->n * per; at++)
			if (tiles[at].why == HEATMAP_IN)
				set_flags(&r->sheets[s], at, flags[at]);
	}
	free(flags);
}

/* ---- text ---- */

static void
add_tile(struct buf *b, const struct heatmap_tile *t, const char *strike,
    const char *width, int64_t most)
{
	const char *comma = ",\"flags\":[\"";

	buf_str(b, "{\"strike\":");
	buf_str(b, strike);
	if (width != NULL) {
		buf_str(b, ",\"width\":");
		buf_str(b, width);
	}
	buf_str(b, ",\"mid\":");
	price_add_halves(b, t->mid);
	buf_str(b, ",\"natural\":");
	price_add_halves(b, t->natural);
	if (width != NULL) {
		buf_str(b, ",\"max_gain\":");
		price_add_halves(b, most - t->mid);
	}
	if (t->oldest != HEATMAP_NO_TS) {
		buf_str(b, ",\"oldest_quote_ts\":");
		buf_int(b, t->oldest);
	}
	for (int f = 0; f < HEATMAP_FLAGS; f++)
		if (t->flags & 1U << f) {
			buf_str(b, comma);
			buf_str(b, flag_names[f]);
			comma = "\",\"";
		}
	buf_str(b, t->flags != 0 ? "\"]}" : "}");
}

/* A tile's text, from the sheet that stands where it has not changed. */
static void
put_tile(struct heatmap *h, struct heatmap_run *r, enum heatmap_strategy s,
    size_t k, size_t w, const char *strike, const char *width)
{
	struct heatmap_sheet *sheet = &r->sheets[s];
	size_t per = s == HEATMAP_SINGLE ? 1 : h->n_widths;
	struct heatmap_tile *t = &sheet->tiles[k * per + w];
	size_t at;

	sheet->missing[t->why] += t->why != HEATMAP_IN;
	if (t->why != HEATMAP_IN)
		return;
	if (sheet->n++ > 0)
		buf_char(&h->spare, ',');
	at = h->spare.n;
	if (t->kept)
		buf_add(&h->spare, sheet->text.p + t->at, t->n);
	else
		add_tile(&h->spare, t, strike, width, most_of(h, r, s, k, w));
	t->kept = true;
	t->at = (uint32_t)at;
	t->n = (uint32_t)(h->spare.n - at);
}

static void
write_sheet(struct heatmap *h, struct heatmap_run *r, enum heatmap_strategy s,
    const char widths[][STRIKE_TEXT])
{
	struct heatmap_sheet *sheet = &r->sheets[s];
	struct buf *b = &h->spare, was;
	char strike[STRIKE_TEXT];
	int64_t ts = r->newest_ts != HEATMAP_NO_TS ? r->newest_ts : h->instant;

	if (!sheet->stale && ts == sheet->ts)
		return;
	sheet->stale = false;
	sheet->ts = ts;
	sheet->n = 0;
	memset(sheet->missing, 0, sizeof(sheet->missing));
	buf_clear(b);
	rec_begin(b, "heatmap_sheet", ts != HEATMAP_NO_TS ? ts : 0);
	rec_add_str(b, "symbol", h->symbol);
	rec_add_str(b, "epoch_id", h->epoch_id);
	rec_add_str(b, "expiration", r->expiration);
	buf_fmt(b, ",\"root\":\"%.*s\"", (int)r->root.n, r->root.p);
	rec_add_str(b, "strategy", heatmap_strategies[s]);
	rec_add_str(b, "right", r->call ? "call" : "put");
	buf_str(b, ",\"tiles\":[");
	for (size_t k = 0; k < r->n; k++) {
		geom_strike_text(h->legs[r->first + k].strike, strike);
		if (s == HEATMAP_SINGLE)
			put_tile(h, r, s, k, 0, strike, NULL);
		else
			for (size_t w = 0; w < h->n_widths; w++)
				put_tile(h, r, s, k, w, strike, widths[w]);
	}
	buf_char(b, ']');
	rec_end(b);
	sheet->changed = !span_eq(buf_view(b), buf_view(&sheet->text));
	was = sheet->text;
	sheet->text = *b;
	*b = was;
}

void
heatmap_text(struct heatmap *h, struct heatmap_run *r)
{
	char widths[HEATMAP_WIDTHS_MAX][STRIKE_TEXT];

	for (size_t w = 0; w < h->n_widths; w++)
		geom_strike_text(h->widths[w], widths[w]);
	for (int s = 0; s < HEATMAP_STRATEGIES; s++)
		write_sheet(h, r, s, widths);
}
