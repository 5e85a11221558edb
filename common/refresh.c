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
#include "epoch.h"
#include "line.h"

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
	struct epoch *ep;
	struct span id;
	const struct snapshot *s;
	struct line_reader reader;
};

static enum act_result
result_of(const struct epoch *ep, const char *script, struct err *e)
{
	if (epoch_said(ep, "ok"))
		return ACT_DONE;
	if (epoch_said(ep, "fenced"))
		return ACT_FENCED;
	if (epoch_said(ep, "superseded") || epoch_said(ep, "stale") ||
	    epoch_said(ep, "damaged"))
		return ACT_AGAIN;
	return epoch_refusal(ep, script, e);
}

/* Keys and arguments that all three scripts begin with. */
static void
begin_words(struct refresh *r)
{
	struct epoch *ep = r->ep;

	words_clear(&ep->keys);
	words_clear(&ep->args);
	epoch_key(ep, KEY_ACTIVE, SPAN_NONE);
	epoch_key(ep, KEY_META, r->id);
	epoch_key(ep, KEY_FENCE, r->id);
	epoch_key(ep, KEY_DIRTY, SPAN_NONE);
	epoch_key(ep, KEY_CLEAN, SPAN_NONE);
	words_str(&ep->args, r->s->symbol);
	words_span(&ep->args, r->id);
	words_int(&ep->args, r->s->begin_ts);
	words_int(&ep->args, r->s->end_ts);
}

static enum act_result
claim(struct refresh *r, struct err *e)
{
	begin_words(r);
	epoch_key(r->ep, KEY_CHANGED, r->id);
	epoch_key(r->ep, KEY_PENDING, span_str(r->s->symbol));
	if (epoch_script(r->ep, &script_begin, e) < 0)
		return ACT_FAILED;
	return result_of(r->ep, "refresh_begin", e);
}

static int
add_row(struct refresh *r, const struct board_row *row, struct err *e)
{
	struct epoch *ep = r->ep;
	struct contract c;

	if (line_read(&r->reader, row->line, &c, e) < 0)
		return -1;
	contract_default_times(&c, span_str(r->s->default_ts));
	key_add(&ep->keys.text, ep->view.keys, KEY_CONTRACT, r->id, row->id);
	words_close(&ep->keys);
	words_span(&ep->args, row->id);
	for (size_t f = 0; f < sizeof(row_fields) / sizeof(*row_fields); f++)
		words_span(&ep->args, c.f[row_fields[f]]);
	return 0;
}

static enum act_result
merge_rows(struct refresh *r, size_t from, size_t to, struct err *e)
{
	begin_words(r);
	epoch_key(r->ep, KEY_CHANGED, r->id);
	for (size_t i = from; i < to; i++)
		if (add_row(r, &r->s->board.rows[i], e) < 0)
			return ACT_FAILED;
	if (epoch_script(r->ep, &script_rows, e) < 0)
		return ACT_FAILED;
	return result_of(r->ep, "refresh_rows", e);
}

static enum act_result
finish(struct refresh *r, struct err *e)
{
	struct words *args = &r->ep->args;

	begin_words(r);
	epoch_key(r->ep, KEY_EVENTS, SPAN_NONE);
	words_str(args, "spot");
	words_span(args, r->s->spot);
	words_str(args, "spot_ts");
	words_span(args, r->s->spot_ts);
	words_str(args, "source");
	words_str(args, r->s->source);
	if (epoch_script(r->ep, &script_end, e) < 0)
		return ACT_FAILED;
	return result_of(r->ep, "refresh_end", e);
}

enum act_result
epoch_refresh(struct epoch *ep, const struct current *now,
    const struct snapshot *s, struct err *e)
{
	struct refresh r = {.ep = ep, .id = buf_view(&now->id), .s = s};
	enum act_result result = claim(&r, e);

	for (size_t at = 0; result == ACT_DONE && at < s->board.n; at += BATCH)
		result = merge_rows(&r, at,
		    at + BATCH < s->board.n ? at + BATCH : s->board.n, e);
	if (result == ACT_DONE)
		result = finish(&r, e);
	line_reader_free(&r.reader);
	return result;
}
