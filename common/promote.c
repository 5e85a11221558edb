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
#include <sys/random.h>

#include "clock.h"
#include "contract.h"
#include "epoch.h"
#include "line.h"

extern const char lua_reserve[], lua_fence[], lua_commit[];
static struct db_script script_reserve = {
    .name = "reserve", .text = lua_reserve};
static struct db_script script_fence = {.name = "fence", .text = lua_fence};
static struct db_script script_commit = {.name = "commit", .text = lua_commit};

#define NONCE_TEXT 33
#define CHUNK 500         /* contracts read and written at a time */
#define LEASE_MS "2000"   /* of the fence */
#define FENCE_PAUSE_MS 20 /* between two tries at somebody else's */
#define RESERVE_TRIES 16  /* ids taken by others in between */

struct promotion {
	struct epoch *ep;
	const struct current *now;
	const struct snapshot *s;
	const struct verdict *v;
	char id[EPOCH_ID_MAX];
	char nonce[NONCE_TEXT], token[NONCE_TEXT];
	int64_t old_seq; /* what `changed` held before the first pass */
	struct line_reader reader;
	struct buf field[CF_COUNT]; /* field names in RESP */
	struct buf key;
	struct buf resp; /* commands of the chunk in hand … */
	size_t *end;     /* … and where each ends */
	size_t n, cap;
	size_t *rows;     /* board rows of the chunk */
	bool replace;     /* rows were staged before: write them anew */
	bool *is_carried; /* by row */
	size_t carried;
	bool had_ws;
	int64_t last_tick_ts;
	struct err bad; /* a row that does not read: cannot happen */
};

static int
make_nonce(char out[NONCE_TEXT], struct err *e)
{
	unsigned char b[(NONCE_TEXT - 1) / 2];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return err_set(e, EX_OSERR, "RANDOM", "no random numbers");
	for (size_t i = 0; i < sizeof(b); i++)
		snprintf(out + 2 * i, 3, "%02x", b[i]);
	return 0;
}

static struct span
old_id(const struct promotion *p)
{
	return p->now->exists ? buf_view(&p->now->id) : SPAN_LIT("");
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

static void
reserve_words(struct promotion *p, int64_t second)
{
	struct epoch *ep = p->ep;
	struct span id = span_str(p->id);
	struct span old = p->now->exists ? old_id(p) : id;

	words_clear(&ep->keys);
	words_clear(&ep->args);
	epoch_key(ep, KEY_ACTIVE, SPAN_NONE);
	epoch_key(ep, KEY_LAST, SPAN_NONE);
	epoch_key(ep, KEY_STAGING, SPAN_NONE);
	epoch_key(ep, KEY_TIMELINE, span_str(p->s->symbol));
	epoch_key(ep, KEY_DIRTY, SPAN_NONE);
	epoch_key(ep, KEY_CLEAN, SPAN_NONE);
	epoch_key(ep, KEY_META, id);
	epoch_key(ep, KEY_GEOMETRY, id);
	epoch_key(ep, KEY_PENDING, span_str(p->s->symbol));
	epoch_key(ep, KEY_HAD_WS, id);
	epoch_key(ep, KEY_META, old);
	epoch_key(ep, KEY_FENCE, old);
	epoch_key(ep, KEY_CHANGED, old);
	words_str(&ep->args, p->s->symbol);
	words_span(&ep->args, old_id(p));
	words_span(&ep->args, id);
	words_int(&ep->args, second);
	words_str(&ep->args, p->nonce);
	words_span(&ep->args, buf_view(&p->s->geometry));
	words_int(&ep->args, p->now->now_ms);
}

static enum act_result
reserve(struct promotion *p, struct err *e)
{
	struct epoch_id id = {0};
	struct epoch *ep = p->ep;

	snprintf(id.symbol, sizeof(id.symbol), "%s", p->s->symbol);
	memcpy(id.hex, p->s->sum.geometry_hash, 4);
	id.seconds = first_second(p);
	if (make_nonce(p->nonce, e) < 0)
		return ACT_FAILED;
	for (int i = 0; i < RESERVE_TRIES; i++) {
		epoch_id_text(&id, p->id);
		reserve_words(p, id.seconds);
		if (epoch_script(ep, &script_reserve, e) < 0)
			return ACT_FAILED;
		if (epoch_said(ep, "ok"))
			return ACT_DONE;
		if (epoch_said(ep, "conflict"))
			return ACT_AGAIN;
		if (!epoch_said(ep, "taken") ||
		    span_int(span_str(ep->answer.detail), &id.seconds) < 0)
			return epoch_refusal(ep, "reserve", e);
		id.seconds++;
	}
	return ACT_AGAIN;
}

/* --- stage and carry --- */

/* The groups of the old epoch that beat the snapshot's. */
static void
carry_groups(struct promotion *p, size_t row, struct contract *c,
    const struct contract *old)
{
	for (int g = 0; g < CG_COUNT; g++) {
		const struct contract_group_info *info = &contract_groups[g];
		int64_t ts;

		if (g == CG_CHAIN || !contract_has(old, g))
			continue;
		if (contract_has(c, g) && contract_cmp(old, c, g) <= 0)
			continue;
		contract_take(c, old, g);
		if (!p->is_carried[row]) {
			p->is_carried[row] = true;
			p->carried++;
		}
		if (old->f[info->seq].p != NULL) {
			p->had_ws = true;
			if (span_int(old->f[info->ts], &ts) == 0 &&
			    ts > p->last_tick_ts)
				p->last_tick_ts = ts;
		}
	}
}

static void
end_command(struct promotion *p)
{
	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 2 * CHUNK : p->cap * 2;
		p->end = mem_grow(p->end, p->cap, sizeof(*p->end));
	}
	p->end[p->n++] = p->resp.n;
}

static void
add_hset(struct promotion *p, const struct contract *c)
{
	size_t fields = 0;

	for (int f = 0; f < CF_COUNT; f++)
		fields += c->f[f].p != NULL;
	db_resp_head(&p->resp, 2 + 2 * fields);
	db_resp_arg(&p->resp, SPAN_LIT("HSET"));
	db_resp_arg(&p->resp, buf_view(&p->key));
	for (int f = 0; f < CF_COUNT; f++) {
		if (c->f[f].p == NULL)
			continue;
		buf_span(&p->resp, buf_view(&p->field[f]));
		db_resp_arg(&p->resp, c->f[f]);
	}
	end_command(p);
}

/* One row of the chunk, merged with what the old epoch holds of it. */
static void
on_old(size_t i, const struct contract *old, void *ctx)
{
	struct promotion *p = ctx;
	const struct board_row *row = &p->s->board.rows[p->rows[i]];
	char strike[STRIKE_TEXT];
	struct geom_id parts;
	struct contract c;

	if (line_read(&p->reader, row->line, &c, &p->bad) < 0 ||
	    geom_id_parse(row->id, &parts) < 0)
		return;
	geom_strike_text(parts.strike_milli, strike);
	c.f[CF_STRIKE] = span_str(strike);
	contract_default_times(&c, span_str(p->s->default_ts));
	if (old != NULL)
		carry_groups(p, p->rows[i], &c, old);
	buf_clear(&p->key);
	key_add(
	    &p->key, p->ep->view.keys, KEY_CONTRACT, span_str(p->id), row->id);
	if (p->replace) {
		db_resp_head(&p->resp, 2);
		db_resp_arg(&p->resp, SPAN_LIT("DEL"));
		db_resp_arg(&p->resp, buf_view(&p->key));
		end_command(p);
	}
	add_hset(p, &c);
}

/* Write the rows p->rows[0..n-1]; their replies may still be outstanding. */
static int
write_chunk(struct promotion *p, size_t n, struct err *e)
{
	struct span cids[CHUNK];
	size_t start = 0;

	buf_clear(&p->resp);
	p->n = 0;
	p->bad.exit = 0;
	if (p->now->exists) {
		for (size_t i = 0; i < n; i++)
			cids[i] = p->s->ids[p->rows[i]];
		if (view_contracts(
			&p->ep->view, old_id(p), cids, n, on_old, p, e) < 0)
			return -1;
	} else {
		for (size_t i = 0; i < n; i++)
			on_old(i, NULL, p);
	}
	if (p->bad.exit != 0) {
		*e = p->bad;
		return -1;
	}
	for (size_t i = 0; i < p->n; i++) {
		struct span cmd = {p->resp.p + start, p->end[i] - start};

		if (db_push_raw(p->ep->view.db, cmd, NULL, NULL, e) < 0)
			return -1;
		start = p->end[i];
	}
	return 0;
}

static int
stage(struct promotion *p, struct err *e)
{
	size_t total = p->s->board.n;

	p->replace = false;
	hash_int(&p->now->meta, "seq", &p->old_seq);
	for (size_t at = 0; at < total; at += CHUNK) {
		size_t n = total - at < CHUNK ? total - at : CHUNK;

		for (size_t i = 0; i < n; i++)
			p->rows[i] = at + i;
		if (write_chunk(p, n, e) < 0)
			return -1;
	}
	return db_drain(p->ep->view.db, e);
}

/* --- fence, and carry what changed since --- */

static enum act_result
call_fence(struct promotion *p, const char *how, struct err *e)
{
	struct epoch *ep = p->ep;

	words_clear(&ep->keys);
	words_clear(&ep->args);
	epoch_key(ep, KEY_ACTIVE, SPAN_NONE);
	epoch_key(ep, KEY_FENCE, old_id(p));
	words_str(&ep->args, p->s->symbol);
	words_span(&ep->args, old_id(p));
	words_str(&ep->args, p->token);
	words_str(&ep->args, LEASE_MS);
	words_str(&ep->args, how);
	if (epoch_script(ep, &script_fence, e) < 0)
		return ACT_FAILED;
	if (epoch_said(ep, "ok"))
		return ACT_DONE;
	if (epoch_said(ep, "conflict") || epoch_said(ep, "lapsed"))
		return ACT_AGAIN;
	if (epoch_said(ep, "fenced"))
		return ACT_FENCED;
	return epoch_refusal(ep, "fence", e);
}

/* A new token each time: a commit sent under an older fence and read late by
 * the server must not pass under the newer one. */
static enum act_result
take_fence(struct promotion *p, struct err *e)
{
	enum act_result r;

	if (make_nonce(p->token, e) < 0)
		return ACT_FAILED;
	while ((r = call_fence(p, "take", e)) == ACT_FENCED) {
		if (clock_mono_ms() >= p->ep->deadline)
			return ACT_AGAIN;
		p->ep->fence_waits++;
		clock_sleep_ms(FENCE_PAUSE_MS);
	}
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
			page->p->rows[page->n++] = (size_t)(at - s->ids);
	}
}

static int
read_changed(
    struct promotion *p, size_t offset, struct page *page, struct err *e)
{
	struct words *w = &p->ep->keys;

	*page = (struct page){.p = p};
	words_clear(w);
	words_str(w, "ZRANGEBYSCORE");
	epoch_key(p->ep, KEY_CHANGED, old_id(p));
	buf_fmt(&w->text, "(%" PRId64, p->old_seq);
	words_close(w);
	words_str(w, "+inf");
	words_str(w, "LIMIT");
	words_int(w, (int64_t)offset);
	words_int(w, CHUNK);
	return db_call(
	    p->ep->view.db, words_view(w), w->n, on_changed, page, e);
}

static enum act_result
carry_rest(struct promotion *p, struct err *e)
{
	struct page page;
	size_t offset = 0;

	p->replace = true;
	do {
		enum act_result r;

		if (read_changed(p, offset, &page, e) < 0)
			return ACT_FAILED;
		if (page.n > 0 && (write_chunk(p, page.n, e) < 0 ||
				      db_drain(p->ep->view.db, e) < 0))
			return ACT_FAILED;
		r = page.seen > 0 ? call_fence(p, "renew", e) : ACT_DONE;
		if (r != ACT_DONE)
			return r;
		offset += page.seen;
	} while (page.seen == CHUNK);
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

	epoch_id_parse(span_str(p->id), &id);
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
	if (p->v->forced)
		add_pair_int(w, "forced_ts", s->end_ts);
	add_pair(w, "prev", old_id(p));
	add_pair_int(w, "entered", (int64_t)p->v->entered);
	add_pair_int(w, "exited", (int64_t)p->v->exited);
	add_pair_int(w, "carried", (int64_t)p->carried);
	add_pair_int(w, "seq", 1);
	add_pair_int(w, "full_seq", 1);
	add_pair_int(w, "ticks", 0);
	if (p->last_tick_ts > 0)
		add_pair_int(w, "last_tick_ts", p->last_tick_ts);
}

static void
commit_words(struct promotion *p)
{
	struct epoch *ep = p->ep;
	struct span id = span_str(p->id);
	struct span old = p->now->exists ? old_id(p) : id;
	bool same_board = span_eq(hash_get(&p->now->meta, "geometry_hash"),
	    span_str(p->s->sum.geometry_hash));

	words_clear(&ep->keys);
	words_clear(&ep->args);
	epoch_key(ep, KEY_ACTIVE, SPAN_NONE);
	epoch_key(ep, KEY_TIMELINE, span_str(p->s->symbol));
	epoch_key(ep, KEY_DIRTY, SPAN_NONE);
	epoch_key(ep, KEY_CLEAN, SPAN_NONE);
	epoch_key(ep, KEY_STAGING, SPAN_NONE);
	epoch_key(ep, KEY_PENDING, span_str(p->s->symbol));
	epoch_key(ep, KEY_META, id);
	epoch_key(ep, KEY_GEOMETRY, id);
	epoch_key(ep, KEY_HAD_WS, id);
	epoch_key(ep, KEY_META, old);
	epoch_key(ep, KEY_FENCE, old);
	epoch_key(ep, KEY_EVENTS, SPAN_NONE);
	words_str(&ep->args, p->s->symbol);
	words_span(&ep->args, id);
	words_span(&ep->args, old_id(p));
	words_str(&ep->args, p->nonce);
	words_str(&ep->args, p->token);
	words_int(&ep->args, p->s->begin_ts);
	words_int(&ep->args, p->s->end_ts);
	words_int(&ep->args, p->had_ws);
	words_int(&ep->args, p->v->by_silence);
	words_int(&ep->args, same_board);
	add_meta(p, &ep->args);
}

/* Repeated after a lost answer, under the same nonce and token. */
static enum act_result
commit(struct promotion *p, struct err *e)
{
	struct epoch *ep = p->ep;

	commit_words(p);
	while (epoch_script(ep, &script_commit, e) < 0)
		if (!db_may_retry(e) || epoch_recover(ep, e) < 0)
			return ACT_FAILED;
	if (epoch_said(ep, "ok") || epoch_said(ep, "already"))
		return ACT_DONE;
	if (epoch_said(ep, "badtype"))
		return epoch_refusal(ep, "commit", e);
	return ACT_AGAIN; /* lapsed, conflict, stale, tick, pinned, gone */
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
	} while (r == ACT_AGAIN && epoch_said(p->ep, "lapsed") &&
		 clock_mono_ms() < p->ep->deadline);
	return r;
}

/* --- clean up --- */

static void
push_unlink(struct promotion *p, struct err *e)
{
	struct words *w = &p->ep->keys;

	db_push(p->ep->view.db, words_view(w), w->n, NULL, NULL, e);
	words_clear(w);
	words_str(w, "UNLINK");
}

/*
 * Take back a reservation that will not be committed: meta first, so that a
 * commit still under way answers "gone".  Best effort, and only over the
 * connection that staged: after a lost one late writes may follow, and the
 * reservation is left to epoch-gc.
 */
static void
abandon(struct promotion *p)
{
	struct epoch *ep = p->ep;
	struct words *w = &ep->keys;
	struct span id = span_str(p->id);
	struct err ignored;

	if (!db_alive(ep->view.db))
		return;
	words_clear(w);
	words_str(w, "UNLINK");
	epoch_key(ep, KEY_META, id);
	for (size_t i = 0; i < p->s->board.n; i++) {
		if (i % CHUNK == 0)
			push_unlink(p, &ignored);
		key_add(
		    &w->text, ep->view.keys, KEY_CONTRACT, id, p->s->ids[i]);
		words_close(w);
	}
	push_unlink(p, &ignored);
	epoch_key(ep, KEY_GEOMETRY, id);
	push_unlink(p, &ignored);
	words_clear(w);
	words_str(w, "ZREM");
	epoch_key(ep, KEY_STAGING, SPAN_NONE);
	words_span(w, id);
	db_push(ep->view.db, words_view(w), w->n, NULL, NULL, &ignored);
	db_drain(ep->view.db, &ignored);
}

static void
promotion_free(struct promotion *p)
{
	for (int f = 0; f < CF_COUNT; f++)
		buf_free(&p->field[f]);
	line_reader_free(&p->reader);
	buf_free(&p->key);
	buf_free(&p->resp);
	free(p->end);
	free(p->rows);
	free(p->is_carried);
}

enum act_result
epoch_promote(struct epoch *ep, const struct current *now,
    const struct snapshot *s, const struct verdict *v, struct outcome *out,
    struct err *e)
{
	struct promotion p = {.ep = ep, .now = now, .s = s, .v = v};
	char said[sizeof(ep->answer.status)];
	enum act_result r;

	p.rows = mem_grow(NULL, CHUNK, sizeof(*p.rows));
	p.is_carried = mem_zalloc(s->board.n * sizeof(*p.is_carried));
	for (int f = 0; f < CF_COUNT; f++)
		db_resp_arg(&p.field[f], span_str(contract_fields[f].name));
	r = reserve(&p, e);
	if (r == ACT_DONE) {
		r = stage(&p, e) < 0 ? ACT_FAILED : switch_over(&p, e);
		if (r != ACT_DONE) {
			snprintf(said, sizeof(said), "%s", ep->answer.status);
			abandon(&p);
			snprintf(ep->answer.status, sizeof(said), "%s", said);
		}
	}
	if (r == ACT_DONE) {
		out->kind = OUTCOME_NEW;
		out->reason = v->reason;
		out->forced = v->forced;
		out->carried = p.carried;
		snprintf(out->prev, sizeof(out->prev), "%.*s",
		    (int)old_id(&p).n, old_id(&p).p);
		snprintf(out->id, sizeof(out->id), "%s", p.id);
	}
	promotion_free(&p);
	return r;
}
