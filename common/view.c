/* SPDX-License-Identifier: ISC */
#include "view.h"

#include <stdlib.h>

void
hash_free(struct hash *h)
{
	buf_free(&h->own);
	free(h->f);
	*h = (struct hash){{0}, NULL, 0};
}

static const struct hash_field *
hash_find(const struct hash *h, const char *name)
{
	struct span want = span_str(name);
	size_t lo = 0, hi = h->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int cmp = span_cmp(h->f[mid].name, want);

		if (cmp == 0)
			return &h->f[mid];
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

struct span
hash_get(const struct hash *h, const char *name)
{
	const struct hash_field *f = hash_find(h, name);

	return f == NULL ? SPAN_NONE : f->value;
}

int
hash_int(const struct hash *h, const char *name, int64_t *out)
{
	const struct hash_field *f = hash_find(h, name);

	return f == NULL ? -1 : span_int(f->value, out);
}

bool
hash_flag(const struct hash *h, const char *name)
{
	struct span s = hash_get(h, name);

	return s.n > 0 && !span_eq(s, SPAN_LIT("0"));
}

static int
by_name(const void *a, const void *b)
{
	const struct hash_field *fa = a, *fb = b;

	return span_cmp(fa->name, fb->name);
}

/* Copy bytes into memory reserved before, so that spans stay where they are. */
static struct span
keep(struct buf *own, struct span s)
{
	size_t at = own->n;

	buf_span(own, s);
	return (struct span){own->p + at, s.n};
}

/* The strings of an array reply, copied. */
static struct span *
copy_strings(const struct db_val *v, struct buf *own)
{
	struct span *s = mem_alloc((db_len(v) + 1) * sizeof(*s));
	size_t total = 1;

	for (size_t i = 0; i < db_len(v); i++)
		total += db_str(db_at(v, i)).n;
	buf_clear(own);
	buf_reserve(own, total);
	for (size_t i = 0; i < db_len(v); i++)
		s[i] = keep(own, db_str(db_at(v, i)));
	return s;
}

void
hash_read(const struct db_val *v, void *ctx)
{
	struct hash *h = ctx;
	struct span *s;

	free(h->f);
	h->n = db_len(v) / 2;
	s = copy_strings(v, &h->own);
	h->f = mem_alloc((h->n + 1) * sizeof(*h->f));
	for (size_t i = 0; i < h->n; i++)
		h->f[i] = (struct hash_field){s[2 * i], s[2 * i + 1]};
	free(s);
	if (h->n > 0)
		qsort(h->f, h->n, sizeof(*h->f), by_name);
}

/* One command of up to four words, the second of which is a key. */
static int
ask(const struct view *v, const char *verb, enum key_name name, struct span of,
    struct span a, struct span b, db_fn *fn, void *ctx, struct err *e)
{
	struct buf key = {0};
	struct span argv[4];
	size_t n = 0;
	int rc;

	key_add(&key, v->keys, name, of, SPAN_NONE);
	argv[n++] = span_str(verb);
	argv[n++] = buf_view(&key);
	if (a.p != NULL)
		argv[n++] = a;
	if (b.p != NULL)
		argv[n++] = b;
	rc = db_call(v->db, argv, n, fn, ctx, e);
	buf_free(&key);
	return rc;
}

int
view_actives(const struct view *v, struct hash *out, struct err *e)
{
	if (ask(v, "HGETALL", KEY_ACTIVE, SPAN_NONE, SPAN_NONE, SPAN_NONE,
		hash_read, out, e) < 0)
		return -1;
	return out->n > 0;
}

int
view_meta(const struct view *v, struct span id, struct hash *out, struct err *e)
{
	if (ask(v, "HGETALL", KEY_META, id, SPAN_NONE, SPAN_NONE, hash_read,
		out, e) < 0)
		return -1;
	return out->n > 0;
}

int
view_retired(const struct view *v, struct span id, struct err *e)
{
	struct hash meta = {0};
	int rc = view_meta(v, id, &meta, e);

	if (rc >= 0)
		rc = rc == 0 || hash_flag(&meta, "retired");
	hash_free(&meta);
	return rc;
}

int
view_pending(
    const struct view *v, struct span symbol, struct hash *out, struct err *e)
{
	if (ask(v, "HGETALL", KEY_PENDING, symbol, SPAN_NONE, SPAN_NONE,
		hash_read, out, e) < 0)
		return -1;
	return out->n > 0;
}

struct text_reply {
	struct buf *text;
	bool there;
};

static void
read_text(const struct db_val *v, void *ctx)
{
	struct text_reply *r = ctx;

	r->there = db_type(v) != DB_NIL;
	buf_clear(r->text);
	buf_span(r->text, db_str(v));
}

int
view_active(
    const struct view *v, struct span symbol, struct buf *id, struct err *e)
{
	struct text_reply r = {id, false};

	if (ask(v, "HGET", KEY_ACTIVE, SPAN_NONE, symbol, SPAN_NONE, read_text,
		&r, e) < 0)
		return -1;
	return r.there;
}

int
view_geometry(
    const struct view *v, struct span id, struct buf *text, struct err *e)
{
	struct text_reply r = {text, false};

	if (ask(v, "GET", KEY_GEOMETRY, id, SPAN_NONE, SPAN_NONE, read_text, &r,
		e) < 0)
		return -1;
	return r.there;
}

struct list_reply {
	struct buf *own;
	struct span **items;
	size_t *n;
};

static void
read_list(const struct db_val *v, void *ctx)
{
	struct list_reply *r = ctx;

	free(*r->items);
	*r->items = copy_strings(v, r->own);
	*r->n = db_len(v);
}

int
view_timeline(const struct view *v, struct span symbol, struct buf *own,
    struct span **ids, size_t *n, struct err *e)
{
	struct list_reply r = {own, ids, n};

	*ids = NULL;
	*n = 0;
	if (ask(v, "LRANGE", KEY_TIMELINE, symbol, SPAN_LIT("0"),
		SPAN_LIT("-1"), read_list, &r, e) < 0)
		return -1;
	return *n > 0;
}

/* ---- contracts ---- */

struct contracts_reply {
	struct span symbol;
	const struct span *cids;
	const enum contract_field *fields; /* NULL: all */
	size_t n_fields, next;
	view_contract_fn *fn;
	void *ctx;
};

/* DESIGN's ts of a contract: the newer of its quote and its trade. */
static int64_t
newest(const struct contract *c)
{
	int64_t quote = 0, trade = 0;

	if (c->f[CF_QUOTE_TS].p != NULL)
		span_int(c->f[CF_QUOTE_TS], &quote);
	if (c->f[CF_TRADE_TS].p != NULL)
		span_int(c->f[CF_TRADE_TS], &trade);
	return quote > trade ? quote : trade;
}

static enum contract_field
field_at(const struct contracts_reply *r, size_t i)
{
	return r->fields == NULL ? (enum contract_field)i : r->fields[i];
}

static void
read_contract(const struct db_val *v, void *ctx)
{
	struct contracts_reply *r = ctx;
	struct contract c = {0, r->symbol, r->cids[r->next], {SPAN_NONE}};
	bool there = false;

	for (size_t i = 0; i < r->n_fields; i++) {
		const struct db_val *field = db_at(v, i);

		if (db_type(field) == DB_STR) {
			c.f[field_at(r, i)] = db_str(field);
			there = true;
		}
	}
	if (r->fields == NULL)
		c.ts = newest(&c);
	r->fn(r->next++, there ? &c : NULL, r->ctx);
}

/* Their names, in RESP: the same tail for every contract. */
static void
fields_resp(const struct contracts_reply *r, struct buf *b)
{
	for (size_t i = 0; i < r->n_fields; i++)
		db_resp_arg(b, span_str(contract_fields[field_at(r, i)].name));
}

static int
ask_contracts(const struct view *v, struct span id, size_t n,
    struct contracts_reply *r, struct err *e)
{
	struct buf cmd = {0}, key = {0}, tail = {0};
	struct epoch_id parts;
	struct err drained;
	int rc = 0;

	if (epoch_id_parse(id, &parts) == 0)
		r->symbol = span_str(parts.symbol);
	fields_resp(r, &tail);
	for (size_t i = 0; i < n && rc == 0; i++) {
		buf_clear(&cmd);
		buf_clear(&key);
		key_add(&key, v->keys, KEY_CONTRACT, id, r->cids[i]);
		db_resp_head(&cmd, 2 + r->n_fields);
		db_resp_arg(&cmd, SPAN_LIT("HMGET"));
		db_resp_arg(&cmd, buf_view(&key));
		buf_span(&cmd, buf_view(&tail));
		rc = db_push_raw(v->db, buf_view(&cmd), read_contract, r, e);
	}
	/* Drained even so: r must not be written to after this function. */
	if (db_drain(v->db, &drained) < 0 && rc == 0) {
		*e = drained;
		rc = -1;
	}
	buf_free(&cmd);
	buf_free(&key);
	buf_free(&tail);
	return rc < 0 ? -1 : 1;
}

int
view_contracts(const struct view *v, struct span id, const struct span *cids,
    size_t n, view_contract_fn *fn, void *ctx, struct err *e)
{
	struct contracts_reply r = {id, cids, NULL, CF_COUNT, 0, fn, ctx};

	return ask_contracts(v, id, n, &r, e);
}

int
view_fields(const struct view *v, struct span id, const struct span *cids,
    size_t n, const enum contract_field *fields, size_t n_fields,
    view_contract_fn *fn, void *ctx, struct err *e)
{
	struct contracts_reply r = {id, cids, fields, n_fields, 0, fn, ctx};

	return ask_contracts(v, id, n, &r, e);
}
