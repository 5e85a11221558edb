/* SPDX-License-Identifier: ISC */
/*
 * The table and the timeline: one row an epoch, as a table for people, as
 * tab-separated fields (-o), or as records (--json).
 */
#include <stdlib.h>

#include "clock.h"
#include "rec.h"
#include "row.h"
#include "words.h"

/* Offsets 0 8 37 45 52 61 69 73 82, and a rule of 96. */
static const struct column table_columns[] = {
    {"SYMBOL", "symbol", 8},
    {"EPOCH_ID", "epoch_id", 29},
    {"AGE(s)", "age", 8},
    {"DIRTY", "dirty", 7},
    {"DORMANT", "dormant", 9},
    {"FORCED", "forced", 8},
    {"WS", "ws", 4},
    {"HEATMAP", "heatmap", 9},
    {"GEX", "gex", 14},
};

static const struct column timeline_columns[] = {
    {"EPOCH_ID", "epoch_id", 24},
    {"CREATED(UTC)", "created", 21},
    {"REASON", "reason", 10},
    {"CONTRACTS", "contract_count", 11},
    {"ENTERED", "entered", 9},
    {"EXITED", "exited", 8},
    {"CARRIED", "carried", 9},
    {"FORCED", "forced", 8},
    {"SUPERSEDED_BY", "superseded_by", 24},
    {"MARKS", "marks", 7},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The rows to show and how. */
struct sheet {
	const struct row *rows;
	size_t n;
	const struct column *columns;
	size_t n_columns;
	const struct field **fields;
	size_t n_fields;
};

bool
table_fields_ok(const char *list, struct buf *known)
{
	struct span name = {list, strcspn(list, ",")};

	while (field_find(name) != NULL) {
		if (name.p[name.n] == '\0')
			return true;
		name.p += name.n + 1;
		name.n = strcspn(name.p, ",");
	}
	for (size_t i = 0; i < row_fields_n; i++)
		buf_fmt(known, "%s%s", i == 0 ? "" : " ", row_fields[i].name);
	return false;
}

/* The fields of -o, which were checked, or else the columns'. */
static void
choose_fields(struct inspect *in, struct sheet *s)
{
	const char *p = in->fields;
	size_t max = s->n_columns, len;

	for (const char *c = p; c != NULL && *c != '\0'; c++)
		max += *c == ',';
	s->fields = mem_alloc((max + 1) * sizeof(struct field *));
	for (size_t i = 0; p == NULL && i < s->n_columns; i++)
		s->fields[s->n_fields++] =
		    field_find(span_str(s->columns[i].field));
	while (p != NULL) {
		len = strcspn(p, ",");
		s->fields[s->n_fields++] = field_find((struct span){p, len});
		p = p[len] == '\0' ? NULL : p + len + 1;
	}
}

/* A field as people see it: "-" when unknown. */
static void
add_visible(
    struct buf *b, const struct field *f, const struct row *r, int64_t now)
{
	struct buf raw = {0};

	field_get(f, r, now, &raw);
	if (raw.n == 0)
		buf_char(b, '-');
	text_vis(b, buf_view(&raw));
	buf_free(&raw);
}

static void
print_table(struct inspect *in, const struct sheet *s, struct buf *b)
{
	struct words cells = {0};

	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->n_fields; k++) {
			add_visible(
			    &cells.text, s->fields[k], &s->rows[i], in->now);
			words_close(&cells);
		}
	text_table(b, s->columns, s->n_columns, words_view(&cells), s->n);
	words_free(&cells);
}

static void
print_fields(struct inspect *in, const struct sheet *s, struct buf *b)
{
	for (size_t k = 0; in->header && k < s->n_fields; k++)
		buf_fmt(b, "%s%c", s->fields[k]->name,
		    k + 1 < s->n_fields ? '\t' : '\n');
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->n_fields; k++) {
			add_visible(b, s->fields[k], &s->rows[i], in->now);
			buf_char(b, k + 1 < s->n_fields ? '\t' : '\n');
		}
}

/* One field of a record; unknown ones are left out, and so is what is no
 * number where a number belongs. */
static void
add_json(struct buf *b, const struct field *f, const struct row *r, int64_t now)
{
	const char *name = f->json != NULL ? f->json : f->name;
	struct buf raw = {0};
	struct span value;

	field_get(f, r, now, &raw);
	value = buf_view(&raw);
	if (value.n > 0 && f->kind == FIELD_FLAG)
		rec_add_bool(b, name, span_eq(value, SPAN_LIT("yes")));
	else if (value.n > 0 && f->kind == FIELD_TEXT)
		rec_add_str(b, name, raw.p);
	else if (contract_value_ok(CK_SIGNED, value))
		rec_add_num(b, name, value);
	buf_free(&raw);
}

/* symbol and epoch_id always, they make the record. */
static void
print_records(struct inspect *in, const struct sheet *s, struct buf *b)
{
	const struct field *symbol = field_find(SPAN_LIT("symbol"));
	const struct field *id = field_find(SPAN_LIT("epoch_id"));

	for (size_t i = 0; i < s->n; i++) {
		if (s->rows[i].t->id[0] == '\0')
			continue;
		rec_begin(b, "epoch_row", in->now);
		add_json(b, symbol, &s->rows[i], in->now);
		add_json(b, id, &s->rows[i], in->now);
		for (size_t k = 0; k < s->n_fields; k++)
			if (s->fields[k] != symbol && s->fields[k] != id)
				add_json(b, s->fields[k], &s->rows[i], in->now);
		rec_end(b);
	}
}

void
rows_print(struct inspect *in, const struct row *rows, size_t n,
    const struct column *columns, size_t n_columns)
{
	struct sheet s = {
	    .rows = rows, .n = n, .columns = columns, .n_columns = n_columns};
	struct buf b = {0};

	choose_fields(in, &s);
	if (in->json)
		print_records(in, &s, &b);
	else if (in->fields != NULL)
		print_fields(in, &s, &b);
	else
		print_table(in, &s, &b);
	if (b.n > 0)
		out_write(&in->out, b.p, b.n);
	buf_free(&b);
	free(s.fields);
}

static int
print_sheet(struct inspect *in, const struct target *t, size_t n,
    const struct column *columns, size_t n_columns, struct err *e)
{
	struct row *rows;

	if (rows_read(in, t, n, &rows, e) < 0)
		return -1;
	rows_since(rows, n);
	rows_print(in, rows, n, columns, n_columns);
	rows_free(rows, n);
	return 0;
}

int
view_table(struct inspect *in, struct err *e)
{
	struct target *list;
	size_t n;
	int rc;

	if (targets_resolve(in, &list, &n, e) < 0)
		return -1;
	n = targets_sort(list, n);
	rc = print_sheet(in, list, n, table_columns, COUNT(table_columns), e);
	free(list);
	return rc;
}

int
targets_timeline(struct inspect *in, const char *symbol, struct target **list,
    size_t *n, struct err *e)
{
	struct buf own = {0};
	struct span *ids = NULL;
	struct epoch_id id;
	size_t n_ids = 0;
	int rc =
	    view_timeline(&in->view, span_str(symbol), &own, &ids, &n_ids, e);

	if (n_ids > 0)
		*list = mem_grow(*list, *n + n_ids, sizeof(**list));
	for (size_t i = 0; i < n_ids; i++) {
		struct target *t = &(*list)[*n];

		if (epoch_id_parse(ids[i], &id) < 0)
			continue; /* --check names it */
		*t = (struct target){.by_id = true};
		memcpy(t->symbol, id.symbol, sizeof(t->symbol));
		epoch_id_text(&id, t->id);
		(*n)++;
	}
	free(ids);
	buf_free(&own);
	return rc < 0 ? -1 : 0;
}

int
view_history(struct inspect *in, struct err *e)
{
	struct target *given, *list = NULL;
	size_t n_given, n = 0;
	int rc = 0;

	if (targets_resolve(in, &given, &n_given, e) < 0)
		return -1;
	n_given = targets_sort(given, n_given);
	for (size_t i = 0; i < n_given && rc == 0; i++) {
		if (!given[i].by_id) {
			rc =
			    targets_timeline(in, given[i].symbol, &list, &n, e);
			continue;
		}
		list = mem_grow(list, n + 1, sizeof(*list));
		list[n++] = given[i];
	}
	if (rc == 0)
		rc = print_sheet(
		    in, list, n, timeline_columns, COUNT(timeline_columns), e);
	free(given);
	free(list);
	return rc;
}
