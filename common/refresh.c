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

/* What a row of refresh_rows.lua holds after the contract's id. */
static const enum contract_field row_fields[REFRESH_VALUES] = {CF_MULTIPLIER,
    CF_BID, CF_ASK, CF_BID_SIZE, CF_ASK_SIZE, CF_QUOTE_TS, CF_LAST,
    CF_LAST_SIZE, CF_TRADE_TS, CF_IV, CF_DELTA, CF_GAMMA, CF_THETA, CF_VEGA,
    CF_OI, CF_VOLUME, CF_VOLUME_TS};

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
begin_words(const struct refresh *r)
{
	struct act *act = r->act;

	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_META, r->id);
	act_key(act, KEY_FENCE, r->id);
	act_key(act, KEY_DIRTY, SPAN_NONE);
	act_key(act, KEY_CLEAN, SPAN_NONE);
	words_span(&act->args, r->symbol);
	words_span(&act->args, r->id);
	words_int(&act->args, r->begin_ts);
	words_int(&act->args, r->end_ts);
}

enum act_result
refresh_begin(const struct refresh *r, struct err *e)
{
	begin_words(r);
	act_key(r->act, KEY_CHANGED, r->id);
	act_key(r->act, KEY_PENDING, r->symbol);
	act_journal(r->act, r->symbol);
	if (act_script(r->act, &script_begin, e) < 0)
		return ACT_FAILED;
	return result_of(r->act, "refresh_begin", e);
}

void
refresh_batch(const struct refresh *r)
{
	begin_words(r);
	act_key(r->act, KEY_CHANGED, r->id);
}

void
refresh_add(const struct refresh *r, struct span cid, const struct span *values)
{
	struct act *act = r->act;

	key_add(&act->keys.text, act->view.keys, KEY_CONTRACT, r->id, cid);
	words_close(&act->keys);
	words_span(&act->args, cid);
	for (size_t f = 0; f < REFRESH_VALUES; f++)
		words_span(&act->args, values[f]);
}

enum act_result
refresh_merge(const struct refresh *r, struct err *e)
{
	act_journal(r->act, r->symbol);
	if (act_script(r->act, &script_rows, e) < 0)
		return ACT_FAILED;
	return result_of(r->act, "refresh_rows", e);
}

struct words *
refresh_facts(const struct refresh *r)
{
	begin_words(r);
	act_key(r->act, KEY_EVENTS, SPAN_NONE);
	act_journal(r->act, r->symbol);
	return &r->act->args;
}

enum act_result
refresh_end(const struct refresh *r, struct err *e)
{
	if (act_script(r->act, &script_end, e) < 0)
		return ACT_FAILED;
	return result_of(r->act, "refresh_end", e);
}

/* --- a whole snapshot --- */

static int
add_row(const struct refresh *r, struct line_reader *reader,
    const struct snapshot *s, const struct board_row *row, struct err *e)
{
	struct span values[REFRESH_VALUES];
	struct contract c;

	if (line_read(reader, row->line, &c, e) < 0)
		return -1;
	contract_default_times(&c, span_str(s->default_ts));
	for (size_t f = 0; f < REFRESH_VALUES; f++)
		values[f] = c.f[row_fields[f]];
	refresh_add(r, row->id, values);
	return 0;
}

static enum act_result
merge_all(const struct refresh *r, const struct snapshot *s, struct err *e)
{
	struct line_reader reader = {0};
	enum act_result result = ACT_DONE;

	for (size_t at = 0; result == ACT_DONE && at < s->board.n;) {
		size_t end = at + REFRESH_MAX < s->board.n ? at + REFRESH_MAX
							   : s->board.n;

		refresh_batch(r);
		for (; at < end && result == ACT_DONE; at++)
			if (add_row(r, &reader, s, &s->board.rows[at], e) < 0)
				result = ACT_FAILED;
		if (result == ACT_DONE)
			result = refresh_merge(r, e);
	}
	line_reader_free(&reader);
	return result;
}

enum act_result
refresh(struct act *act, const struct current *now, const struct snapshot *s,
    struct err *e)
{
	struct refresh r = {.act = act,
	    .symbol = span_str(s->symbol),
	    .id = buf_view(&now->id),
	    .begin_ts = s->begin_ts,
	    .end_ts = s->end_ts};
	enum act_result result = refresh_begin(&r, e);
	struct words *facts;

	if (result == ACT_DONE)
		result = merge_all(&r, s, e);
	if (result != ACT_DONE)
		return result;
	facts = refresh_facts(&r);
	words_str(facts, "spot");
	words_span(facts, s->spot);
	words_str(facts, "spot_ts");
	words_span(facts, s->spot_ts);
	words_str(facts, "source");
	words_str(facts, s->source);
	return refresh_end(&r, e);
}
