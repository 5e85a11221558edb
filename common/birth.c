/* SPDX-License-Identifier: ISC */
#include "birth.h"

extern const char lua_reserve[], lua_fence[], lua_commit[], lua_abandon[];
static struct db_script script_reserve = {
    .name = "reserve", .text = lua_reserve};
static struct db_script script_fence = {.name = "fence", .text = lua_fence};
static struct db_script script_commit = {.name = "commit", .text = lua_commit};
static struct db_script script_abandon = {
    .name = "abandon", .text = lua_abandon};

#define LEASE_MS "2000" /* of the fence */

/* Where there is no old epoch the scripts get the new one's keys. */
static struct span
old_or_own(const struct birth *b)
{
	return b->old.n > 0 ? b->old : span_str(b->id);
}

enum act_result
birth_reserve(
    struct birth *b, struct span geometry, int64_t now_ms, struct err *e)
{
	struct act *act = b->act;
	struct span id = span_str(b->id), old = old_or_own(b);
	struct epoch_id parts = {0};

	epoch_id_parse(id, &parts);
	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_LAST, SPAN_NONE);
	act_key(act, KEY_STAGING, SPAN_NONE);
	act_key(act, KEY_TIMELINE, b->symbol);
	act_key(act, KEY_DIRTY, SPAN_NONE);
	act_key(act, KEY_CLEAN, SPAN_NONE);
	act_key(act, KEY_META, id);
	act_key(act, KEY_GEOMETRY, id);
	act_key(act, KEY_PENDING, b->symbol);
	act_key(act, KEY_HAD_WS, id);
	act_key(act, KEY_META, old);
	act_key(act, KEY_FENCE, old);
	act_key(act, KEY_CHANGED, old);
	act_journal(act, b->symbol);
	words_span(&act->args, b->symbol);
	words_span(&act->args, b->old);
	words_span(&act->args, id);
	words_int(&act->args, parts.seconds);
	words_str(&act->args, b->nonce);
	words_span(&act->args, geometry);
	words_int(&act->args, now_ms);
	if (act_script(act, &script_reserve, e) < 0)
		return ACT_FAILED;
	b->journalled =
	    act_said(act, "ok") && strcmp(act->answer.detail, "1") == 0;
	if (act_said(act, "ok"))
		return ACT_DONE;
	if (act_said(act, "conflict") || act_said(act, "taken"))
		return ACT_AGAIN;
	return act_refusal(act, "reserve", e);
}

enum act_result
birth_fence(struct birth *b, const char *how, struct err *e)
{
	struct act *act = b->act;

	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_FENCE, b->old);
	words_span(&act->args, b->symbol);
	words_span(&act->args, b->old);
	words_str(&act->args, b->token);
	words_str(&act->args, LEASE_MS);
	words_str(&act->args, how);
	words_str(&act->args, act->fence_token);
	if (act_script(act, &script_fence, e) < 0)
		return ACT_FAILED;
	if (act_said(act, "ok"))
		return ACT_DONE;
	if (act_said(act, "conflict") || act_said(act, "lapsed"))
		return ACT_AGAIN;
	if (act_said(act, "fenced"))
		return ACT_FENCED;
	return act_refusal(act, "fence", e);
}

void
birth_facts(struct birth *b, const struct birth_facts *f)
{
	struct act *act = b->act;
	struct span id = span_str(b->id), old = old_or_own(b);

	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_TIMELINE, b->symbol);
	act_key(act, KEY_DIRTY, SPAN_NONE);
	act_key(act, KEY_CLEAN, SPAN_NONE);
	act_key(act, KEY_STAGING, SPAN_NONE);
	act_key(act, KEY_PENDING, b->symbol);
	act_key(act, KEY_META, id);
	act_key(act, KEY_GEOMETRY, id);
	act_key(act, KEY_HAD_WS, id);
	act_key(act, KEY_META, old);
	act_key(act, KEY_FENCE, old);
	act_key(act, KEY_EVENTS, SPAN_NONE);
	act_journal(act, b->symbol);
	words_span(&act->args, b->symbol);
	words_span(&act->args, id);
	words_span(&act->args, b->old);
	words_str(&act->args, b->nonce);
	words_str(&act->args, b->token);
	words_int(&act->args, f->begin_ts);
	words_int(&act->args, f->end_ts);
	words_int(&act->args, f->had_ws);
	words_span(&act->args, f->why);
	words_int(&act->args, f->same_board);
	words_int(&act->args, f->chunks);
}

enum act_result
birth_commit(struct birth *b, struct err *e)
{
	struct act *act = b->act;

	while (act_script(act, &script_commit, e) < 0)
		if (!db_may_retry(e) || act_recover(act, e) < 0)
			return ACT_FAILED;
	if (act_said(act, "ok") || act_said(act, "already"))
		return ACT_DONE;
	if (act_said(act, "badtype"))
		return act_refusal(act, "commit", e);
	/* lapsed, conflict, stale, tick, pinned, gone,
	 * unjournalled */
	return ACT_AGAIN;
}

enum act_result
birth_give_up(struct birth *b, struct err *e)
{
	struct act *act = b->act;

	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_META, span_str(b->id));
	words_span(&act->args, b->symbol);
	words_str(&act->args, b->id);
	words_str(&act->args, b->nonce);
	if (act_script(act, &script_abandon, e) < 0)
		return ACT_FAILED;
	return act_said(act, "ok") ? ACT_DONE : ACT_AGAIN;
}
