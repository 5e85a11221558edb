/* SPDX-License-Identifier: ISC */
/* book: see book.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "geom.h"
#include "row.h"
#include "split.h"

/* What qsort's comparison cannot be told otherwise. */
static const struct book_row *sorting;
static enum book_order sorting_by;

static int
read_file(struct buf *out, const char *file, struct err *e)
{
	FILE *f = fopen(file, "re");
	size_t got;

	if (f == NULL)
		return err_set(e, EX_NOINPUT, "READ", "%s", strerror(errno));
	do {
		buf_reserve(out, 1024 * 1024);
		got = fread(out->p + out->n, 1, 1024 * 1024, f);
		out->n += got;
	} while (got > 0);
	if (ferror(f)) {
		fclose(f);
		return err_set(e, EX_NOINPUT, "READ", "%s", strerror(errno));
	}
	fclose(f);
	buf_char(out, '\0'); /* so that p[n] is a NUL, as in every buf */
	out->n--;
	return 0;
}

int32_t
book_date(const char *text)
{
	int32_t date = 0;

	for (; *text != '\0'; text++)
		if (*text != '-')
			date = date * 10 + (*text - '0');
	return date;
}

int
book_key_parse(struct span ticker, struct book_key *key)
{
	struct geom_id id;

	if (ticker.n >= sizeof(key->ticker) || geom_id_parse(ticker, &id) != 0)
		return -1;
	*key = (struct book_key){.strike = id.strike_milli,
	    .right = id.right,
	    .expiration = book_date(id.expiration)};
	memcpy(key->ticker, ticker.p, ticker.n);
	return 0;
}

int
book_compare(
    enum book_order order, const struct book_key *a, const struct book_key *b)
{
	if (order == BY_EXPIRATION && a->expiration != b->expiration)
		return a->expiration < b->expiration ? -1 : 1;
	if (order == BY_STRIKE && a->strike != b->strike)
		return a->strike < b->strike ? -1 : 1;
	return strcmp(a->ticker, b->ticker);
}

static int
compare_rows(const void *a, const void *b)
{
	return book_compare(sorting_by, &sorting[*(const uint32_t *)a].key,
	    &sorting[*(const uint32_t *)b].key);
}

static int
add_row(struct book *b, struct row_maker *m, struct span text, uint32_t *cap,
    struct err *e)
{
	struct book_row *r;
	struct geom_id id;
	char ticker[40];

	if (b->n == *cap) {
		*cap = *cap * 2 + 1024;
		b->rows = mem_grow(b->rows, *cap, sizeof(*b->rows));
	}
	r = &b->rows[b->n];
	r->at = b->text.n;
	if (row_make(m, text, &b->text, ticker, &id, e) != 0 ||
	    book_key_parse(span_str(ticker), &r->key) != 0)
		return err_set(
		    e, EX_DATAERR, "BAD_ROW", "row %u: its id is none", b->n);
	r->len = (uint32_t)(b->text.n - r->at);
	b->n++;
	return 0;
}

/* The header may stand behind the rows: so one look for it, one for them. */
static int
read_header(struct book *b, struct err *e)
{
	struct split *s = split_new(CBOE_ROWS);
	enum split_event event;
	struct span text;
	int rc = -1;

	split_feed(s, buf_view(&b->document));
	do
		event = split_next(s, &text, e);
	while (event == SPLIT_ROW);
	if (event == SPLIT_DOC)
		rc = cboe_header_read(text, &b->header, e);
	else if (event == SPLIT_MORE)
		err_set(e, EX_DATAERR, "CUT", "the document is cut");
	split_free(&s);
	return rc;
}

static int
read_rows(struct book *b, struct err *e)
{
	struct split *s = split_new(CBOE_ROWS);
	struct row_maker m;
	struct span text;
	uint32_t cap = 0;
	int rc = 0;

	row_maker_init(&m, &b->header);
	split_feed(s, buf_view(&b->document));
	while (rc == 0 && split_next(s, &text, e) == SPLIT_ROW)
		rc = add_row(b, &m, text, &cap, e);
	split_free(&s);
	row_maker_free(&m);
	return rc;
}

static int
sort_rows(struct book *b, struct err *e)
{
	const uint32_t *o;

	for (int by = 0; by < BOOK_ORDERS; by++) {
		b->order[by] = mem_alloc((b->n + 1) * sizeof(uint32_t));
		for (uint32_t i = 0; i < b->n; i++)
			b->order[by][i] = i;
		sorting = b->rows;
		sorting_by = (enum book_order)by;
		if (b->n > 0)
			qsort(
			    b->order[by], b->n, sizeof(uint32_t), compare_rows);
	}
	o = b->order[BY_TICKER];
	for (uint32_t i = 1; i < b->n; i++)
		if (strcmp(b->rows[o[i - 1]].key.ticker,
			b->rows[o[i]].key.ticker) == 0)
			return err_set(e, EX_DATAERR, "BAD_DOCUMENT",
			    "it has %s twice", b->rows[o[i]].key.ticker);
	return 0;
}

int
book_load(struct book *b, const char *file, struct err *e)
{
	*b = (struct book){0};
	if (read_file(&b->document, file, e) != 0 || read_header(b, e) != 0 ||
	    read_rows(b, e) != 0 || sort_rows(b, e) != 0) {
		book_free(b);
		return -1;
	}
	return 0;
}

void
book_free(struct book *b)
{
	buf_free(&b->document);
	buf_free(&b->gzip);
	buf_free(&b->text);
	free(b->rows);
	for (int by = 0; by < BOOK_ORDERS; by++)
		free(b->order[by]);
	*b = (struct book){0};
}

struct span
book_text(const struct book *b, uint32_t row)
{
	return (struct span){b->text.p + b->rows[row].at, b->rows[row].len};
}

const struct book_row *
book_find(const struct book *b, struct span ticker)
{
	const uint32_t *o = b->order[BY_TICKER];
	uint32_t lo = 0, hi = b->n, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = span_cmp(ticker, span_str(b->rows[o[mid]].key.ticker));
		if (c == 0)
			return &b->rows[o[mid]];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}
