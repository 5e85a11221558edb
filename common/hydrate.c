/* SPDX-License-Identifier: ISC */
/*
 * Hydrate: ticks change values of listed contracts, and nothing else.
 *
 * Why it is right: a batch is one script, which requires that the epoch is
 * active and unfenced, and looks at every contract before its first write;
 * what is not listed is left out.  "Newer wins" makes a repeated, late or
 * reordered batch harmless: sent again after a lost answer, its ticks are
 * duplicates.  A promoter that has carried the values under its fence finds
 * them standing still; what comes then is refused, and belongs to the next
 * epoch.
 */
#include <assert.h>
#include <stdio.h>

#include "hydrate.h"

extern const char lua_hydrate[];
static struct db_script script_hydrate = {
    .name = "hydrate", .text = lua_hydrate};

static const char *const letters[] = {
    [CG_QUOTE] = "q", [CG_TRADE] = "t", [CG_VOLUME] = "v"};

static void
on_reply(const struct db_val *v, void *ctx)
{
	struct hydrating *h = ctx;
	struct hydration *did = &h->did;
	struct span s;

	h->answered = true;
	act_answer(v, &h->answer);
	s = db_str(db_at(v, 1));
	snprintf(did->active, sizeof(did->active), "%.*s", (int)s.n, s.p);
	if (span_int(s, &did->seq) < 0)
		did->seq = 0;
	if (span_int(db_str(db_at(v, 3)), &did->last_tick_ts) < 0)
		did->last_tick_ts = 0;
	s = db_str(db_at(v, 2));
	h->whole = s.n == h->n;
	if (h->whole)
		memcpy(did->fates, s.p, s.n);
}

static void
add_tick(struct act *act, struct span id, const struct tick *t)
{
	struct words *args = &act->args;

	key_add(&act->keys.text, act->view.keys, KEY_CONTRACT, id, t->id);
	words_close(&act->keys);
	words_str(args, letters[t->group]);
	words_int(args, t->ts);
	words_int(args, t->seq);
	for (size_t i = 0; i < tick_values(t->group); i++)
		words_span(args, t->v[i]);
}

static void
hydrate_words(struct act *act, struct span symbol, struct span id,
    const struct tick *ticks, size_t n, int64_t then)
{
	size_t before;

	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_META, id);
	act_key(act, KEY_FENCE, id);
	act_key(act, KEY_DIRTY, SPAN_NONE);
	act_key(act, KEY_CLEAN, SPAN_NONE);
	act_key(act, KEY_CHANGED, id);
	act_key(act, KEY_HAD_WS, id);
	act_key(act, KEY_EVENTS, SPAN_NONE);
	words_span(&act->args, symbol);
	words_span(&act->args, id);
	before = act->keys.text.n;
	key_add(
	    &act->keys.text, act->view.keys, KEY_CONTRACT, id, SPAN_LIT(""));
	words_int(&act->args, (int64_t)(act->keys.text.n - before));
	act->keys.text.n = before;
	if (then > 0)
		words_int(&act->args, then);
	else
		words_str(&act->args, "");
	for (size_t i = 0; i < n; i++)
		add_tick(act, id, &ticks[i]);
	act_journal(act, symbol);
}

static void
start(struct hydrating *h, size_t n)
{
	assert(n <= HYDRATE_MAX);
	h->n = n;
	h->answered = h->whole = false;
	h->answer = (struct answer){0};
}

int
hydrate_push(struct act *act, struct span symbol, struct span id,
    const struct tick *ticks, size_t n, int64_t then, struct hydrating *h,
    struct err *e)
{
	start(h, n);
	hydrate_words(act, symbol, id, ticks, n, then);
	return db_push_script(act->view.db, &script_hydrate,
	    words_view(&act->keys), act->keys.n, words_view(&act->args),
	    act->args.n, on_reply, h, e);
}

enum act_result
hydrate_judge(struct act *act, const struct hydrating *h, struct err *e)
{
	act->answer = h->answer;
	if (act_said(act, "ok") && h->whole)
		return ACT_DONE;
	if (act_said(act, "fenced"))
		return ACT_FENCED;
	if (act_said(act, "superseded") || act_said(act, "damaged") ||
	    (act_said(act, "differs") && h->whole))
		return ACT_AGAIN;
	return act_refusal(act, "hydrate", e);
}

enum act_result
hydrate(struct act *act, struct span symbol, struct span id,
    const struct tick *ticks, size_t n, int64_t then, struct hydration *out,
    struct err *e)
{
	struct hydrating h;
	enum act_result r = ACT_FAILED;

	start(&h, n);
	hydrate_words(act, symbol, id, ticks, n, then);
	if (db_script(act->view.db, &script_hydrate, words_view(&act->keys),
		act->keys.n, words_view(&act->args), act->args.n, on_reply, &h,
		e) == 0)
		r = hydrate_judge(act, &h, e);
	if (h.answered)
		*out = h.did;
	return r;
}
