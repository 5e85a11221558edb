/* SPDX-License-Identifier: ISC */
/*
 * --models: which model is behind on which epoch, and by how much.
 *
 * Behind is what an epoch is dirty for: changes since the seq that a model
 * acknowledged.  Registrations and epochs are read one after the other, so a
 * model that was registered in between is shown without an ack.
 */
#include <stdio.h>
#include <stdlib.h>

#include "inspect.h"
#include "row.h"
#include "words.h"

static const struct column columns[] = {
    {"MODEL", NULL, 16},
    {"SYMBOL", NULL, 8},
    {"EPOCH_ID", NULL, 29},
    {"SEQ", NULL, 9},
    {"ACKED", NULL, 9},
    {"BEHIND", NULL, 9},
    {"DIRTY", NULL, 7},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* A registration, NAME or NAME@SYMBOL, taken apart. */
struct member {
	struct span name, symbol;
};

struct members {
	struct words text;
	struct member *list;
	size_t n;
};

static void
on_members(const struct db_val *v, void *ctx)
{
	struct members *m = ctx;

	for (size_t i = 0; i < db_len(v); i++)
		words_span(&m->text, db_str(db_at(v, i)));
}

static int
by_name(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int c = span_cmp(x->name, y->name);

	return c != 0 ? c : span_cmp(x->symbol, y->symbol);
}

static int
members_read(struct inspect *in, struct members *m, struct err *e)
{
	struct span argv[2] = {SPAN_LIT("SMEMBERS")};
	const struct span *texts;
	struct buf key = {0};
	int rc;

	key_add(&key, in->view.keys, KEY_MODELS, SPAN_NONE, SPAN_NONE);
	argv[1] = buf_view(&key);
	rc = db_call(in->view.db, argv, 2, on_members, m, e);
	buf_free(&key);
	m->n = m->text.n;
	m->list = mem_zalloc((m->n + 1) * sizeof(*m->list));
	texts = words_view(&m->text);
	for (size_t i = 0; i < m->n; i++) {
		const char *at = texts[i].n == 0
				     ? NULL
				     : memchr(texts[i].p, '@', texts[i].n);

		m->list[i].name = texts[i];
		m->list[i].symbol = SPAN_LIT("");
		if (at != NULL) {
			m->list[i].name.n = (size_t)(at - texts[i].p);
			m->list[i].symbol = (struct span){
			    at + 1, texts[i].n - m->list[i].name.n - 1};
		}
	}
	if (m->n > 0)
		qsort(m->list, m->n, sizeof(*m->list), by_name);
	return rc;
}

static void
add_cell(struct words *cells, struct span s)
{
	text_vis(&cells->text, s.p == NULL || s.n == 0 ? SPAN_LIT("-") : s);
	words_close(cells);
}

/* One model on one epoch. */
static void
add_row(struct words *cells, const struct member *m, const struct row *r)
{
	char field[80];
	int64_t seq = 0, acked = 0;

	snprintf(field, sizeof(field), "ack:%.*s",
	    (int)(m->name.n > 60 ? 60 : m->name.n), m->name.p);
	hash_int(&r->meta, "seq", &seq);
	hash_int(&r->meta, field, &acked);
	add_cell(cells, m->name);
	add_cell(cells, span_str(r->t->symbol));
	add_cell(cells, span_str(r->t->id));
	add_cell(cells, hash_get(&r->meta, "seq"));
	add_cell(cells, hash_get(&r->meta, field));
	words_int(cells, seq > acked ? seq - acked : 0);
	words_str(cells, r->dirty ? "yes" : "no");
}

/* Registered twice, for all symbols and for this one, is once. */
static bool
is_repeated(const struct members *m, size_t i, const char *symbol)
{
	for (size_t k = 0; k < i; k++)
		if (span_eq(m->list[k].name, m->list[i].name) &&
		    (m->list[k].symbol.n == 0 ||
			span_eq(m->list[k].symbol, span_str(symbol))))
			return true;
	return false;
}

static void
print(struct inspect *in, const struct members *m, const struct row *rows,
    size_t n)
{
	struct words cells = {.n = 0};
	struct buf text = {0};

	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < n; k++) {
			const char *symbol = rows[k].t->symbol;

			if ((m->list[i].symbol.n == 0 ||
				span_eq(m->list[i].symbol, span_str(symbol))) &&
			    !is_repeated(m, i, symbol))
				add_row(&cells, &m->list[i], &rows[k]);
		}
	text_table(
	    &text, columns, COLUMNS, words_view(&cells), cells.n / COLUMNS);
	out_write(&in->out, text.p, text.n);
	words_free(&cells);
	buf_free(&text);
}

int
view_models(struct inspect *in, struct err *e)
{
	struct members m = {.n = 0};
	struct target *list = NULL;
	struct row *rows = NULL;
	size_t n = 0;
	int rc = targets_resolve(in, &list, &n, e);

	if (rc == 0) {
		n = targets_sort(list, n);
		rc = rows_read(in, list, n, &rows, e);
	}
	if (rc == 0)
		rc = members_read(in, &m, e);
	if (rc == 0)
		print(in, &m, rows, n);
	rows_free(rows, n);
	free(list);
	free(m.list);
	words_free(&m.text);
	return rc;
}
