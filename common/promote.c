/* SPDX-License-Identifier: ISC */
/*
 * Promote = reserve, stage, carry, fence, carry the rest, commit.
 *
 * Why it is right: nothing is readable through epoch:active before the last
 * write of commit.lua; every write before that goes to an id that nobody else
 * was ever given, so a killed promoter, or commands of a dropped connection
 * that the server reads late, touch no live epoch.  Values that change while
 * we stage are marked in the old epoch's `changed`; under the fence they
 * stand still and are carried, and commit.lua checks that the fence stood.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "birth.h"
#include "clock.h"
#include "promote.h"
#include "sig.h"
#include "stage.h"

#define FENCE_PAUSE_MS 20 /* between two tries at somebody else's */
#define RESERVE_TRIES 16  /* ids taken by others in between */

struct promotion {
	struct act *act;
	const struct current *now;
	const struct snapshot *s;
	const struct verdict *v;
	struct birth birth;
	int64_t old_seq; /* what `changed` held before the first pass */
	struct stage stage;
};

static struct span
old_id(const struct promotion *p)
{
	return p->birth.old;
}

/* --- reserve --- */

static int64_t
first_second(const struct promotion *p)
{
	int64_t second = p->s->end_ts / 1000;
	struct epoch_id old;

	if (second <= p->now->highest)
		second = p->now->highest + 1;
	if (p->now->exists && epoch_id_parse(old_id(p), &old) == 0 &&
	    second <= old.seconds)
		second = old.seconds + 1;
	return second;
}

static enum act_result
reserve(struct promotion *p, struct err *e)
{
	struct epoch_id id = {0};
	struct act *act = p->act;

	snprintf(id.symbol, sizeof(id.symbol), "%s", p->s->symbol);
	memcpy(id.hex, p->s->sum.geometry_hash, 4);
	id.seconds = first_second(p);
	if (act_nonce(p->birth.nonce, e) < 0)
		return ACT_FAILED;
	for (int i = 0; i < RESERVE_TRIES; i++) {
		enum act_result r;

		epoch_id_text(&id, p->birth.id);
		r = birth_reserve(
		    &p->birth, buf_view(&p->s->geometry), p->now->now_ms, e);
		if (r != ACT_AGAIN || act_said(act, "conflict"))
			return r;
		if (span_int(span_str(act->answer.detail), &id.seconds) < 0)
			return act_refusal(act, "reserve", e);
		id.seconds++;
	}
	return ACT_AGAIN;
}

/* --- fence, and carry what changed since --- */

/* A new token each time: a commit sent under an older fence and read late by
 * the server must not pass under the newer one. */
static enum act_result
take_fence(struct promotion *p, struct err *e)
{
	enum act_result r;

	if (act_nonce(p->birth.token, e) < 0)
		return ACT_FAILED;
	while ((r = birth_fence(&p->birth, "take", e)) == ACT_FENCED) {
		if (sig_stop != 0 ||
		    clock_mono_ms() + FENCE_PAUSE_MS >= p->act->deadline)
			return ACT_AGAIN;
		p->act->fence_waits++;
		clock_sleep_ms(FENCE_PAUSE_MS);
	}
	/* Also after a lost answer: it may stand, and it is ours. */
	memcpy(p->act->fence_token, p->birth.token, sizeof(p->birth.token));
	return r;
}

struct page {
	struct promotion *p;
	size_t n;    /* rows of ours among … */
	size_t seen; /* … this many members */
};

static int
cmp_id(const void *key, const void *item)
{
	return span_cmp(*(const struct span *)key, *(const struct span *)item);
}

static void
on_changed(const struct db_val *v, void *ctx)
{
	struct page *page = ctx;
	const struct snapshot *s = page->p->s;

	page->seen = db_len(v);
	for (size_t i = 0; i < page->seen; i++) {
		struct span cid = db_str(db_at(v, i));
		const struct span *at =
		    bsearch(&cid, s->ids, s->board.n, sizeof(*s->ids), cmp_id);

		if (at != NULL)
			page->p->stage.rows[page->n++] = (size_t)(at - s->ids);
	}
}

static int
read_changed(
    struct promotion *p, size_t offset, struct page *page, struct err *e)
{
	struct words *w = &p->act->keys;

	*page = (struct page){.p = p};
	words_clear(w);
	words_str(w, "ZRANGEBYSCORE");
	act_key(p->act, KEY_CHANGED, old_id(p));
	buf_fmt(&w->text, "(%" PRId64, p->old_seq);
	words_close(w);
	words_str(w, "+inf");
	words_str(w, "LIMIT");
	words_int(w, (int64_t)offset);
	words_int(w, STAGE_CHUNK);
	return db_call(
	    p->act->view.db, words_view(w), w->n, on_changed, page, e);
}

static enum act_result
carry_rest(struct promotion *p, struct err *e)
{
	struct page page;
	size_t offset = 0;

	do {
		enum act_result r;

		if (read_changed(p, offset, &page, e) < 0)
			return ACT_FAILED;
		if (page.n > 0 && stage_again(&p->stage, page.n, e) < 0)
			return ACT_FAILED;
		r = page.seen > 0 ? birth_fence(&p->birth, "renew", e)
				  : ACT_DONE;
		if (r != ACT_DONE)
			return r;
		offset += page.seen;
	} while (page.seen == STAGE_CHUNK);
	return ACT_DONE;
}

/* --- commit --- */

static void
add_pair(struct words *w, const char *field, struct span value)
{
	if (value.p == NULL || value.n == 0)
		return;
	words_str(w, field);
	words_span(w, value);
}

static void
add_pair_int(struct words *w, const char *field, int64_t value)
{
	words_str(w, field);
	words_int(w, value);
}

static void
add_meta(struct promotion *p, struct words *w)
{
	const struct snapshot *s = p->s;
	struct epoch_id id = {0};

	epoch_id_parse(span_str(p->birth.id), &id);
	add_pair(w, "symbol", span_str(s->symbol));
	add_pair(w, "geometry_hash", span_str(s->sum.geometry_hash));
	add_pair(w, "grid_hash", span_str(s->sum.grid_hash));
	add_pair_int(w, "contract_count", (int64_t)s->sum.contracts);
	add_pair_int(w, "strike_count", (int64_t)s->sum.strikes);
	add_pair_int(w, "expiration_count", (int64_t)s->sum.expirations);
	add_pair_int(w, "created_ts", id.seconds);
	add_pair_int(w, "begin_ts", s->begin_ts);
	add_pair_int(w, "snapshot_ts", s->end_ts);
	add_pair(w, "spot", s->spot);
	add_pair(w, "spot_ts", s->spot_ts);
	add_pair(w, "source", span_str(s->source));
	add_pair(w, "reason", span_str(p->v->reason));
	add_pair(w, "filter", span_str(s->filter));
	add_pair_int(w, "forced_dirty", p->v->forced);
	if (p->v->asked)
		add_pair_int(w, "forced_ts", s->end_ts);
	add_pair(w, "prev", old_id(p));
	add_pair_int(w, "entered", (int64_t)p->v->entered);
	add_pair_int(w, "exited", (int64_t)p->v->exited);
	add_pair_int(w, "carried", (int64_t)p->stage.carried);
	add_pair_int(w, "seq", 1);
	add_pair_int(w, "full_seq", 1);
	add_pair_int(w, "ticks", 0);
	if (s->copy_of != NULL)
		add_pair_int(w, "pinned", 1);
	if (p->stage.last_tick_ts > 0)
		add_pair_int(w, "last_tick_ts", p->stage.last_tick_ts);
}

static enum act_result
commit(struct promotion *p, struct err *e)
{
	bool copies = p->s->copy_of != NULL;
	const struct birth_facts f = {.begin_ts = p->s->begin_ts,
	    .end_ts = p->s->end_ts,
	    .had_ws = p->stage.had_ws,
	    .why = span_str(copies             ? "rollback"
			    : p->v->by_silence ? "silence"
			    : p->v->forced     ? "forced"
					       : ""),
	    .same_board = span_eq(hash_get(&p->now->meta, "geometry_hash"),
		span_str(p->s->sum.geometry_hash)),
	    .chunks = p->stage.out.chunks};

	birth_facts(&p->birth, &f);
	add_meta(p, &p->act->args);
	return birth_commit(&p->birth, e);
}

/* Fence, carry, commit; again from the fence while only that was lost. */
static enum act_result
switch_over(struct promotion *p, struct err *e)
{
	enum act_result r;

	do {
		if (p->now->exists) {
			r = take_fence(p, e);
			if (r == ACT_DONE)
				r = carry_rest(p, e);
			if (r == ACT_FAILED)
				return r;
			if (r != ACT_DONE)
				continue;
		}
		r = commit(p, e);
	} while (r == ACT_AGAIN && act_said(p->act, "lapsed") &&
		 clock_mono_ms() < p->act->deadline);
	return r;
}

/* --- clean up --- */

/* Let the others go on at once instead of when the lease is over. */
static void
drop_fence(struct promotion *p)
{
	struct err ignored;

	if (p->birth.token[0] != '\0' && db_alive(p->act->view.db))
		birth_fence(&p->birth, "drop", &ignored);
}

/* May the contracts be taken back?  Only abandon.lua knows: the commit whose
 * answer was lost may have been done, the id may be another's by now. */
static bool
is_given_up(struct promotion *p)
{
	struct err ignored;

	return birth_give_up(&p->birth, &ignored) == ACT_DONE;
}

/*
 * Take back a reservation that will not be committed.  Best effort, and only
 * over a connection that stands: after a lost one late writes may follow, and
 * the reservation is left to be swept; geometry, the index of what there is
 * to sweep, goes last.
 */
static void
abandon(struct promotion *p)
{
	struct db *db = p->act->view.db;
	struct words *w = &p->act->keys;
	struct span id = span_str(p->birth.id);
	struct err ignored;

	db_drain(db, &ignored); /* what failed before is known */
	drop_fence(p);
	if (!db_alive(db) || !is_given_up(p))
		return;
	stage_take_back(&p->stage, &ignored);
	words_clear(w);
	words_str(w, "UNLINK");
	act_key(p->act, KEY_GEOMETRY, id);
	db_push(db, words_view(w), w->n, NULL, NULL, &ignored);
	words_clear(w);
	words_str(w, "ZREM");
	act_key(p->act, KEY_STAGING, SPAN_NONE);
	words_span(w, id);
	db_push(db, words_view(w), w->n, NULL, NULL, &ignored);
	db_drain(db, &ignored);
}

enum act_result
promote(struct act *act, const struct current *now, const struct snapshot *s,
    const struct verdict *v, struct outcome *out, struct err *e)
{
	struct promotion p = {.act = act,
	    .now = now,
	    .s = s,
	    .v = v,
	    .birth = {.act = act, .symbol = span_str(s->symbol)}};
	enum act_result r;

	p.birth.old = now->exists ? buf_view(&now->id) : SPAN_LIT("");
	stage_init(&p.stage, &p.birth, now, s);
	hash_int(&now->meta, "seq", &p.old_seq);
	r = reserve(&p, e);
	if (r == ACT_DONE) {
		r = stage_all(&p.stage, e) < 0 ? ACT_FAILED
					       : switch_over(&p, e);
		if (r != ACT_DONE)
			abandon(&p);
	}
	if (r == ACT_DONE) {
		out->kind = OUTCOME_NEW;
		out->reason = v->reason;
		out->forced = v->forced;
		out->carried = p.stage.carried;
		snprintf(out->prev, sizeof(out->prev), "%.*s",
		    (int)old_id(&p).n, old_id(&p).p);
		snprintf(out->id, sizeof(out->id), "%s", p.birth.id);
	}
	stage_free(&p.stage);
	return r;
}
