/* SPDX-License-Identifier: ISC */
#include "row.h"

#include <stdlib.h>

#include "clock.h"

/* ---- reading ---- */

static void
read_flag(const struct db_val *v, void *ctx)
{
	bool *flag = ctx;

	*flag = db_int(v) != 0;
}

static void
read_word(const struct db_val *v, void *ctx)
{
	struct word *w = ctx;
	struct span s = db_str(v);

	w->there = db_type(v) == DB_STR && s.n < sizeof(w->text);
	if (w->there)
		memcpy(w->text, s.p, s.n);
	w->text[w->there ? s.n : 0] = '\0';
}

/* VERB KEY [WORD] */
static int
ask(struct inspect *in, struct buf *key, const char *verb, struct span word,
    db_fn *fn, void *ctx, struct err *e)
{
	struct span argv[3] = {span_str(verb), buf_view(key), word};
	int rc;

	rc = db_push(in->view.db, argv, word.p == NULL ? 2 : 3, fn, ctx, e);
	buf_clear(key);
	return rc;
}

static int
ask_row(struct inspect *in, struct row *r, struct buf *key, struct err *e)
{
	const struct keys *k = in->view.keys;
	struct span id = span_str(r->t->id), none = SPAN_NONE;

	key_add(key, k, KEY_META, id, none);
	if (ask(in, key, "HGETALL", none, hash_read, &r->meta, e) < 0)
		return -1;
	key_add(key, k, KEY_DIRTY, none, none);
	if (ask(in, key, "SISMEMBER", id, read_flag, &r->dirty, e) < 0)
		return -1;
	key_add(key, k, KEY_CLEAN, none, none);
	if (ask(in, key, "SISMEMBER", id, read_flag, &r->clean, e) < 0)
		return -1;
	key_add(key, k, KEY_HAD_WS, id, none);
	if (ask(in, key, "GET", none, read_word, &r->had_ws, e) < 0)
		return -1;
	key_add(key, k, KEY_MODEL, id, SPAN_LIT("heatmap"));
	if (ask(in, key, "HGET", SPAN_LIT("contracts"), read_word, &r->heatmap,
		e) < 0)
		return -1;
	key_add(key, k, KEY_MODEL, id, SPAN_LIT("gex"));
	return ask(
	    in, key, "HGET", SPAN_LIT("contracts"), read_word, &r->gex, e);
}

/* When it began, by what it says itself. */
static int64_t
own_since(const struct row *r)
{
	struct epoch_id id;
	int64_t snapshot;

	if (epoch_id_parse(span_str(r->t->id), &id) < 0)
		return 0;
	if (hash_int(&r->meta, "snapshot_ts", &snapshot) == 0 &&
	    snapshot / 1000 == id.seconds)
		return snapshot;
	return id.seconds * 1000;
}

int
rows_read(struct inspect *in, const struct target *t, size_t n,
    struct row **rows, struct err *e)
{
	struct buf key = {0};
	struct err drained;
	int rc = 0;

	*rows = mem_zalloc((n + 1) * sizeof(struct row));
	for (size_t i = 0; i < n && rc == 0; i++) {
		(*rows)[i].t = &t[i];
		rc = ask_row(in, &(*rows)[i], &key, e);
	}
	/* Even after a failure: answers may still be on their way to rows. */
	if (db_drain(in->view.db, &drained) < 0 && rc == 0) {
		*e = drained;
		rc = -1;
	}
	for (size_t i = 0; i < n; i++)
		(*rows)[i].since = own_since(&(*rows)[i]);
	buf_free(&key);
	if (rc < 0) {
		rows_free(*rows, n);
		*rows = NULL;
	}
	return rc;
}

/* The one before says it exactly, if it is there. */
void
rows_since(struct row *rows, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (span_eq(hash_get(&rows[i + 1].meta, "superseded_by"),
			span_str(rows[i].t->id)))
			hash_int(
			    &rows[i + 1].meta, "superseded_ts", &rows[i].since);
}

void
rows_free(struct row *rows, size_t n)
{
	for (size_t i = 0; rows != NULL && i < n; i++)
		hash_free(&rows[i].meta);
	free(rows);
}

/* ---- fields ---- */

static void
get_symbol(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	buf_str(b, r->t->symbol);
}

static void
get_epoch_id(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	buf_str(b, r->t->id);
}

/* A clock that is behind the writer's must not show a negative age. */
static void
get_age(const struct row *r, int64_t now, struct buf *b)
{
	int64_t created;

	if (hash_int(&r->meta, "created_ts", &created) == 0)
		buf_int(b, now / 1000 > created ? now / 1000 - created : 0);
}

static void
add_utc(struct buf *b, int64_t s)
{
	char text[20];

	if (s < 0 || s > INT64_C(253402300799))
		return;
	clock_utc_text(s * 1000, text);
	buf_str(b, text);
}

static void
get_created(const struct row *r, int64_t now, struct buf *b)
{
	int64_t created;

	(void)now;
	if (hash_int(&r->meta, "created_ts", &created) == 0)
		add_utc(b, created);
}

static void
get_since(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	add_utc(b, r->since / 1000);
}

static void
get_since_ts(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	buf_int(b, r->since);
}

static void
get_until(const struct row *r, int64_t now, struct buf *b)
{
	int64_t until;

	(void)now;
	if (hash_int(&r->meta, "superseded_ts", &until) == 0)
		add_utc(b, until / 1000);
}

static void
add_flag(struct buf *b, bool flag)
{
	buf_str(b, flag ? "yes" : "no");
}

static void
get_dirty(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	add_flag(b, r->dirty);
}

static void
get_clean(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	add_flag(b, r->clean);
}

static void
get_dormant(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	buf_span(b, hash_get(&r->meta, "dormant_count"));
}

static void
get_forced(const struct row *r, int64_t now, struct buf *b)
{
	struct span forced = hash_get(&r->meta, "forced_dirty");

	(void)now;
	if (forced.p != NULL)
		add_flag(b, !span_eq(forced, SPAN_LIT("0")));
}

static void
get_ws(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	if (r->had_ws.there)
		add_flag(b, strcmp(r->had_ws.text, "0") != 0);
}

static void
get_heatmap(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	buf_str(b, r->heatmap.there ? r->heatmap.text : "0");
}

static void
get_gex(const struct row *r, int64_t now, struct buf *b)
{
	(void)now;
	buf_str(b, r->gex.there ? r->gex.text : "0");
}

/* "gex=12,heatmap=9": which change each model has acknowledged. */
static void
get_models(const struct row *r, int64_t now, struct buf *b)
{
	static const char ack[] = "ack:";
	const size_t skip = sizeof(ack) - 1;
	const char *comma = "";

	(void)now;
	for (size_t i = 0; i < r->meta.n; i++) {
		struct span name = r->meta.f[i].name;

		if (name.n <= skip || memcmp(name.p, ack, skip) != 0)
			continue;
		buf_str(b, comma);
		buf_add(b, name.p + skip, name.n - skip);
		buf_char(b, '=');
		buf_span(b, r->meta.f[i].value);
		comma = ",";
	}
}

/* "sealed,retired": what was done to it since.  The pin is its successor's
 * once it has one. */
static void
get_marks(const struct row *r, int64_t now, struct buf *b)
{
	static const struct {
		const char *field, *name;
	} marks[] = {{"pinned", "pinned"}, {"keep", "keep"}, {"seal", "sealed"},
	    {"retired", "retired"}};
	bool superseded = hash_get(&r->meta, "superseded_by").p != NULL;

	(void)now;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (!hash_flag(&r->meta, marks[i].field) ||
		    (i == 0 && superseded))
			continue;
		if (b->n > 0)
			buf_char(b, ',');
		buf_str(b, marks[i].name);
	}
}

const struct field row_fields[] = {
    {"age", get_age, FIELD_NUMBER, "age_s"},
    {"begin_ts", NULL, FIELD_NUMBER, NULL},
    {"carried", NULL, FIELD_NUMBER, NULL},
    {"clean", get_clean, FIELD_FLAG, NULL},
    {"contract_count", NULL, FIELD_NUMBER, NULL},
    {"created", get_created, FIELD_TEXT, NULL},
    {"created_ts", NULL, FIELD_NUMBER, NULL},
    {"dirty", get_dirty, FIELD_FLAG, NULL},
    {"dormant", get_dormant, FIELD_NUMBER, NULL},
    {"dormant_count", NULL, FIELD_NUMBER, NULL},
    {"entered", NULL, FIELD_NUMBER, NULL},
    {"epoch_id", get_epoch_id, FIELD_TEXT, NULL},
    {"exited", NULL, FIELD_NUMBER, NULL},
    {"expiration_count", NULL, FIELD_NUMBER, NULL},
    {"filter", NULL, FIELD_TEXT, NULL},
    {"forced", get_forced, FIELD_FLAG, NULL},
    {"forced_dirty", NULL, FIELD_NUMBER, NULL},
    {"forced_ts", NULL, FIELD_NUMBER, NULL},
    {"full_seq", NULL, FIELD_NUMBER, NULL},
    {"geometry_hash", NULL, FIELD_TEXT, NULL},
    {"gex", get_gex, FIELD_NUMBER, NULL},
    {"grid_hash", NULL, FIELD_TEXT, NULL},
    {"heatmap", get_heatmap, FIELD_NUMBER, NULL},
    {"incarnation", NULL, FIELD_TEXT, NULL},
    {"keep", NULL, FIELD_TEXT, NULL},
    {"last_tick_ts", NULL, FIELD_NUMBER, NULL},
    {"marks", get_marks, FIELD_TEXT, NULL},
    {"models", get_models, FIELD_TEXT, NULL},
    {"pinned", NULL, FIELD_TEXT, NULL},
    {"prev", NULL, FIELD_TEXT, NULL},
    {"reason", NULL, FIELD_TEXT, NULL},
    {"retired", NULL, FIELD_TEXT, NULL},
    {"seal", NULL, FIELD_TEXT, NULL},
    {"seq", NULL, FIELD_NUMBER, NULL},
    {"since", get_since, FIELD_TEXT, NULL},
    {"since_ts", get_since_ts, FIELD_NUMBER, NULL},
    {"snapshot_ts", NULL, FIELD_NUMBER, NULL},
    {"source", NULL, FIELD_TEXT, NULL},
    {"spot", NULL, FIELD_NUMBER, NULL},
    {"spot_ts", NULL, FIELD_NUMBER, NULL},
    {"strike_count", NULL, FIELD_NUMBER, NULL},
    {"superseded_by", NULL, FIELD_TEXT, NULL},
    {"superseded_ts", NULL, FIELD_NUMBER, NULL},
    {"symbol", get_symbol, FIELD_TEXT, NULL},
    {"ticks", NULL, FIELD_NUMBER, NULL},
    {"until", get_until, FIELD_TEXT, NULL},
    {"ws", get_ws, FIELD_FLAG, NULL},
};

const size_t row_fields_n = sizeof(row_fields) / sizeof(row_fields[0]);

static int
by_name(const void *key, const void *element)
{
	const struct span *name = key;
	const struct field *f = element;

	return span_cmp(*name, span_str(f->name));
}

const struct field *
field_find(struct span name)
{
	return bsearch(
	    &name, row_fields, row_fields_n, sizeof(row_fields[0]), by_name);
}

void
field_get(
    const struct field *f, const struct row *r, int64_t now, struct buf *b)
{
	if (r->t->id[0] == '\0' && f->get != get_symbol)
		return;
	if (f->get != NULL)
		f->get(r, now, b);
	else
		buf_span(b, hash_get(&r->meta, f->name));
}
