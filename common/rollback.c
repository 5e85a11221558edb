/* SPDX-License-Identifier: ISC */
/*
 * Rollback = a promotion of a new id whose board and values are copied from a
 * retained epoch, and to which its symbol is pinned.
 *
 * Why it is right: it is the very promotion of promote.c, with its fence and
 * its commit.  A superseded epoch does not change, so what is copied is what
 * was checked against its seal.  It may be retired meanwhile: then a contract
 * is there as a whole or not at all, one that is not there ends the copy, and
 * the mark, which is set before any goes, tells that this is no damage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rollback.h"
#include "seal.h"

extern const char lua_unpin[];
static struct db_script script_unpin = {.name = "unpin", .text = lua_unpin};

#define PAGE 100       /* of the timeline, read at once */
#define UNPIN_TRIES 20 /* promotions between two looks at epoch:active */

static void
forget_copy(struct rollback *b)
{
	/* Its texts are others': of meta, of the caller. */
	free(b->s.ids);
	buf_free(&b->s.geometry);
	b->s = (struct snapshot){0};
}

void
rollback_free(struct rollback *b)
{
	forget_copy(b);
	current_free(&b->now);
	hash_free(&b->meta);
	buf_free(&b->source);
	buf_free(&b->filter);
}

/* ---- which epoch ---- */

static int
read_page(struct rollback *b, int64_t at, struct words *ids, struct err *e)
{
	struct words *w = &b->act->keys;

	words_clear(ids);
	words_clear(w);
	words_str(w, "LRANGE");
	act_key(b->act, KEY_TIMELINE, span_str(b->symbol));
	words_int(w, at);
	words_int(w, at + PAGE - 1);
	return db_call(
	    b->act->view.db, words_view(w), w->n, act_strings, ids, e);
}

/* Read meta of an id: 1 it can be gone back to, 0 not, -1 and *e. */
static int
look_at(struct rollback *b, struct span id, struct err *e)
{
	struct epoch_id parts;
	int rc;

	if (epoch_id_parse(id, &parts) < 0 || span_eq(id, buf_view(&b->now.id)))
		return 0;
	rc = view_meta(&b->act->view, id, &b->meta, e);
	if (rc > 0)
		rc = hash_get(&b->meta, "created_ts").p != NULL &&
		     !hash_flag(&b->meta, "retired");
	epoch_id_text(&parts, b->from);
	return rc;
}

/* The newest that is neither active nor retired. */
static int
find_last(struct rollback *b, struct err *e)
{
	struct words ids = {0};
	int64_t at = 0;
	int rc = 0;

	do {
		if (read_page(b, at, &ids, e) < 0)
			rc = -1;
		for (size_t i = 0; i < ids.n && rc == 0; i++)
			rc = look_at(b, words_view(&ids)[i], e);
		at += PAGE;
	} while (rc == 0 && ids.n == PAGE);
	words_free(&ids);
	if (rc == 0)
		return err_set(
		    e, EX_NO, "NO_EPOCH", "no epoch is left to go back to");
	return rc < 0 ? -1 : 0;
}

static int
choose(struct rollback *b, struct err *e)
{
	int rc;

	if (!b->now.exists)
		return err_set(e, EX_NO, "NO_EPOCH", "no active epoch");
	/* The one before is what was left then: a repetition must not bring
	 * it back. */
	if (b->to == NULL && hash_flag(&b->now.meta, "pinned"))
		return err_set(e, EX_NO, "PINNED",
		    "went back already, to %.*s: --to says where else",
		    (int)b->now.id.n, b->now.id.p);
	if (b->to == NULL)
		return find_last(b, e);
	if (span_eq(span_str(b->to), buf_view(&b->now.id)))
		return err_set(e, EX_NO, "ACTIVE", "%s is active", b->to);
	rc = look_at(b, span_str(b->to), e);
	if (rc == 0)
		return err_set(
		    e, EX_NO, "NO_EPOCH", "%s is retired, or never was", b->to);
	return rc < 0 ? -1 : 0;
}

/* ---- the copy ---- */

static struct span
life_of(const struct rollback *b)
{
	struct span own = hash_get(&b->meta, "incarnation");

	return own.p == NULL ? SPAN_LIT("") : own;
}

/* Its values against its seal; one that has none gets it. */
static int
check_seal(struct rollback *b, struct err *e)
{
	struct span seal = hash_get(&b->meta, "seal");
	char hash[SHA256_TEXT];
	int rc = seal_compute(&b->act->view, span_str(b->from), hash, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(e, EX_SOFTWARE, "SOURCE",
		    "not all of %s is there", b->from);
	if (seal.p == NULL)
		return seal_keep(
			   b->act, b->symbol, b->from, life_of(b), hash, e) < 0
			   ? -1
			   : 0;
	if (!span_eq(seal, span_str(hash)))
		return err_set(e, EX_SOFTWARE, "SEAL",
		    "%s was changed since it was sealed", b->from);
	return 0;
}

/* The board; that it is canonical check_seal has seen. */
static int
copy_board(struct rollback *b, struct err *e)
{
	struct snapshot *s = &b->s;
	struct buf text = {0};
	struct span *ids = NULL;
	int rc = view_geometry(&b->act->view, span_str(b->from), &text, e);
	long n = rc > 0 ? geom_split(buf_view(&text), &ids) : -1;

	if (rc >= 0 &&
	    (n <= 0 || geom_summarize(ids, (size_t)n, NULL, &s->sum, e) < 0 ||
		!span_eq(hash_get(&b->meta, "geometry_hash"),
		    span_str(s->sum.geometry_hash))))
		rc = err_set(e, EX_SOFTWARE, "SOURCE",
		    "the geometry of %s is not that of its meta", b->from);
	if (rc < 0) {
		free(ids);
		buf_free(&text);
		return -1;
	}
	s->geometry = text;
	s->ids = ids;
	s->board.n = (size_t)n;
	return 0;
}

/* Strings of a snapshot end in a NUL. */
static const char *
text_of(struct rollback *b, const char *field, struct buf *own)
{
	buf_clear(own);
	buf_span(own, hash_get(&b->meta, field));
	return own->n == 0 ? "" : own->p;
}

static int
make_copy(struct rollback *b, struct err *e)
{
	struct snapshot *s = &b->s;

	forget_copy(b);
	if (check_seal(b, e) < 0 || copy_board(b, e) < 0)
		return -1;
	s->copy_of = b->from;
	s->begin_ts = s->end_ts = b->now.now_ms;
	s->symbol = b->symbol;
	s->reason = "rollback";
	s->source = text_of(b, "source", &b->source);
	s->filter = text_of(b, "filter", &b->filter);
	s->spot = hash_get(&b->meta, "spot");
	s->spot_ts = hash_get(&b->meta, "spot_ts");
	return 0;
}

/* What was to be copied is not whole: retired meanwhile, that is a new
 * situation; else it is damage. */
static enum act_result
judge_failure(struct rollback *b, struct err *e)
{
	struct err asked;
	int rc;

	if (strcmp(e->code, "SOURCE") != 0)
		return ACT_FAILED;
	rc = view_retired(&b->act->view, span_str(b->from), &asked);
	if (rc < 0)
		*e = asked;
	return rc > 0 ? ACT_AGAIN : ACT_FAILED;
}

static enum act_result
rollback_once(void *ctx, struct outcome *out, struct err *e)
{
	struct rollback *b = ctx;
	struct verdict v;
	struct span prev;
	enum act_result r;

	current_free(&b->now);
	if (epoch_load(b->act, b->symbol, &b->now, e) < 0 || choose(b, e) < 0)
		return ACT_FAILED;
	*out = (struct outcome){.kind = OUTCOME_REJECTED};
	snprintf(
	    out->id, sizeof(out->id), "%.*s", (int)b->now.id.n, b->now.id.p);
	prev = hash_get(&b->now.meta, "prev");
	snprintf(out->prev, sizeof(out->prev), "%.*s", (int)prev.n, prev.p);
	if (make_copy(b, e) < 0)
		return judge_failure(b, e);
	decide_rollback(&b->now, &b->s, &v);
	out->entered = v.entered;
	out->exited = v.exited;
	r = promote(b->act, &b->now, &b->s, &v, out, e);
	return r == ACT_FAILED ? judge_failure(b, e) : r;
}

int
rollback_apply(struct rollback *b, struct outcome *out, struct err *e)
{
	return epoch_until(b->act, rollback_once, b, out, e);
}

int
rollback_unpin(
    struct act *act, const char *symbol, struct outcome *out, struct err *e)
{
	struct buf id = {0};
	int rc = 0;

	for (int i = 0; i < UNPIN_TRIES; i++) {
		rc = view_active(&act->view, span_str(symbol), &id, e);
		if (rc == 0)
			rc = err_set(e, EX_NO, "NO_EPOCH", "no active epoch");
		if (rc < 0)
			break;
		act_clear(act);
		act_key(act, KEY_ACTIVE, SPAN_NONE);
		act_key(act, KEY_META, buf_view(&id));
		act_journal(act, span_str(symbol));
		words_str(&act->args, symbol);
		words_span(&act->args, buf_view(&id));
		rc = act_script(act, &script_unpin, e);
		if (rc < 0 || !act_said(act, "conflict"))
			break;
		rc = err_set(e, EX_TEMPFAIL, "CONFLICT",
		    "others kept changing the active epoch");
	}
	if (rc == 0 && !act_said(act, "ok") && !act_said(act, "free")) {
		act_refusal(act, "unpin", e);
		rc = -1;
	}
	*out = (struct outcome){.kind = OUTCOME_SAME};
	snprintf(out->id, sizeof(out->id), "%.*s", (int)id.n,
	    id.p == NULL ? "" : id.p);
	buf_free(&id);
	return rc < 0 ? -1 : act_said(act, "ok");
}
