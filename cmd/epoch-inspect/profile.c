/* SPDX-License-Identifier: ISC */
/*
 * profile: puts to the left, calls to the right, a line at the spot, and the
 * levels named beside their strikes.  Nothing is computed here but sums of
 * neighbouring strikes, so that the picture fits.
 */
#include "profile.h"

#include <math.h>
#include <stdio.h>

#include "published.h"

#define REACH 0.05     /* of the spot, to both sides … */
#define REACH_MAX 0.12 /* … or as far as the levels lie, up to here */
#define STEPS_MAX (PROFILE_ROWS - 4)
#define STRIKE_WIDTH 9
#define NET_WIDTH 9
#define LABEL_WIDTH 22
#define NARROW 60 /* below it labels have no values … */
#define NARROW_LABEL 15
#define VERY_NARROW 50  /* … and below this there is no NET */
#define SECOND_WIDTH 12 /* for a second flip beside the first */
#define HEAD_HALF 16    /* that the words above the bars need */

/* A number of the record; NaN when it is not there. */
static double
number(const struct rec *r, const char *name)
{
	return published_number(r->value, name);
}

/* ---- strikes into bars ---- */

/* The finest round step that fits. */
static double
choose_step(double reach)
{
	static const double round[] = {1, 2, 2.5, 5};

	for (double ten = 0.1; ten < 1e6; ten *= 10)
		for (size_t i = 0; i < 4; i++)
			if (2 * reach / (round[i] * ten) <= STEPS_MAX)
				return round[i] * ten;
	return 1e6;
}

static void
add_strike(struct profile *p, double reach, const json_t *s)
{
	double k = json_number_value(json_object_get(s, "strike"));
	double low = floor(k / p->step + 1e-9) * p->step;
	struct bar *b;

	/* Rows are shown whole, or not at all. */
	if (low + p->step <= p->spot - reach || low > p->spot + reach)
		return;
	if (p->n == 0 || p->bars[p->n - 1].low != low) {
		if (p->n == PROFILE_ROWS)
			return;
		p->bars[p->n++] = (struct bar){.low = low};
	}
	b = &p->bars[p->n - 1];
	b->call += json_number_value(json_object_get(s, "call"));
	b->put += json_number_value(json_object_get(s, "put"));
	b->net += json_number_value(json_object_get(s, "net"));
}

/* As far as was asked for, or as the walls and the flip need. */
static double
choose_reach(const struct profile *p, int64_t near_bp)
{
	static const char *const shown[] = {
	    "call_wall", "put_wall", "flip", "flip_sticky_moneyness"};
	double reach = REACH * p->spot, d;

	if (near_bp >= 0)
		return p->spot * (double)near_bp / 10000;
	for (size_t i = 0; i < 4; i++) {
		d = fabs(number(&p->rec, shown[i]) - p->spot) * 1.05;
		if (d > reach && d <= REACH_MAX * p->spot)
			reach = d;
	}
	return reach;
}

static void
fill_bars(struct profile *p, int64_t near_bp)
{
	double reach = choose_reach(p, near_bp);
	const json_t *strikes = json_object_get(p->rec.value, "strikes");

	p->step = choose_step(reach);
	for (size_t i = 0; i < json_array_size(strikes); i++)
		add_strike(p, reach, json_array_get(strikes, i));
	for (size_t i = 0; i < p->n; i++)
		p->most = fmax(p->most, fmax(p->bars[i].call, p->bars[i].put));
}

/* ---- drawing ---- */

const struct profile_level profile_levels[] = {
    {"call_wall", "call wall", false},
    {"put_wall", "put wall", false},
    {"flip", "flip", false},
    {"flip_sticky_moneyness", "2nd flip", true},
    {"abs_strike", "abs", false},
    {"hvl", "hvl", false},
    {NULL, NULL, false},
};

static void
put_level(struct buf *b, double v)
{
	screen_price(b, v, 2);
}

/* Appended right-aligned: what was added to b since at. */
static void
align(struct buf *b, size_t at, size_t width)
{
	size_t n = b->n - at;

	if (n >= width)
		return;
	buf_reserve(b, width);
	for (size_t i = n; i < width; i++)
		buf_char(b, ' ');
	memmove(b->p + at + width - n, b->p + at, n);
	memset(b->p + at, ' ', width - n);
}

static size_t
length(const struct profile *p, double v)
{
	return p->most > 0 ? (size_t)lround(v / p->most * (double)p->half) : 0;
}

/* The levels within a bar, those that lie above its strike with their value. */
static void
list_labels(
    const struct profile *p, const struct bar *bar, bool values, struct buf *b)
{
	for (const struct profile_level *l = profile_levels; l->field != NULL;
	     l++) {
		double v = number(&p->rec, l->field);

		if (!(v >= bar->low && v < bar->low + p->step))
			continue;
		buf_str(b, b->n == 0 ? " " : ", ");
		buf_str(b, l->name);
		if (values && v != bar->low) {
			buf_char(b, ' ');
			put_level(b, v);
		}
	}
}

/* As much as there is room for: without values, then cut. */
static void
put_labels(const struct profile *p, const struct bar *bar, struct buf *b)
{
	size_t used =
		   STRIKE_WIDTH + 2 + 2 * p->half + (p->nets ? NET_WIDTH : 0),
	       room = p->screen->width - used;
	struct buf list = {0};

	list_labels(p, bar, p->screen->width >= NARROW, &list);
	if (list.n > room) {
		buf_clear(&list);
		list_labels(p, bar, false, &list);
	}
	if (list.n > 0) {
		screen_ink(p->screen, b, INK_CYAN);
		buf_add(b, list.p, list.n < room ? list.n : room);
		screen_ink(p->screen, b, INK_PLAIN);
	}
	buf_free(&list);
}

static void
put_bar(const struct profile *p, const struct bar *bar, struct buf *b)
{
	size_t put = length(p, bar->put), call = length(p, bar->call),
	       at = b->n;

	put_level(b, bar->low);
	align(b, at, STRIKE_WIDTH);
	buf_char(b, ' ');
	screen_fill(p->screen, b, " ", ' ', p->half - put);
	screen_ink(p->screen, b, INK_RED);
	screen_fill(p->screen, b, "\342\226\210", '=', put);
	screen_ink(p->screen, b, INK_PLAIN);
	screen_fill(p->screen, b, "\342\224\202", '|', 1);
	screen_ink(p->screen, b, INK_GREEN);
	screen_fill(p->screen, b, "\342\226\210", '#', call);
	screen_ink(p->screen, b, INK_PLAIN);
	screen_fill(p->screen, b, " ", ' ', p->half - call);
	if (p->nets) {
		screen_ink(p->screen, b, bar->net < 0 ? INK_RED : INK_GREEN);
		at = b->n;
		screen_amount(b, bar->net);
		align(b, at, NET_WIDTH);
		screen_ink(p->screen, b, INK_PLAIN);
	}
	put_labels(p, bar, b);
	while (b->p[b->n - 1] == ' ')
		b->n--;
	buf_char(b, '\n');
}

static void
put_spot(const struct profile *p, struct buf *b)
{
	size_t at;

	screen_ink(p->screen, b, INK_YELLOW);
	at = b->n;
	put_level(b, p->spot);
	align(b, at, STRIKE_WIDTH);
	buf_char(b, ' ');
	screen_fill(p->screen, b, "\342\224\200", '-', p->half);
	screen_fill(p->screen, b, "\342\224\274", '+', 1);
	screen_fill(p->screen, b, "\342\224\200", '-', p->half);
	buf_str(b, p->nets ? "     spot" : " spot");
	screen_ink(p->screen, b, INK_PLAIN);
	buf_char(b, '\n');
}

/* With the longest bar's amount at both ends, where there is room. */
static void
put_head(const struct profile *p, struct buf *b)
{
	bool wide = p->half >= HEAD_HALF;
	size_t at = b->n;

	buf_str(b, "STRIKE");
	align(b, at, STRIKE_WIDTH);
	buf_str(b, " PUTS");
	at = b->n - 4;
	if (wide) {
		buf_char(b, ' ');
		screen_amount(b, p->most);
	}
	while (b->n - at < p->half - (wide ? 3 : 1))
		buf_char(b, ' ');
	buf_str(b, wide ? "<- 0 ->" : "<0>");
	at = b->n;
	if (wide) {
		screen_amount(b, p->most);
		buf_char(b, ' ');
	}
	buf_str(b, "CALLS");
	align(b, at, p->half - (wide ? 3 : 1));
	at = b->n;
	if (p->nets) {
		buf_str(b, "NET");
		align(b, at, NET_WIDTH);
	}
	buf_char(b, '\n');
}

/* How the columns are shared out. */
static void
lay_out(struct profile *p)
{
	size_t width = p->screen->width, rest;

	p->nets = width >= VERY_NARROW;
	rest = STRIKE_WIDTH + 2 + (p->nets ? NET_WIDTH : 0) +
	       (width < NARROW ? NARROW_LABEL : LABEL_WIDTH) +
	       (width >= NARROW && profile_has_second(p) ? SECOND_WIDTH : 0);
	p->half = (width - rest) / 2;
}

void
profile_draw(struct profile *p, int64_t near_bp, int64_t seq, struct buf *b)
{
	bool above = true;

	p->spot = number(&p->rec, "spot");
	fill_bars(p, near_bp);
	lay_out(p);
	profile_title(p, seq, b);
	if (p->n == 0) {
		buf_str(b, "no strikes around the spot\n");
		return;
	}
	put_head(p, b);
	for (size_t i = p->n; i-- > 0;) {
		if (above && p->bars[i].low < p->spot) {
			/* Inside a wide bar the line stands above it. */
			put_spot(p, b);
			above = false;
		}
		put_bar(p, &p->bars[i], b);
	}
	if (above)
		put_spot(p, b);
}
