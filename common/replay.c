/* SPDX-License-Identifier: ISC */
#include "replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "birth.h"
#include "dormant.h"
#include "epoch.h"
#include "refresh.h"
#include "retire.h"
#include "rollback.h"
#include "rows.h"
#include "tape_row.h"
#include "view.h"

/* --- commit --- */

static int
add_rows(const struct doing *g, struct rows *rows, struct err *e)
{
	const struct deed *d = g->d;

	for (size_t i = 0; i < d->n; i++) {
		struct span text = d->rows[i].row, cid, column[TAPE_ROW_MAX];
		struct contract c;
		int n = tape_row_next(&text, column);

		if (tape_row_contract(column, n, &cid, &c) < 0)
			return doing_bad(g, "a contract that cannot be", e);
		rows_add(rows, cid, &c, false);
		if ((i + 1) % ROWS_CHUNK == 0 && rows_send(rows, e) < 0)
			return -1;
	}
	if (rows_send(rows, e) < 0)
		return -1;
	return db_drain(g->act->view.db, e);
}

/* Of the journal: prev begin end had_ws why same chunks, then fields. */
enum { ARG_PREV, ARG_BEGIN, ARG_END, ARG_WS, ARG_WHY, ARG_SAME, ARG_CHUNKS };
#define COMMIT_FACTS 7

static int
switch_to(const struct doing *g, struct birth *b, int64_t chunks, struct err *e)
{
	struct birth_facts f = {
	    .had_ws = span_eq(g->arg[ARG_WS], SPAN_LIT("1")),
	    .why = g->arg[ARG_WHY],
	    .same_board = span_eq(g->arg[ARG_SAME], SPAN_LIT("1")),
	    .chunks = chunks};

	if (doing_int(g, ARG_BEGIN, &f.begin_ts, e) < 0 ||
	    doing_int(g, ARG_END, &f.end_ts, e) < 0)
		return -1;
	if (b->old.n > 0) {
		if (act_nonce(b->token, e) < 0 ||
		    doing_judge(g, birth_fence(b, "take", e), e) < 0)
			return -1;
	}
	birth_facts(b, &f);
	for (size_t i = COMMIT_FACTS; i < g->n; i++)
		words_span(&g->act->args, g->arg[i]);
	return doing_judge(g, birth_commit(b, e), e);
}

static int
reserve(const struct doing *g, struct birth *b, struct err *e)
{
	enum act_result r =
	    birth_reserve(b, buf_view(&g->d->geometry), g->d->line.ts, e);

	if (r == ACT_AGAIN && act_said(g->act, "taken"))
		return err_set(e, EX_NO, "USED",
		    "%s, or a later id, was given out before", b->id);
	return doing_judge(g, r, e);
}

static int
do_commit(const struct doing *g, struct err *e)
{
	struct birth b = {.act = g->act, .symbol = g->symbol};
	struct buf active = {0};
	struct rows rows;
	int rc;

	if (g->n < COMMIT_FACTS || (g->n - COMMIT_FACTS) % 2 != 0)
		return doing_bad(g, "it has not the fields of a commit", e);
	memcpy(b.id, g->d->line.id, sizeof(b.id));
	b.old = g->arg[ARG_PREV];
	if (g->first) {
		if (view_active(&g->act->view, g->symbol, &active, e) < 0)
			return -1;
		b.old = buf_view(&active);
	}
	rows_init(&rows, &b);
	rc = act_nonce(b.nonce, e) < 0 || reserve(g, &b, e) < 0 ||
		     add_rows(g, &rows, e) < 0 ||
		     switch_to(g, &b, rows.chunks, e) < 0
		 ? -1
		 : 0;
	rows_free(&rows);
	buf_free(&active);
	return rc;
}

/* --- the others --- */

static int
start_refresh(const struct doing *g, struct refresh *r, struct err *e)
{
	*r = (struct refresh){.act = g->act, .symbol = g->symbol, .id = g->id};
	return doing_int(g, 0, &r->begin_ts, e) < 0 ||
		       doing_int(g, 1, &r->end_ts, e) < 0
		   ? -1
		   : 0;
}

static int
do_refresh_begin(const struct doing *g, struct err *e)
{
	struct refresh r;

	if (start_refresh(g, &r, e) < 0)
		return -1;
	return doing_judge(g, refresh_begin(&r, e), e);
}

static int
do_refresh_rows(const struct doing *g, struct err *e)
{
	struct span text = g->d->line.rows, column[TAPE_ROW_MAX];
	struct refresh r;
	int n;

	if (start_refresh(g, &r, e) < 0)
		return -1;
	refresh_batch(&r);
	for (size_t rows = 0; (n = tape_row_next(&text, column)) != 0; rows++) {
		if (n != 1 + REFRESH_VALUES || rows == REFRESH_MAX)
			return doing_bad(g, "a row that cannot be", e);
		refresh_add(&r, column[0], column + 1);
	}
	return doing_judge(g, refresh_merge(&r, e), e);
}

/* The script's answer tells the seq that it made. */
static int
judge_seq(const struct doing *g, size_t i, struct err *e)
{
	return span_eq(g->arg[i], span_str(g->act->answer.detail))
		   ? 0
		   : doing_diverged(g, "another seq came of it", e);
}

static int
do_refresh_end(const struct doing *g, struct err *e)
{
	struct refresh r;
	struct words *facts;

	if (g->n < 3 || start_refresh(g, &r, e) < 0)
		return doing_bad(g, "it has not the fields of a refresh", e);
	facts = refresh_facts(&r);
	for (size_t i = 3; i < g->n; i++)
		words_span(facts, g->arg[i]);
	if (doing_judge(g, refresh_end(&r, e), e) < 0)
		return -1;
	return judge_seq(g, 2, e);
}

static int
do_dormant(const struct doing *g, struct err *e)
{
	int64_t count, force;

	if (doing_int(g, 0, &count, e) < 0 || doing_int(g, 1, &force, e) < 0)
		return -1;
	return doing_judge(g,
	    dormant(
		g->act, g->d->line.symbol, g->d->line.id, count, force != 0, e),
	    e);
}

static int
do_force_dirty(const struct doing *g, struct err *e)
{
	int64_t seq;

	if (doing_int(g, 0, &seq, e) < 0 ||
	    doing_judge(
		g, epoch_force(g->act, g->d->line.symbol, g->id, e), e) < 0)
		return -1;
	if (!act_said(g->act, "ok"))
		return doing_diverged(g, g->act->answer.status, e);
	return judge_seq(g, 0, e);
}

/* Of an epoch before --from there is nothing to retire. */
static int
do_retire(const struct doing *g, struct err *e)
{
	struct hash meta = {0};
	struct retiree r = {.symbol = g->d->line.symbol, .id = g->d->line.id};
	int64_t when;
	int rc = doing_int(g, 0, &when, e);

	if (rc == 0)
		rc = view_meta(&g->act->view, g->id, &meta, e);
	if (rc > 0) {
		r.incarnation = hash_get(&meta, "incarnation");
		rc = retire_mark(g->act, &r, when, e);
		if (rc == 0)
			rc = doing_diverged(g, g->act->answer.status, e);
	}
	hash_free(&meta);
	return rc < 0 ? -1 : 0;
}

static int
do_unpin(const struct doing *g, struct err *e)
{
	struct outcome out;
	int rc = rollback_unpin(g->act, g->d->line.symbol, &out, e);

	if (rc == 0)
		return doing_diverged(g, "it was not pinned", e);
	return rc < 0 ? -1 : 0;
}

/* --- */

static void
on_exists(const struct db_val *v, void *ctx)
{
	*(int *)ctx |= db_type(v) == DB_STR || db_int(v) > 0;
}

int
replay_is_used(struct act *act, const char *symbol, struct err *e)
{
	static const enum key_name hashes[] = {KEY_ACTIVE, KEY_LAST};
	int used = 0;

	for (size_t i = 0; i < 2; i++) {
		act_clear(act);
		words_str(&act->keys, "HEXISTS");
		act_key(act, hashes[i], SPAN_NONE);
		words_str(&act->keys, symbol);
		if (db_call(act->view.db, words_view(&act->keys), 3, on_exists,
			&used, e) < 0)
			return -1;
	}
	return used;
}

static const struct kind {
	const char *name;
	int (*fn)(const struct doing *g, struct err *e);
} kinds[] = {
    {"commit", do_commit},
    {"refresh_begin", do_refresh_begin},
    {"refresh_rows", do_refresh_rows},
    {"refresh_end", do_refresh_end},
    {"dormant", do_dormant},
    {"force_dirty", do_force_dirty},
    {"retire", do_retire},
    {"unpin", do_unpin},
};

/* Ticks are not waited for. */
static const char hydrate_kind[] = "hydrate";

static const struct kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

bool
replay_knows(const char *kind)
{
	return strcmp(kind, hydrate_kind) == 0 || find_kind(kind) != NULL;
}

void
replay_free(struct replay *r)
{
	ahead_free(&r->ahead);
}

size_t
replay_open(const struct replay *r)
{
	return r->ahead.n;
}

int
replay_settle(struct replay *r, struct err *e)
{
	int rc = ahead_settle(&r->ahead, r->act, e);

	r->bad = r->ahead.bad;
	return rc;
}

int
replay_act(struct replay *r, const struct deed *d, bool first, struct err *e)
{
	const struct kind *k = find_kind(d->line.kind);
	struct doing g;
	int rc;

	if (strcmp(d->line.kind, hydrate_kind) == 0) {
		rc = ahead_push(&r->ahead, r->act, d, e);
		r->bad = r->ahead.bad;
		return rc;
	}
	if (replay_settle(r, e) < 0)
		return -1;
	rc = doing_start(&g, r->act, d, e);
	g.first = first;
	if (rc == 0)
		rc = k != NULL
			 ? k->fn(&g, e)
			 : doing_bad(&g, "no such act in this version", e);
	doing_free(&g);
	r->bad = rc < 0 ? d : NULL;
	return rc;
}
