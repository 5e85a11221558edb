/* SPDX-License-Identifier: ISC */
/*
 * Reservations that were never committed: their promoter died, or lost its
 * connection while it staged.  Who is merely slow finds its commit answered
 * "gone" and begins anew.
 */
#include "gc.h"
#include "rec.h"

#define PAGE 200

/* Those of the limit and before, without the first skip. */
static int
read_old(
    struct gc *g, int64_t limit, size_t skip, struct words *ids, struct err *e)
{
	struct act *act = &g->act;

	words_clear(ids);
	act_clear(act);
	words_str(&act->keys, "ZRANGEBYSCORE");
	act_key(act, KEY_STAGING, SPAN_NONE);
	words_str(&act->keys, "-inf");
	words_int(&act->keys, limit);
	words_str(&act->keys, "LIMIT");
	words_int(&act->keys, (int64_t)skip);
	words_int(&act->keys, PAGE);
	return db_call(act->view.db, words_view(&act->keys), act->keys.n,
	    act_strings, ids, e);
}

static bool
is_wanted(const struct gc *g, const char *symbol)
{
	for (size_t i = 0; i < g->n_symbols; i++)
		if (strcmp(g->symbols[i].name, symbol) == 0)
			return true;
	return g->n_symbols == 0;
}

static void
tell(struct gc *g, const char *act, const struct retiree *r, int64_t contracts)
{
	gc_begin(g, act);
	rec_add_str(&g->line, "symbol", r->symbol);
	rec_add_str(&g->line, "epoch_id", r->id);
	if (contracts >= 0)
		rec_add_int(&g->line, "contracts", contracts);
	gc_end(g);
}

/* 1 it is no old entry any more, 0 it stays, -1 and *e. */
static int
sweep_one(struct gc *g, const struct retiree *r, int64_t limit, struct err *e)
{
	int64_t contracts = -1;
	int rc;

	if (g->dry) {
		tell(g, "sweep", r, -1);
		return 0;
	}
	rc = retire_condemn(&g->act, r, limit, g->now, e);
	if (rc == 1) {
		rc = retire_unstage(&g->act, r, &contracts, e);
		g->condemned += rc > 0;
		if (rc > 0)
			tell(g, "condemn", r, contracts);
	} else if (rc == 2) {
		rc = retire_unstage(&g->act, r, &contracts, e);
		if (rc > 0)
			rc = retire_swept(&g->act, r, e);
		g->swept += rc > 0;
		if (rc > 0)
			tell(g, "sweep", r, contracts);
	}
	if (contracts > 0)
		g->contracts += (uint64_t)contracts;
	return rc;
}

int
gc_sweep(struct gc *g, struct err *e)
{
	int64_t limit = g->now - RETIRE_DEAD_MS;
	struct words ids = {0};
	size_t skip = 0;
	int rc = 0;

	do {
		if (read_old(g, limit, skip, &ids, e) < 0)
			rc = -1;
		for (size_t i = 0; i < ids.n && rc >= 0; i++) {
			struct epoch_id parts;
			char id[EPOCH_ID_MAX];
			struct retiree r = {parts.symbol, id, SPAN_LIT("")};

			rc = 0;
			if (epoch_id_parse(words_view(&ids)[i], &parts) == 0 &&
			    is_wanted(g, parts.symbol)) {
				epoch_id_text(&parts, id);
				rc = sweep_one(g, &r, limit, e);
			}
			skip += rc == 0;
		}
	} while (rc >= 0 && ids.n == PAGE);
	words_free(&ids);
	return rc;
}
