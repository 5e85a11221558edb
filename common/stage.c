/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "geom.h"
#include "line.h"
#include "stage.h"

void
stage_init(struct stage *st, struct birth *birth, const struct current *now,
    const struct snapshot *s)
{
	*st = (struct stage){
	    .act = birth->act, .now = now, .s = s, .id = birth->id};
	rows_init(&st->out, birth);
	st->rows = mem_grow(NULL, STAGE_CHUNK, sizeof(*st->rows));
	st->is_carried = mem_zalloc(s->board.n * sizeof(*st->is_carried));
}

void
stage_free(struct stage *st)
{
	rows_free(&st->out);
	line_reader_free(&st->reader);
	words_free(&st->copy);
	free(st->rows);
	free(st->is_carried);
}

/* What stands in a group came by a tick. */
static void
note_tick(struct stage *st, const struct contract *c,
    const struct contract_group_info *info)
{
	int64_t ts;

	st->had_ws = true;
	if (span_int(c->f[info->ts], &ts) == 0 && ts > st->last_tick_ts)
		st->last_tick_ts = ts;
}

/* The groups of the old epoch that beat the snapshot's. */
static void
carry_groups(struct stage *st, size_t row, struct contract *c,
    const struct contract *old)
{
	for (int g = 0; g < CG_COUNT; g++) {
		const struct contract_group_info *info = &contract_groups[g];

		if (g == CG_CHAIN || !contract_has(old, g) ||
		    (st->s->copy_of != NULL && old->f[info->seq].p == NULL))
			continue;
		if (contract_has(c, g) && contract_cmp(old, c, g) <= 0)
			continue;
		contract_take(c, old, g);
		if (!st->is_carried[row]) {
			st->is_carried[row] = true;
			st->carried++;
		}
		if (old->f[info->seq].p != NULL)
			note_tick(st, old, info);
	}
}

/* The i-th contract of the chunk, from its line.  strike: its text. */
static int
from_line(
    struct stage *st, size_t i, struct contract *c, char strike[STRIKE_TEXT])
{
	const struct board_row *row = &st->s->board.rows[st->rows[i]];
	struct geom_id parts;

	if (line_read(&st->reader, row->line, c, &st->bad) < 0 ||
	    geom_id_parse(row->id, &parts) < 0)
		return -1;
	geom_strike_text(parts.strike_milli, strike);
	c->f[CF_STRIKE] = span_str(strike);
	contract_default_times(c, span_str(st->s->default_ts));
	return 0;
}

/* The same, from what was read of an older epoch. */
static void
from_copy(struct stage *st, size_t i, struct contract *c)
{
	const struct span *values = words_view(&st->copy) + i * CF_COUNT;

	*c = (struct contract){.id = st->s->ids[st->rows[i]]};
	for (int f = 0; f < CF_COUNT; f++)
		if (values[f].n > 0)
			c->f[f] = values[f];
	for (int g = 0; g < CG_COUNT; g++)
		if (contract_groups[g].seq >= 0 &&
		    c->f[contract_groups[g].seq].p != NULL)
			note_tick(st, c, &contract_groups[g]);
}

/* One row of the chunk, merged with what the old epoch holds of it. */
static void
on_old(size_t i, const struct contract *old, void *ctx)
{
	struct stage *st = ctx;
	char strike[STRIKE_TEXT];
	struct contract c;

	if (st->s->copy_of != NULL)
		from_copy(st, i, &c);
	else if (from_line(st, i, &c, strike) < 0)
		return;
	if (old != NULL)
		carry_groups(st, st->rows[i], &c, old);
	rows_add(&st->out, st->s->ids[st->rows[i]], &c, st->replace);
}

/* One contract of the older epoch; absent values are empty words. */
static void
on_source(size_t i, const struct contract *c, void *ctx)
{
	struct stage *st = ctx;

	if (c == NULL || c->f[CF_RIGHT].p == NULL)
		err_set(&st->bad, EX_SOFTWARE, "SOURCE", "%s lacks %.*s",
		    st->s->copy_of, (int)st->s->ids[st->rows[i]].n,
		    st->s->ids[st->rows[i]].p);
	for (int f = 0; f < CF_COUNT; f++)
		words_span(&st->copy, c == NULL ? SPAN_LIT("") : c->f[f]);
}

static int
read_source(struct stage *st, const struct span *cids, size_t n, struct err *e)
{
	words_clear(&st->copy);
	if (view_contracts(&st->act->view, span_str(st->s->copy_of), cids, n,
		on_source, st, e) < 0)
		return -1;
	if (st->bad.exit == 0)
		return 0;
	*e = st->bad;
	return -1;
}

/* Write the rows st->rows[0..n-1]; replies may still be outstanding. */
static int
write_rows(struct stage *st, size_t n, struct err *e)
{
	struct span cids[STAGE_CHUNK];

	rows_drop(&st->out);
	st->bad.exit = 0;
	for (size_t i = 0; i < n; i++)
		cids[i] = st->s->ids[st->rows[i]];
	if (st->s->copy_of != NULL && read_source(st, cids, n, e) < 0)
		return -1;
	if (st->now->exists) {
		if (view_contracts(&st->act->view, buf_view(&st->now->id), cids,
			n, on_old, st, e) < 0)
			return -1;
	} else {
		for (size_t i = 0; i < n; i++)
			on_old(i, NULL, st);
	}
	if (st->bad.exit != 0) {
		*e = st->bad;
		return -1;
	}
	return rows_send(&st->out, e);
}

int
stage_all(struct stage *st, struct err *e)
{
	size_t total = st->s->board.n;

	for (size_t at = 0; at < total; at += STAGE_CHUNK) {
		size_t n = total - at < STAGE_CHUNK ? total - at : STAGE_CHUNK;

		for (size_t i = 0; i < n; i++)
			st->rows[i] = at + i;
		if (write_rows(st, n, e) < 0)
			return -1;
	}
	return db_drain(st->act->view.db, e);
}

int
stage_again(struct stage *st, size_t n, struct err *e)
{
	st->replace = true;
	if (write_rows(st, n, e) < 0)
		return -1;
	return db_drain(st->act->view.db, e);
}

void
stage_take_back(struct stage *st, struct err *e)
{
	struct words *w = &st->act->keys;

	for (size_t at = 0; at < st->s->board.n; at += STAGE_CHUNK) {
		words_clear(w);
		words_str(w, "UNLINK");
		for (size_t i = at; i < st->s->board.n && i < at + STAGE_CHUNK;
		     i++) {
			key_add(&w->text, st->act->view.keys, KEY_CONTRACT,
			    span_str(st->id), st->s->ids[i]);
			words_close(w);
		}
		if (db_push(st->act->view.db, words_view(w), w->n, NULL, NULL,
			e) < 0)
			return;
	}
}
