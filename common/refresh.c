/* SPDX-License-Identifier: ISC */
/*
 * Refresh: the same board with newer values, merged in place.
 *
 * Why it is right: every batch is one script that checks that this epoch is
 * active, unfenced, and still claimed by this snapshot's times; merging is
 * "newer wins", so a repeated, cut or late batch does no harm.  A refresh
 * that was cut is repaired by the same snapshot or by any newer one.
 */
#include <stdlib.h>

#include "contract.h"
#include "line.h"
#include "refresh.h"

extern const char lua_refresh_begin[], lua_refresh_rows[], lua_refresh_end[];
static struct db_script script_begin = {
    .name = "refresh_begin", .text = lua_refresh_begin};
static struct db_script script_rows = {
    .name = "refresh_rows", .text = lua_refresh_rows};
static struct db_script script_end = {
    .name = "refresh_end", .text = lua_refresh_end};

#define BATCH 100 /* rows a script: about 2 ms of the server's time */

/* What a row of refresh_rows.lua holds after the contract's id. */
static const enum contract_field row_fields[] = {CF_MULTIPLIER, CF_BID, CF_ASK,
    CF_BID_SIZE, CF_ASK_SIZE, CF_QUOTE_TS, CF_LAST, CF_LAST_SIZE, CF_TRADE_TS,
    CF_IV, CF_DELTA, CF_GAMMA, CF_THETA, CF_VEGA, CF_OI, CF_VOLUME,
    CF_VOLUME_TS};

struct refresh {
	struct act *act;
	struct span id;
	const struct snapshot *s;
	struct line_reader reader;
};

static enum act_result
result_of(const struct act *act, const char *script, struct err *e)
{
	if (act_said(act, "ok"))
		return ACT_DONE;
	if (act_said(act, "fenced"))
		return ACT_FENCED;
	if (act_said(act, "superseded") || act_said(act, "stale") ||
	    act_said(act, "damaged"))
		return ACT_AGAIN;
	return act_refusal(act, script, e);
}

/* Keys and arguments that all three scripts begin with. */
static void
begin_words(struct refresh *r)
{
	struct act *act = r->act;

	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_META, r->id);
	act_key(act, KEY_FENCE, r->id);
	act_key(act, KEY_DIRTY, SPAN_NONE);
	act_key(act, KEY_CLEAN, SPAN_NONE);
	words_str(&act->args, r->s->symbol);
	words_span(&act->args, r->id);
	words_int(&act->args, r->s->begin_ts);
	words_int(&act->args, r->s->end_ts);
}

static enum act_result
claim(struct refresh *r, struct err *e)
{
	begin_words(r);
	act_key(r->act, KEY_CHANGED, r->id);
	act_key(r->act, KEY_PENDING, span_str(r->s->symbol));
	act_journal(r->act, span_str(r->s->symbol));
	if (act_script(r->act, &script_begin, e) < 0)
		return ACT_FAILED;
	return result_of(r->act, "refresh_begin", e);
}

static int
add_row(struct refresh *r, const struct board_row *row, struct err *e)
{
	struct act *act = r->act;
	struct contract c;

	if (line_read(&r->reader, row->line, &c, e) < 0)
		return -1;
	contract_default_times(&c, span_str(r->s->default_ts));
	key_add(&act->keys.text, act->view.keys, KEY_CONTRACT, r->id, row->id);
	words_close(&act->keys);
	words_span(&act->args, row->id);
	for (size_t f = 0; f < sizeof(row_fields) / sizeof(*row_fields); f++)
		words_span(&act->args, c.f[row_fields[f]]);
	return 0;
}

static enum act_result
merge_rows(struct refresh *r, size_t from, size_t to, struct err *e)
{
	begin_words(r);
	act_key(r->act, KEY_CHANGED, r->id);
	for (size_t i = from; i < to; i++)
		if (add_row(r, &r->s->board.rows[i], e) < 0)
			return ACT_FAILED;
	act_journal(r->act, span_str(r->s->symbol));
	if (act_script(r->act, &script_rows, e) < 0)
		return ACT_FAILED;
	return result_of(r->act, "refresh_rows", e);
}

static enum act_result
finish(struct refresh *r, struct err *e)
{
	struct words *args = &r->act->args;

	begin_words(r);
	act_key(r->act, KEY_EVENTS, SPAN_NONE);
	act_journal(r->act, span_str(r->s->symbol));
	words_str(args, "spot");
	words_span(args, r->s->spot);
	words_str(args, "spot_ts");
	words_span(args, r->s->spot_ts);
	words_str(args, "source");
	words_str(args, r->s->source);
	if (act_script(r->act, &script_end, e) < 0)
		return ACT_FAILED;
	return result_of(r->act, "refresh_end", e);
}

enum act_result
refresh(struct act *act, const struct current *now, const struct snapshot *s,
    struct err *e)
{
	struct refresh r = {.act = act, .id = buf_view(&now->id), .s = s};
	enum act_result result = claim(&r, e);

	for (size_t at = 0; result == ACT_DONE && at < s->board.n; at += BATCH)
		result = merge_rows(&r, at,
		    at + BATCH < s->board.n ? at + BATCH : s->board.n, e);
	if (result == ACT_DONE)
		result = finish(&r, e);
	line_reader_free(&r.reader);
	return result;
}
