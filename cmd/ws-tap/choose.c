/* SPDX-License-Identifier: ISC */
/* choose: see choose.h. */
#include <stdlib.h>

#include "choose.h"
#include "contract.h"

#define SPOT_MAX 1e15 /* in thousandths: no board is there */

struct candidate {
	struct span id;
	char expiration[DATE_TEXT];
	int32_t strike;
	int64_t distance;
	uint64_t rank, e, s;
};

struct ranking {
	struct candidate *c;
	size_t n, next;
};

int64_t
choose_milli(struct span spot)
{
	char text[CONTRACT_VALUE_MAX + 1];
	double v;

	if (spot.n == 0 || spot.n >= sizeof(text))
		return 0;
	memcpy(text, spot.p, spot.n);
	text[spot.n] = '\0';
	v = strtod(text, NULL) * 1000; /* for a distance only */
	return v >= 1 && v < SPOT_MAX ? (int64_t)v : 0;
}

static int
by_strike(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* All strikes of a board, ascending, with repetitions; free it. */
static int32_t *
sorted_strikes(const struct choose_board *b, size_t *n)
{
	int32_t *strikes = mem_alloc((b->n + 1) * sizeof(*strikes));
	struct geom_id id;

	*n = 0;
	for (size_t i = 0; i < b->n; i++)
		if (geom_id_parse(b->ids[i], &id) == 0)
			strikes[(*n)++] = id.strike_milli;
	qsort(strikes, *n, sizeof(*strikes), by_strike);
	return strikes;
}

/* The spot, or what has to do for it. */
static int64_t
center_of(const struct choose_board *b)
{
	int64_t center = b->spot_milli;
	int32_t *strikes;
	size_t n;

	if (center > 0)
		return center;
	strikes = sorted_strikes(b, &n);
	center = n == 0 ? 0 : strikes[n / 2];
	free(strikes);
	return center;
}

int64_t
choose_step(const struct choose_board *b)
{
	int64_t center = center_of(b), step = 0, d;
	int32_t *strikes;
	size_t n;

	strikes = sorted_strikes(b, &n);
	for (size_t i = 1; i < n; i++) {
		d = strikes[i] - strikes[i - 1];
		if (d == 0)
			continue;
		step = d;
		if (strikes[i] >= center)
			break; /* the first pair that is not below */
	}
	free(strikes);
	return step;
}

/* Expiration, distance, strike, id. */
static int
by_place(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int r = memcmp(x->expiration, y->expiration, DATE_TEXT);

	if (r != 0)
		return r;
	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	if (x->strike != y->strike)
		return x->strike < y->strike ? -1 : 1;
	return span_cmp(x->id, y->id);
}

static int
by_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return by_place(a, b);
}

static void
rank(struct ranking *r, const struct choose_board *b, const char *today)
{
	int64_t center = center_of(b);
	struct candidate *c, *before;
	struct geom_id id;

	r->c = mem_zalloc((b->n + 1) * sizeof(*r->c));
	for (size_t i = 0; i < b->n; i++) {
		if (geom_id_parse(b->ids[i], &id) != 0 ||
		    strcmp(id.expiration, today) < 0)
			continue;
		c = &r->c[r->n++];
		c->id = b->ids[i];
		memcpy(c->expiration, id.expiration, DATE_TEXT);
		c->strike = id.strike_milli;
		c->distance = llabs(c->strike - center);
	}
	qsort(r->c, r->n, sizeof(*r->c), by_place);
	for (size_t i = 0; i < r->n; i++) {
		c = &r->c[i];
		before = i == 0 ? c : c - 1;
		c->e = before->e;
		c->s = before->s + (c->strike != before->strike);
		if (strcmp(c->expiration, before->expiration) != 0) {
			c->e++;
			c->s = 0;
		}
		c->rank = (c->e + 1) * (c->s + 1);
	}
	qsort(r->c, r->n, sizeof(*r->c), by_rank);
}

size_t
choose_quotes(const struct choose_board *boards, size_t nboards, size_t max,
    const char *today, struct span *out)
{
	struct ranking *r = mem_zalloc((nboards + 1) * sizeof(*r));
	size_t n = 0, before;

	for (size_t i = 0; i < nboards; i++)
		rank(&r[i], &boards[i], today);
	do {
		before = n;
		for (size_t i = 0; i < nboards && n < max; i++)
			if (r[i].next < r[i].n)
				out[n++] = r[i].c[r[i].next++].id;
	} while (n > before && n < max);
	for (size_t i = 0; i < nboards; i++)
		free(r[i].c);
	free(r);
	return n;
}
