/* SPDX-License-Identifier: ISC */
#include "dormant.h"

extern const char lua_dormant[];
static struct db_script script_dormant = {
    .name = "dormant", .text = lua_dormant};

enum act_result
dormant(struct act *act, const char *symbol, const char *id, int64_t count,
    bool force, struct err *e)
{
	struct span epoch = span_str(id);

	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_META, epoch);
	act_key(act, KEY_DIRTY, SPAN_NONE);
	act_key(act, KEY_CLEAN, SPAN_NONE);
	act_key(act, KEY_EVENTS, SPAN_NONE);
	act_journal(act, span_str(symbol));
	words_str(&act->args, symbol);
	words_span(&act->args, epoch);
	words_int(&act->args, count);
	words_int(&act->args, force);
	if (act_script(act, &script_dormant, e) < 0)
		return ACT_FAILED;
	if (act_said(act, "ok"))
		return ACT_DONE;
	if (act_said(act, "superseded") || act_said(act, "damaged"))
		return ACT_AGAIN;
	return act_refusal(act, "dormant", e);
}
