/* SPDX-License-Identifier: ISC */
/*
 * One moment of a symbol: active, timeline, metas, marks.
 *
 * They are read in one pipeline that begins and ends with active and
 * timeline.  When both ends are the same, no promotion fell in between (ids
 * never come back), and what does not fit together is damage, not haste.
 */
#include <stdlib.h>

#include "check.h"

#define TRIES 5

void
moment_free(struct moment *s)
{
	for (size_t i = 0; i < s->n_epochs; i++)
		hash_free(&s->epochs[i].meta);
	buf_free(&s->active.text);
	buf_free(&s->active_after.text);
	buf_free(&s->last.text);
	buf_free(&s->ids_own);
	buf_free(&s->after_own);
	free(s->ids);
	free(s->after);
	free(s->epochs);
	*s = (struct moment){.n = 0};
}

static void
read_text(const struct db_val *v, void *ctx)
{
	struct word_text *w = ctx;

	w->there = db_type(v) == DB_STR;
	buf_clear(&w->text);
	buf_span(&w->text, db_str(v));
}

static void
read_there(const struct db_val *v, void *ctx)
{
	bool *there = ctx;

	*there = db_type(v) == DB_STR || db_int(v) != 0;
}

/* Is active among the dirty and clean ones? */
static void
read_tracked(const struct db_val *v, void *ctx)
{
	struct moment *s = ctx;

	s->tracked = false;
	for (size_t i = 0; i < db_len(v); i++)
		if (span_eq(db_str(db_at(v, i)), buf_view(&s->active.text)))
			s->tracked = true;
}

/* VERB KEY [WORD]; the key's name is in key. */
static int
ask(struct check *c, struct buf *key, const char *verb, struct span word,
    db_fn *fn, void *ctx, struct err *e)
{
	struct span argv[3] = {span_str(verb), buf_view(key), word};
	int rc =
	    db_push(c->in->view.db, argv, word.p == NULL ? 2 : 3, fn, ctx, e);

	buf_clear(key);
	return rc;
}

/* The epochs that the timeline names, and active, if it is none of them. */
static void
list_epochs(struct moment *s)
{
	bool listed = false;

	s->epochs = mem_zalloc((s->n + 1) * sizeof(*s->epochs));
	for (size_t i = 0; i <= s->n; i++) {
		struct seen *x = &s->epochs[s->n_epochs];

		if (i == s->n && (listed || !s->active.there))
			break;
		x->text = i < s->n ? s->ids[i] : buf_view(&s->active.text);
		listed |= span_eq(x->text, buf_view(&s->active.text));
		x->well_formed = epoch_id_parse(x->text, &x->id) == 0;
		if (x->well_formed)
			epoch_id_text(&x->id, x->name);
		s->n_epochs++;
	}
}

static int
ask_epochs(struct check *c, struct moment *s, struct buf *key, struct err *e)
{
	const struct keys *k = c->in->view.keys;
	struct span none = SPAN_NONE;

	for (size_t i = 0; i < s->n_epochs; i++) {
		struct seen *x = &s->epochs[i];

		if (!x->well_formed)
			continue;
		key_add(key, k, KEY_META, span_str(x->name), none);
		if (ask(c, key, "HGETALL", none, hash_read, &x->meta, e) < 0)
			return -1;
		key_add(key, k, KEY_STAGING, none, none);
		if (ask(c, key, "ZSCORE", span_str(x->name), read_there,
			&x->staged, e) < 0)
			return -1;
	}
	return 0;
}

/* Everything but the ends. */
static int
ask_middle(struct check *c, struct moment *s, struct err *e)
{
	const struct keys *k = c->in->view.keys;
	struct span argv[3] = {SPAN_LIT("SUNION")}, none = SPAN_NONE;
	struct buf key = {0}, dirty = {0}, clean = {0};
	int rc = ask_epochs(c, s, &key, e);

	key_add(&dirty, k, KEY_DIRTY, none, none);
	key_add(&clean, k, KEY_CLEAN, none, none);
	argv[1] = buf_view(&dirty);
	argv[2] = buf_view(&clean);
	/* Together: between two SISMEMBERs an ack could move it. */
	if (rc == 0)
		rc = db_push(c->in->view.db, argv, 3, read_tracked, s, e);
	key_add(&key, k, KEY_LAST, none, none);
	if (rc == 0)
		rc = ask(c, &key, "HGET", span_str(c->symbol), read_text,
		    &s->last, e);
	key_add(&key, k, KEY_ACTIVE, none, none);
	if (rc == 0)
		rc = ask(c, &key, "HGET", span_str(c->symbol), read_text,
		    &s->active_after, e);
	buf_free(&key);
	buf_free(&dirty);
	buf_free(&clean);
	return rc;
}

/* The oldest one's prev: may be gone, must not be there and unlisted. */
static int
ask_tail(struct check *c, struct moment *s, struct err *e)
{
	struct span prev = SPAN_NONE;
	struct epoch_id id;
	struct buf key = {0};
	int rc = 0;

	if (s->n > 0)
		prev = hash_get(&s->epochs[s->n - 1].meta, "prev");
	if (prev.p == NULL || epoch_id_parse(prev, &id) < 0)
		return 0;
	key_add(&key, c->in->view.keys, KEY_META, prev, SPAN_NONE);
	if (ask(c, &key, "EXISTS", SPAN_NONE, read_there, &s->tail_there, e) <
	    0)
		rc = -1;
	buf_free(&key);
	return db_drain(c->in->view.db, e) < 0 ? -1 : rc;
}

static bool
same_ends(const struct moment *s)
{
	if (s->active.there != s->active_after.there ||
	    !span_eq(
		buf_view(&s->active.text), buf_view(&s->active_after.text)) ||
	    s->n != s->n_after)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!span_eq(s->ids[i], s->after[i]))
			return false;
	return true;
}

static int
read_once(struct check *c, struct moment *s, struct err *e)
{
	struct view *v = &c->in->view;
	struct span symbol = span_str(c->symbol);
	struct err drained;
	int rc = view_active(v, symbol, &s->active.text, e);

	if (rc < 0)
		return -1;
	s->active.there = rc > 0;
	if (view_timeline(v, symbol, &s->ids_own, &s->ids, &s->n, e) < 0)
		return -1;
	list_epochs(s);
	rc = ask_middle(c, s, e);
	if (db_drain(v->db, &drained) < 0 && rc == 0) {
		*e = drained;
		rc = -1;
	}
	if (rc < 0 || ask_tail(c, s, e) < 0)
		return -1;
	return view_timeline(
		   v, symbol, &s->after_own, &s->after, &s->n_after, e) < 0
		   ? -1
		   : 0;
}

int
moment_read(struct check *c, struct moment *s, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		moment_free(s);
		if (read_once(c, s, e) < 0)
			return -1;
		if (same_ends(s))
			return 1;
	}
	return 0;
}
