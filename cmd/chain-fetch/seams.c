/* SPDX-License-Identifier: ISC */
/* seams: see seams.h. */
#include <stdlib.h>

#include "base64.h"
#include "geom.h"
#include "seams.h"

#define TAIL 9 /* of an id: the right, and 8 digits of strike */

void
seams_clear(struct seams *s)
{
	buf_clear(&s->lasts);
	s->pages = s->opaque = 0;
}

void
seams_free(struct seams *s)
{
	buf_free(&s->lasts);
}

/* ------------------------------------------------------------- the cursors */

/* The value of an argument up to the next one; SPAN_NONE: not there. */
static struct span
argument(struct span form, const char *name)
{
	size_t n = strlen(name), len;

	while (form.n > 0) {
		const char *end = memchr(form.p, '&', form.n);

		len = end == NULL ? form.n : (size_t)(end - form.p);
		if (len > n && memcmp(form.p, name, n) == 0 && form.p[n] == '=')
			return (struct span){form.p + n + 1, len - n - 1};
		if (end == NULL)
			break;
		form.p += len + 1;
		form.n -= len + 1;
	}
	return SPAN_NONE;
}

static bool
is_absent_or(struct span value, struct span text)
{
	return value.p == NULL || span_eq(value, text);
}

/* "O%3ASPXW260805C07855000%3A7855.00", the strike may be missing: the id. */
static bool
read_last(struct span ap, struct buf *id)
{
	const struct span colon = SPAN_LIT("%3A");
	struct geom_id parts;
	struct span rest;

	if (ap.n < 1 + colon.n || ap.p[0] != 'O' ||
	    memcmp(ap.p + 1, colon.p, colon.n) != 0)
		return false;
	rest = (struct span){ap.p + 1 + colon.n, ap.n - 1 - colon.n};
	buf_str(id, "O:");
	for (size_t i = 0; i < rest.n && rest.p[i] != '%'; i++)
		buf_char(id, rest.p[i]);
	return geom_id_parse(buf_view(id), &parts) == 0;
}

/* The last ticker of the page that has this cursor, when it says so and pages
 * come in the order of tickers, calls and puts. */
static bool
read_cursor(const char *next_url, struct buf *id)
{
	struct buf text = {0};
	const char *query = strchr(next_url, '?');
	struct span cursor = SPAN_NONE, form;
	bool is_told = false;

	if (query != NULL)
		cursor = argument(span_str(query + 1), "cursor");
	if (cursor.p != NULL && base64_read_url(&text, cursor) == 0) {
		form = buf_view(&text);
		is_told =
		    is_absent_or(argument(form, "sort"), SPAN_LIT("ticker")) &&
		    is_absent_or(argument(form, "order"), SPAN_LIT("asc")) &&
		    argument(form, "contract_type").p == NULL &&
		    read_last(argument(form, "ap"), id);
	}
	buf_free(&text);
	return is_told;
}

void
seams_add(struct seams *s, const char *next_url)
{
	struct buf id = {0};

	s->pages++;
	if (read_cursor(next_url, &id))
		buf_add(&s->lasts, id.p, id.n + 1);
	else
		s->opaque++;
	buf_free(&id);
}

/* --------------------------------------------------------------- the board */

/* What is between two neighbours on the board; SPAN_NONE: nothing bounds it. */
struct gap {
	struct span left, right, behind; /* behind: the ticker of the seam */
};

struct check {
	const struct board *board;
	struct gap *gaps;
	size_t n;
	size_t lost;       /* counterparts in a gap */
	struct span where; /* the first gap's */
};

/* The first row behind an id. */
static size_t
row_behind(const struct board *b, struct span id)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (span_cmp(b->rows[middle].id, id) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
find_gaps(struct check *c, const struct seams *s)
{
	const struct board *b = c->board;

	c->gaps = mem_grow(NULL, s->pages + 1, sizeof(*c->gaps));
	c->gaps[c->n++] = (struct gap){.right = b->rows[0].id};
	for (size_t at = 0; at < s->lasts.n;) {
		struct gap g = {.behind = span_str(s->lasts.p + at)};
		size_t i = row_behind(b, g.behind);

		if (i > 0)
			g.left = b->rows[i - 1].id;
		if (i < b->n)
			g.right = b->rows[i].id;
		c->gaps[c->n++] = g;
		at += g.behind.n + 1;
	}
}

/* This contract's counterpart is not on the board: is it in a gap? */
static void
on_single(struct check *c, struct span id)
{
	struct buf other = {0};

	buf_span(&other, id);
	other.p[id.n - TAIL] = id.p[id.n - TAIL] == 'C' ? 'P' : 'C';
	for (size_t i = 0; i < c->n; i++) {
		const struct gap *g = &c->gaps[i];
		struct span o = buf_view(&other);

		if ((g->left.p != NULL && span_cmp(o, g->left) <= 0) ||
		    (g->right.p != NULL && span_cmp(o, g->right) >= 0))
			continue;
		if (c->lost++ == 0)
			c->where = g->behind;
		break;
	}
	buf_free(&other);
}

/* Are they of the same root, expiration and right? */
static bool
is_alike(struct span a, struct span b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n - TAIL + 1) == 0;
}

/* Is b, of the same length, a put where a is a call? */
static bool
is_put_of(struct span a, struct span b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n - TAIL) == 0 &&
	       a.p[a.n - TAIL] == 'C' && b.p[b.n - TAIL] == 'P';
}

/* An expiration's calls and puts, both by strike, against each other. */
static void
match(struct check *c, size_t call, size_t put, size_t end)
{
	const struct board_row *rows = c->board->rows;
	size_t calls_end = put;

	while (call < calls_end || put < end) {
		int d =
		    call == calls_end ? 1
		    : put == end
			? -1
			: memcmp(rows[call].id.p + rows[call].id.n - TAIL + 1,
			      rows[put].id.p + rows[put].id.n - TAIL + 1,
			      TAIL - 1);

		if (d < 0)
			on_single(c, rows[call].id);
		if (d > 0)
			on_single(c, rows[put].id);
		call += d <= 0;
		put += d >= 0;
	}
}

static void
match_all(struct check *c)
{
	const struct board_row *rows = c->board->rows;
	size_t n = c->board->n, from, middle, end;

	for (from = 0; from < n; from = end) {
		middle =
		    from + (rows[from].id.p[rows[from].id.n - TAIL] == 'C');
		if (middle > from)
			while (middle < n &&
			       is_alike(rows[from].id, rows[middle].id))
				middle++;
		end = middle;
		while (
		    end < n &&
		    (middle == from ? is_alike(rows[from].id, rows[end].id)
				    : is_put_of(rows[from].id, rows[end].id)))
			end++;
		match(c, from, middle, end);
	}
}

static bool
has_both(const struct board *b)
{
	bool calls = false, puts = false;

	for (size_t i = 0; i < b->n; i++)
		if (b->rows[i].id.p[b->rows[i].id.n - TAIL] == 'C')
			calls = true;
		else
			puts = true;
	return calls && puts;
}

int
seams_check(const struct seams *s, const struct board *board, uint64_t rejected,
    size_t *unseen, struct err *e)
{
	struct check c = {.board = board};
	int rc = 0;

	*unseen = s->opaque;
	if (board->n == 0)
		return 0;
	/* a cursor that was read did not ask for one of them only */
	if (s->opaque == s->pages && !has_both(board))
		return 0;
	find_gaps(&c, s);
	match_all(&c);
	if (c.lost > rejected)
		rc = err_set(e, EX_DATAERR, "MISSING_PAGE",
		    "%zu contracts lack their call or put, which would be "
		    "%s%.*s",
		    c.lost,
		    c.where.p == NULL ? "before the first page"
				      : "on a page behind ",
		    (int)c.where.n, c.where.p == NULL ? "" : c.where.p);
	free(c.gaps);
	return rc;
}
