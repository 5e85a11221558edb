/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "epoch.h"
#include "promote.h"
#include "refresh.h"
#include "sig.h"

extern const char lua_pend[], lua_force_dirty[];
static struct db_script script_pend = {.name = "pend", .text = lua_pend};
static struct db_script script_force_dirty = {
    .name = "force_dirty", .text = lua_force_dirty};

#define TRIES_MAX 20     /* decisions on one snapshot */
#define FENCE_WAIT_MS 50 /* between two looks at somebody's fence */

static void
on_policy(const struct db_val *v, void *ctx)
{
	static const char mark[] = "maxmemory_policy:";
	struct span s = db_str(v);
	struct buf *policy = ctx;
	const char *p;

	buf_span(policy, s);
	p = policy->p == NULL ? NULL : strstr(policy->p, mark);
	if (p == NULL) {
		buf_clear(policy);
		return;
	}
	p += sizeof(mark) - 1;
	s = (struct span){p, strcspn(p, "\r\n")};
	memmove(policy->p, s.p, s.n);
	policy->n = s.n;
	policy->p[s.n] = '\0';
}

static int
check_server(struct db *db, struct err *e)
{
	const struct span info[] = {SPAN_LIT("INFO"), SPAN_LIT("memory")};
	struct buf policy = {0};
	int rc;

	rc = db_call(db, info, 2, on_policy, &policy, e);
	if (rc == 0 && policy.n > 0 && strncmp(policy.p, "allkeys-", 8) == 0)
		rc = err_set(e, EX_CONFIG, "EVICTING",
		    "maxmemory-policy %s would evict epochs; set noeviction",
		    policy.p);
	buf_free(&policy);
	return rc;
}

struct db *
epoch_open(const char *url, int64_t timeout_ms, bool *unchecked, struct err *e)
{
	struct db *db = db_open(url, timeout_ms, e);

	*unchecked = false;
	if (db == NULL || check_server(db, e) == 0)
		return db;
	*unchecked = e->exit == EX_NOPERM;
	if (!*unchecked)
		db_close(&db);
	return db;
}

void
current_free(struct current *now)
{
	buf_free(&now->id);
	hash_free(&now->meta);
	buf_free(&now->geometry);
	free(now->ids);
	hash_free(&now->pending);
	*now = (struct current){0};
}

static void
on_int_text(const struct db_val *v, void *ctx)
{
	if (db_type(v) == DB_STR)
		span_int(db_str(v), ctx);
}

/* Redis's clock, and the highest id second that was ever given out. */
static int
load_clock(
    struct act *act, const char *symbol, struct current *now, struct err *e)
{
	if (act_now(act, &now->now_ms, e) < 0)
		return -1;
	words_clear(&act->keys);
	words_str(&act->keys, "HGET");
	act_key(act, KEY_LAST, SPAN_NONE);
	words_str(&act->keys, symbol);
	return db_call(act->view.db, words_view(&act->keys), 3, on_int_text,
	    &now->highest, e);
}

/* Geometry and meta must tell the same story. */
static void
judge_damage(struct current *now, int has_meta, int has_geometry)
{
	char hash[GEOM_HASH_TEXT];
	long n;

	now->damaged = true;
	if (!has_geometry)
		return;
	sha256_hex(buf_view(&now->geometry), hash);
	n = geom_split(buf_view(&now->geometry), &now->ids);
	if (n < 0)
		return;
	now->n = (size_t)n;
	now->damaged =
	    !has_meta || hash_get(&now->meta, "created_ts").p == NULL ||
	    !span_eq(hash_get(&now->meta, "geometry_hash"), span_str(hash));
}

int
epoch_load(
    struct act *act, const char *symbol, struct current *now, struct err *e)
{
	const struct view *v = &act->view;
	int there, has_meta, has_geometry;

	*now = (struct current){0};
	if (load_clock(act, symbol, now, e) < 0)
		return -1;
	there = view_active(v, span_str(symbol), &now->id, e);
	if (there < 0)
		return -1;
	if (view_pending(v, span_str(symbol), &now->pending, e) < 0)
		return -1;
	now->exists = there;
	if (!there)
		return 0;
	has_meta = view_meta(v, buf_view(&now->id), &now->meta, e);
	if (has_meta < 0)
		return -1;
	has_geometry = view_geometry(v, buf_view(&now->id), &now->geometry, e);
	if (has_geometry < 0)
		return -1;
	judge_damage(now, has_meta, has_geometry);
	return 0;
}

static void
copy_id(char out[EPOCH_ID_MAX], struct span id)
{
	snprintf(out, EPOCH_ID_MAX, "%.*s", (int)id.n, id.p);
}

/* A shrunk board is not believed at once, but it is remembered. */
static enum act_result
remember_suspect(struct act *act, const struct current *now,
    const struct snapshot *s, const struct verdict *v, struct err *e)
{
	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_PENDING, span_str(s->symbol));
	words_str(&act->args, s->symbol);
	words_span(&act->args, buf_view(&now->id));
	words_str(&act->args, s->sum.geometry_hash);
	words_int(&act->args, v->first_ts);
	words_int(&act->args, v->seen);
	words_int(&act->args, v->last_ts);
	if (act_script(act, &script_pend, e) < 0)
		return ACT_FAILED;
	if (act_said(act, "ok"))
		return ACT_DONE;
	if (act_said(act, "conflict"))
		return ACT_AGAIN;
	return act_refusal(act, "pend", e);
}

static void
set_rejected(
    struct outcome *out, const char *reason, int status, const char *detail)
{
	out->kind = OUTCOME_REJECTED;
	out->reason = reason;
	out->exit = status;
	snprintf(out->detail, sizeof(out->detail), "%s", detail);
}

static int
status_of_rejection(const char *reason)
{
	return strcmp(reason, "empty") == 0 ? EX_DATAERR : EX_NO;
}

struct applying {
	struct act *act;
	const struct snapshot *s;
	const struct policy *p;
	struct current now;
};

/* One look at what is active, one decision, one act. */
static enum act_result
apply_once(void *ctx, struct outcome *out, struct err *e)
{
	struct applying *a = ctx;
	struct act *act = a->act;
	struct current *now = &a->now;
	const struct snapshot *s = a->s;
	const struct policy *p = a->p;
	enum act_result r = ACT_DONE;
	struct verdict v;

	current_free(now);
	if (epoch_load(act, s->symbol, now, e) < 0)
		return ACT_FAILED;
	decide(now, s, p, &v);
	*out = (struct outcome){.entered = v.entered, .exited = v.exited};
	copy_id(out->id, buf_view(&now->id));
	copy_id(out->prev, hash_get(&now->meta, "prev"));
	switch (v.kind) {
	case VERDICT_REJECT:
		set_rejected(
		    out, v.reason, status_of_rejection(v.reason), v.detail);
		if (v.suspect)
			r = remember_suspect(act, now, s, &v, e);
		break;
	case VERDICT_SAME:
		out->kind = OUTCOME_SAME;
		break;
	case VERDICT_REFRESH:
		out->kind = OUTCOME_SAME;
		r = refresh(act, now, s, e);
		if (r == ACT_AGAIN && act_said(act, "damaged")) {
			/* Found only by walking: replace the epoch. */
			now->damaged = true;
			decide(now, s, p, &v);
			r = promote(act, now, s, &v, out, e);
		}
		break;
	case VERDICT_PROMOTE:
		r = promote(act, now, s, &v, out, e);
		break;
	}
	return r;
}

/* Wait a little where somebody else must finish first. */
static void
count_retry(struct act *act, enum act_result r, int *tries)
{
	if (r == ACT_FENCED) {
		act->fence_waits++;
		clock_sleep_ms(FENCE_WAIT_MS);
	} else {
		act->conflicts++;
		++*tries;
	}
}

int
epoch_until(struct act *act, epoch_try_fn *once, void *ctx, struct outcome *out,
    struct err *e)
{
	int tries = 0, refusals = 0;
	enum act_result r;

	while ((r = once(ctx, out, e)) != ACT_DONE) {
		if (r == ACT_FAILED) {
			/* An answer like OOM over a live connection is not
			 * worth many stagings. */
			if ((db_alive(act->view.db) && refusals++ > 0) ||
			    !db_may_retry(e) || act_recover(act, e) < 0)
				break;
			continue;
		}
		count_retry(act, r, &tries);
		if (sig_stop != 0) {
			err_set(e, EX_TEMPFAIL, "INTERRUPTED",
			    "stopped by signal %d", (int)sig_stop);
			r = ACT_FAILED;
			break;
		}
		if (tries >= TRIES_MAX ||
		    clock_mono_ms() + FENCE_WAIT_MS >= act->deadline) {
			set_rejected(out, "conflict", EX_TEMPFAIL,
			    r == ACT_FENCED
				? "the active epoch stays fenced"
				: "others kept changing the active epoch");
			r = ACT_DONE;
			break;
		}
	}
	return r == ACT_DONE ? 0 : -1;
}

int
epoch_apply(struct act *act, const struct snapshot *s, const struct policy *p,
    struct outcome *out, struct err *e)
{
	struct applying a = {act, s, p, {0}};
	int rc = epoch_until(act, apply_once, &a, out, e);

	current_free(&a.now);
	return rc;
}

enum act_result
epoch_force(struct act *act, const char *symbol, struct span id, struct err *e)
{
	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_META, id);
	act_key(act, KEY_DIRTY, SPAN_NONE);
	act_key(act, KEY_CLEAN, SPAN_NONE);
	act_key(act, KEY_EVENTS, SPAN_NONE);
	act_journal(act, span_str(symbol));
	words_str(&act->args, symbol);
	words_span(&act->args, id);
	if (act_script(act, &script_force_dirty, e) < 0)
		return ACT_FAILED;
	/* Superseded: a newer snapshot did the work.  Damaged: the next
	 * snapshot replaces the epoch. */
	if (act_said(act, "ok") || act_said(act, "superseded") ||
	    act_said(act, "damaged"))
		return ACT_DONE;
	return act_refusal(act, "force_dirty", e);
}

int
epoch_keep(struct act *act, const char *symbol, const char *for_epoch,
    bool dormant, struct outcome *out, struct err *e)
{
	struct buf id = {0};
	int there, rc = -1;

	for (;;) {
		buf_clear(&id);
		there = view_active(&act->view, span_str(symbol), &id, e);
		rc = there < 0 ? -1 : 0;
		if (there == 1 && dormant &&
		    (for_epoch == NULL ||
			span_eq(buf_view(&id), span_str(for_epoch))))
			rc = epoch_force(act, symbol, buf_view(&id), e) ==
				     ACT_DONE
				 ? 0
				 : -1;
		if (rc == 0 || !db_may_retry(e) || act_recover(act, e) < 0)
			break;
	}
	if (rc == 0)
		copy_id(out->id, buf_view(&id));
	buf_free(&id);
	return rc;
}
