/* SPDX-License-Identifier: ISC */
/* gex_board: which strikes and expirations there are, and who has them; part
 * of gex. */
#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "gex.h"
#include "num.h"

static int
by_value(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
by_date(const void *a, const void *b)
{
	const struct gex_expiration *x = a, *y = b;

	return strcmp(x->date, y->date);
}

static int
read_ids(struct gex *g, const struct span *ids, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct gex_contract *c = &g->c[i];
		struct geom_id id;

		if (geom_id_parse(ids[i], &id) < 0)
			return err_set(e, EX_DATAERR, "BAD_ID",
			    "no option id: %.*s",
			    (int)(ids[i].n > 60 ? 60 : ids[i].n), ids[i].p);
		c->strike_milli = id.strike_milli;
		c->k = id.strike_milli / 1000.0;
		c->call = id.right == 'C';
		c->root = settle_root(&id, g->symbol);
		c->settles = settle_instant(&id);
		c->stale = true;
		g->strikes[i] = id.strike_milli;
		memcpy(g->expirations[i].date, id.expiration, DATE_TEXT);
	}
	g->n = n;
	return 0;
}

/* Distinct strikes and expirations, and which of them each contract has. */
static void
index_board(struct gex *g, const struct span *ids)
{
	size_t n = g->n, kept = 0;

	if (n == 0)
		return;
	qsort(g->strikes, n, sizeof(*g->strikes), by_value);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || g->strikes[kept - 1] != g->strikes[i])
			g->strikes[kept++] = g->strikes[i];
	g->n_strikes = kept;
	qsort(g->expirations, n, sizeof(*g->expirations), by_date);
	kept = 0;
	for (size_t i = 0; i < n; i++)
		if (kept == 0 ||
		    by_date(&g->expirations[kept - 1], &g->expirations[i]) != 0)
			g->expirations[kept++] = g->expirations[i];
	g->n_expirations = kept;
	for (size_t i = 0; i < n; i++) {
		struct gex_contract *c = &g->c[i];
		struct gex_expiration x = {.settles = 0};
		struct geom_id id;

		geom_id_parse(ids[i], &id);
		memcpy(x.date, id.expiration, DATE_TEXT);
		c->strike = (uint32_t)((int32_t *)bsearch(&c->strike_milli,
					   g->strikes, g->n_strikes,
					   sizeof(*g->strikes), by_value) -
				       g->strikes);
		c->expiration = (uint32_t)((struct gex_expiration *)bsearch(&x,
					       g->expirations, g->n_expirations,
					       sizeof(x), by_date) -
					   g->expirations);
	}
}

/* By counting: contracts of one date stay in the order of the ids. */
static void
order_by_date(struct gex *g)
{
	size_t *at = mem_zalloc((g->n_expirations + 1) * sizeof(*at));

	g->by_date = mem_alloc(g->n * sizeof(*g->by_date));
	for (size_t i = 0; i < g->n; i++)
		at[g->c[i].expiration + 1]++;
	for (size_t d = 1; d <= g->n_expirations; d++)
		at[d] += at[d - 1];
	for (size_t i = 0; i < g->n; i++)
		g->by_date[at[g->c[i].expiration]++] = (uint32_t)i;
	free(at);
}

struct gex *
gex_open(const struct gex_conf *conf, const char *symbol,
    const struct span *ids, size_t n, struct err *e)
{
	struct gex *g = mem_zalloc(sizeof(*g));

	g->conf = *conf;
	snprintf(g->symbol, sizeof(g->symbol), "%s", symbol);
	g->c = mem_zalloc(n * sizeof(*g->c));
	g->strikes = mem_zalloc(n * sizeof(*g->strikes));
	g->expirations = mem_zalloc(n * sizeof(*g->expirations));
	g->flip_stale = true;
	if (read_ids(g, ids, n, e) < 0) {
		gex_close(g);
		return NULL;
	}
	index_board(g, ids);
	order_by_date(g);
	if (conf->skew == GEX_STICKY_MONEYNESS)
		gex_skew_open(g, ids);
	g->by_strike = mem_zalloc((g->n_strikes + 1) * sizeof(*g->by_strike));
	g->texts = mem_zalloc(
	    (g->n_strikes + g->n_expirations + 1) * sizeof(*g->texts));
	return g;
}

void
gex_close(struct gex *g)
{
	gex_flips_free(g);
	gex_skew_close(g);
	free(g->c);
	free(g->strikes);
	free(g->by_strike);
	free(g->texts);
	free(g->expirations);
	free(g->by_date);
	free(g);
}
