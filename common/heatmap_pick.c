/* SPDX-License-Identifier: ISC */
/* heatmap: which expirations, which widths, which sheets. */
#include <stdio.h>
#include <stdlib.h>

#include "heatmap.h"

const char *const heatmap_strategies[] = {
    "single", "vertical", "butterfly", NULL};

/* Widths in points where it is customary … */
static const struct {
	const char *symbol;
	int32_t points[7];
} customary[] = {
    {"SPX", {20, 25, 30, 35, 40, 45, 50}},
    {"NDX", {50, 75, 100, 125, 150, 175, 200}},
};
/* … else so many steps. */
static const int32_t steps[] = {1, 2, 3, 4, 5, 6, 8};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the nearest expirations ---- */

static int
by_date(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The last date that is near enough, "" when none is: what has settled at
 * the instant, and adjusted contracts, have none. */
static void
find_last_date(const struct heatmap *h, char last[DATE_TEXT])
{
	char(*dates)[DATE_TEXT] = mem_alloc((h->n_runs + 1) * sizeof(*dates));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < h->n_runs; i++)
		if (!h->runs[i].adjusted && h->runs[i].settles > h->instant)
			memcpy(dates[n++], h->runs[i].expiration, DATE_TEXT);
	qsort(dates, n, sizeof(*dates), by_date);
	last[0] = '\0';
	for (size_t i = 0; i < n && kept < h->conf.expirations; i++)
		if (strcmp(dates[i], last) != 0) {
			memcpy(last, dates[i], DATE_TEXT);
			kept++;
		}
	free(dates);
}

static bool
is_near(const struct heatmap *h, const struct heatmap_run *r, const char *last)
{
	return r->settles > h->instant && strcmp(r->expiration, last) <= 0;
}

/* ---- widths ---- */

static int
by_value(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The most frequent distance of two neighbours among strikes of the picked
 * runs, the smaller of two; 0 when there is none. */
static int32_t
listed_step(const struct heatmap *h)
{
	int32_t *gaps = mem_alloc((h->n + 1) * sizeof(*gaps)), step = 0;
	size_t n = 0, most = 0;

	for (size_t i = 0; i < h->n_runs; i++) {
		const struct heatmap_run *r = &h->runs[i];
		const struct heatmap_leg *x = &h->legs[r->first];

		for (size_t k = 1; r->picked && k < r->n; k++)
			gaps[n++] = x[k].strike - x[k - 1].strike;
	}
	qsort(gaps, n, sizeof(*gaps), by_value);
	for (size_t i = 0, same = 0; i < n; i++) {
		same = i > 0 && gaps[i] == gaps[i - 1] ? same + 1 : 1;
		if (same > most) {
			most = same;
			step = gaps[i];
		}
	}
	free(gaps);
	return step;
}

/* Are they others than before? */
static bool
choose_widths(struct heatmap *h)
{
	int32_t was[HEATMAP_WIDTHS_MAX], step = 0;
	size_t n = h->n_widths;

	memcpy(was, h->widths, sizeof(was));
	h->n_widths = h->conf.n_widths;
	memcpy(h->widths, h->conf.widths, sizeof(h->widths));
	for (size_t i = 0; i < COUNT(customary) && h->n_widths == 0; i++)
		if (strcmp(customary[i].symbol, h->symbol) == 0)
			for (; h->n_widths < 7; h->n_widths++)
				h->widths[h->n_widths] =
				    customary[i].points[h->n_widths] * 1000;
	if (h->n_widths == 0)
		step = listed_step(h);
	for (size_t i = 0; step > 0 && i < COUNT(steps); i++)
		h->widths[h->n_widths++] = steps[i] * step;
	return n != h->n_widths ||
	       memcmp(was, h->widths, n * sizeof(*was)) != 0;
}

/* Where the wings of every leg stand; both pointers only move on. */
static void
find_wings(const struct heatmap *h, struct heatmap_run *r, size_t width)
{
	const struct heatmap_leg *x = &h->legs[r->first];
	int32_t w = h->widths[width];
	size_t low = 0, high = 0;

	for (size_t k = 0; k < r->n; k++) {
		size_t at = k * h->n_widths + width;

		while (x[low].strike < x[k].strike - w)
			low++;
		while (high < r->n && x[high].strike < x[k].strike + w)
			high++;
		r->lower[at] =
		    x[low].strike == x[k].strike - w ? (int32_t)low : -1;
		r->upper[at] = high < r->n && x[high].strike == x[k].strike + w
				   ? (int32_t)high
				   : -1;
	}
}

/* ---- sheets ---- */

static void
free_tiles(struct heatmap_run *r)
{
	free(r->lower);
	free(r->upper);
	r->lower = r->upper = NULL;
	for (int s = 0; s < HEATMAP_STRATEGIES; s++) {
		free(r->sheets[s].tiles);
		r->sheets[s].tiles = NULL;
	}
}

void
heatmap_unpick(struct heatmap_run *r)
{
	free_tiles(r);
	for (int s = 0; s < HEATMAP_STRATEGIES; s++)
		buf_free(&r->sheets[s].text);
	r->picked = false;
}

static void
make_tiles(struct heatmap *h, struct heatmap_run *r)
{
	size_t n = r->n * h->n_widths;

	free_tiles(r);
	r->lower = mem_alloc((n + 1) * sizeof(*r->lower));
	r->upper = mem_alloc((n + 1) * sizeof(*r->upper));
	for (size_t w = 0; w < h->n_widths; w++)
		find_wings(h, r, w);
	for (int s = 0; s < HEATMAP_STRATEGIES; s++) {
		struct heatmap_sheet *sheet = &r->sheets[s];

		sheet->stale = true;
		sheet->tiles =
		    mem_zalloc(((s == HEATMAP_SINGLE ? r->n : n) + 1) *
			       sizeof(*sheet->tiles));
		snprintf(sheet->name, sizeof(sheet->name), "%s:%.*s:%s:%s",
		    r->expiration, (int)r->root.n, r->root.p,
		    heatmap_strategies[s], r->call ? "call" : "put");
	}
}

static void
drop_run(struct heatmap *h, struct heatmap_run *r)
{
	h->gone =
	    mem_grow(h->gone, h->n_gone + HEATMAP_STRATEGIES, sizeof(*h->gone));
	for (int s = 0; s < HEATMAP_STRATEGIES; s++)
		memcpy(
		    h->gone[h->n_gone++], r->sheets[s].name, sizeof(*h->gone));
	heatmap_unpick(r);
}

struct place {
	const struct heatmap_run *run;
	int strategy;
	struct heatmap_sheet *sheet;
};

static int
by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = strcmp(x->run->expiration, y->run->expiration);

	if (c == 0)
		c = span_cmp(x->run->root, y->run->root);
	if (c == 0)
		c = x->strategy - y->strategy;
	return c != 0 ? c : y->run->call - x->run->call;
}

static void
order_sheets(struct heatmap *h)
{
	size_t most = h->n_runs * HEATMAP_STRATEGIES + 1;
	struct place *list = mem_alloc(most * sizeof(*list));

	h->sheets = mem_grow(h->sheets, most, sizeof(struct heatmap_sheet *));
	h->n_sheets = 0;
	for (size_t i = 0; i < h->n_runs; i++)
		for (int s = 0; h->runs[i].picked && s < HEATMAP_STRATEGIES;
		     s++)
			list[h->n_sheets++] = (struct place){
			    &h->runs[i], s, &h->runs[i].sheets[s]};
	qsort(list, h->n_sheets, sizeof(*list), by_place);
	for (size_t i = 0; i < h->n_sheets; i++)
		h->sheets[i] = list[i].sheet;
	free(list);
}

void
heatmap_pick(struct heatmap *h)
{
	char last[DATE_TEXT];
	bool others;

	find_last_date(h, last);
	h->adjusted = 0;
	for (size_t i = 0; i < h->n_runs; i++) {
		struct heatmap_run *r = &h->runs[i];
		bool near = is_near(h, r, last);

		if (r->picked && !near)
			drop_run(h, r);
		r->picked = near && !r->adjusted;
	}
	others = choose_widths(h);
	for (size_t i = 0; i < h->n_runs; i++) {
		struct heatmap_run *r = &h->runs[i];

		if (r->adjusted && is_near(h, r, last))
			h->adjusted += r->n * (1 + 2 * h->n_widths);
		if (!r->picked)
			continue;
		if (others || r->sheets[0].tiles == NULL)
			make_tiles(h, r);
		r->stale = true;
	}
	order_sheets(h);
}
