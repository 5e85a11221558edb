/* SPDX-License-Identifier: ISC */
#include "plate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "geom.h"
#include "sha.h"
#include "words.h"

#define FIELDS_MAX (CF_COUNT + 1)
#define CHUNK                                                                  \
	1000 /* members of `changed` a reply; grows when one seq has more */

void
plate_forget(struct plate *p)
{
	p->cursor = 0;
}

void
plate_free(struct plate *p)
{
	hash_free(&p->meta);
	buf_free(&p->geometry);
	free(p->ids);
	*p = (struct plate){.n = 0};
}

/* ---- meta ---- */

int
plate_look(struct plate *p, const struct view *v, const char *id, struct err *e)
{
	struct hash meta = {0};
	int64_t full = 0;
	int rc = view_meta(v, span_str(id), &meta, e);

	if (rc <= 0 || hash_get(&meta, "created_ts").p == NULL ||
	    hash_flag(&meta, "retired")) {
		hash_free(&meta);
		plate_forget(p);
		return rc < 0 ? -1 : 0;
	}
	if (strcmp(p->id, id) != 0 ||
	    !span_eq(hash_get(&p->meta, "incarnation"),
		hash_get(&meta, "incarnation")))
		plate_forget(p);
	hash_free(&p->meta);
	p->meta = meta;
	p->seq = 0;
	hash_int(&meta, "seq", &p->seq);
	hash_int(&meta, "full_seq", &full);
	if (p->seq < p->cursor || full > p->cursor)
		plate_forget(p);
	snprintf(p->id, sizeof(p->id), "%s", id);
	if (epoch_id_parse(span_str(p->id), &p->parts) < 0)
		return err_set(
		    e, EX_SOFTWARE, "ACTIVE_ID", "no epoch id: %.60s", id);
	return 1;
}

/* ---- contracts ---- */

struct taking {
	struct plate *p;
	const struct plate_reader *r;
	size_t missing, strange, taken;
	const size_t *at; /* of the i-th contract asked for; NULL: i */
};

static void
on_contract(size_t i, const struct contract *c, void *ctx)
{
	struct taking *t = ctx;

	if (c == NULL) {
		t->missing++;
		return;
	}
	t->taken++;
	t->r->take(t->r->ctx, t->at == NULL ? i : t->at[i], c);
}

static int
read_fields(struct taking *t, const struct view *v, const struct span *cids,
    size_t n, struct err *e)
{
	enum contract_field fields[FIELDS_MAX];
	size_t n_fields = 0;

	/* One that every contract has: without it, it is not there. */
	fields[n_fields++] = CF_RIGHT;
	for (size_t i = 0; i < t->r->n_fields && n_fields < FIELDS_MAX; i++)
		fields[n_fields++] = t->r->fields[i];
	return view_fields(v, span_str(t->p->id), cids, n, fields, n_fields,
	    on_contract, t, e);
}

/* The geometry, which must be the one that meta names.  1, 0 not there, -1 */
static int
read_ids(struct plate *p, const struct view *v, struct err *e)
{
	char hash[GEOM_HASH_TEXT] = "";
	int rc = view_geometry(v, span_str(p->id), &p->geometry, e);
	long n = -1;

	if (rc <= 0)
		return rc;
	free(p->ids);
	p->ids = NULL;
	p->n = 0;
	sha256_hex(buf_view(&p->geometry), hash);
	if (span_eq(hash_get(&p->meta, "geometry_hash"), span_str(hash)))
		n = geom_split(buf_view(&p->geometry), &p->ids);
	if (n < 0)
		return err_set(e, EX_DATAERR, "DAMAGED",
		    "the geometry is not the one that meta names");
	p->n = (size_t)n;
	return 1;
}

static int
read_whole(struct taking *t, const struct view *v, struct err *e)
{
	struct plate *p = t->p;
	int rc = read_ids(p, v, e);

	if (rc <= 0)
		return rc;
	if (t->r->begin(t->r->ctx, p, e) < 0)
		return -1;
	return read_fields(t, v, p->ids, p->n, e);
}

/* ---- what changed ---- */

/* One reply of ZRANGEBYSCORE … WITHSCORES: where its ids stand. */
struct chunk {
	struct taking *t;
	size_t *at;
	struct span *cids;
	size_t n, cap, members;
	int64_t last; /* the highest seq in it */
};

static int
by_id(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return span_cmp(*x, *y);
}

static void
on_changed(const struct db_val *v, void *ctx)
{
	struct chunk *c = ctx;
	struct plate *p = c->t->p;

	c->n = 0;
	c->members = db_len(v) / 2;
	if (c->members > c->cap) {
		c->cap = c->members;
		c->at = mem_grow(c->at, c->cap, sizeof(*c->at));
		c->cids = mem_grow(c->cids, c->cap, sizeof(*c->cids));
	}
	for (size_t i = 0; i < c->members; i++) {
		struct span cid = db_str(db_at(v, 2 * i));
		const struct span *known =
		    p->n == 0 ? NULL
			      : bsearch(&cid, p->ids, p->n, sizeof(cid), by_id);

		span_int(db_str(db_at(v, 2 * i + 1)), &c->last);
		if (known == NULL) {
			c->t->strange++;
			continue;
		}
		c->at[c->n] = (size_t)(known - p->ids);
		c->cids[c->n++] = *known;
	}
}

/* Members of `changed` with a seq from `from` on, at most `limit`. */
static int
ask_changed(struct chunk *c, const struct view *v, int64_t from, size_t limit,
    struct err *e)
{
	struct words w = {0};
	int rc;

	words_str(&w, "ZRANGEBYSCORE");
	key_add(
	    &w.text, v->keys, KEY_CHANGED, span_str(c->t->p->id), SPAN_NONE);
	words_close(&w);
	words_int(&w, from);
	words_str(&w, "+inf");
	words_str(&w, "WITHSCORES");
	words_str(&w, "LIMIT");
	words_str(&w, "0");
	words_int(&w, (int64_t)limit);
	rc = db_call(v->db, words_view(&w), w.n, on_changed, c, e);
	words_free(&w);
	return rc;
}

/*
 * In chunks by seq, not by rank: a member that changes meanwhile moves to a
 * higher seq, never to one that was passed.  A chunk begins with the seq at
 * which the last one ended, so members of one seq are not lost between two.
 */
static int
read_changed(struct taking *t, const struct view *v, struct err *e)
{
	int64_t from = t->p->cursor + 1;
	struct chunk c = {.t = t};
	size_t limit = CHUNK;
	int rc;

	for (;;) {
		size_t asked = limit;

		c.last = from;
		rc = ask_changed(&c, v, from, asked, e);
		t->at = c.at;
		if (rc == 0 && c.n > 0)
			rc = read_fields(t, v, c.cids, c.n, e);
		if (rc < 0 || c.members < asked)
			break;
		if (c.last == from)
			limit *= 2;
		from = c.last;
	}
	free(c.at);
	free(c.cids);
	return rc < 0 ? -1 : 1;
}

/* ---- together ---- */

/* What is missing may just have been retired. */
static int
judge_missing(struct taking *t, const struct view *v, struct err *e)
{
	struct plate *p = t->p;
	char id[EPOCH_ID_MAX];
	int rc;

	memcpy(id, p->id, sizeof(id));
	rc = plate_look(p, v, id, e);
	if (rc <= 0)
		return rc;
	if (t->missing > 0)
		return err_set(e, EX_DATAERR, "DAMAGED",
		    "%zu contracts of %zu are not there", t->missing, p->n);
	if (t->strange > 0)
		return err_set(e, EX_DATAERR, "DAMAGED",
		    "%zu changed contracts are not on the board", t->strange);
	return err_set(e, EX_DATAERR, "DAMAGED", "the geometry is gone");
}

int
plate_read(struct plate *p, const struct view *v, const struct plate_reader *r,
    size_t *taken, struct err *e)
{
	struct taking t = {.p = p, .r = r};
	int64_t seq = p->seq;
	int rc;

	rc = p->cursor == 0 ? read_whole(&t, v, e) : read_changed(&t, v, e);
	*taken = t.taken;
	if (rc == 0 || (rc > 0 && t.missing + t.strange > 0))
		rc = judge_missing(&t, v, e);
	if (rc <= 0) {
		plate_forget(p);
		return rc;
	}
	p->cursor = seq;
	return 1;
}
