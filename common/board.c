/* SPDX-License-Identifier: ISC */
/*
 * board: see board.h.
 *
 * Folding is a merge of two lines that is commutative and associative, so a
 * set of lines has one result in whatever order they came: each part of the
 * result is the greatest in a total order that looks at nothing but that
 * part's own bytes and times.
 */
#include <stdlib.h>

#include "board.h"
#include "line.h"

#define CHUNK (1024 * 1024)

/* Text never moves once it is here, so spans into it stay good. */
struct board_chunk {
	struct board_chunk *next;
	size_t used, size;
	char text[];
};

void
board_clear(struct board *b)
{
	struct board_chunk *c;

	while ((c = b->chunks) != NULL) {
		b->chunks = c->next;
		free(c);
	}
	b->n = b->duplicates = b->bytes = 0;
}

void
board_free(struct board *b)
{
	board_clear(b);
	free(b->rows);
	*b = (struct board){0};
}

static struct span
keep(struct board *b, struct span s)
{
	struct board_chunk *c = b->chunks;
	size_t size;

	if (c == NULL || c->size - c->used < s.n) {
		size = s.n > CHUNK ? s.n : CHUNK;
		c = mem_alloc(sizeof(*c) + size);
		c->next = b->chunks;
		c->used = 0;
		c->size = size;
		b->chunks = c;
	}
	memcpy(c->text + c->used, s.p, s.n);
	s.p = c->text + c->used;
	c->used += s.n;
	b->bytes += s.n;
	return s;
}

static int
too_many(struct err *e)
{
	return err_set(e, EX_DATAERR, "TOO_MANY",
	    "more than %d contracts or %d bytes in one snapshot", BOARD_MAX,
	    BOARD_BYTES_MAX);
}

static int
keep_row(struct board *b, struct board_row *row, const struct contract *c,
    struct span line, struct err *e)
{
	uintptr_t at = (uintptr_t)c->id.p - (uintptr_t)line.p;

	if (b->bytes + line.n > BOARD_BYTES_MAX)
		return too_many(e);
	row->line = keep(b, line);
	/* The id usually is a part of the line; else jansson's copy of it. */
	if (at < line.n && line.n - at >= c->id.n)
		row->id = (struct span){row->line.p + at, c->id.n};
	else
		row->id = keep(b, c->id);
	return 0;
}

int
board_add(
    struct board *b, const struct contract *c, struct span line, struct err *e)
{
	if (b->n == BOARD_MAX)
		return too_many(e);
	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? 1024 : b->cap * 2;
		b->rows = mem_grow(b->rows, b->cap, sizeof(*b->rows));
	}
	if (keep_row(b, &b->rows[b->n], c, line, e) != 0)
		return -1;
	b->n++;
	return 0;
}

int
board_replace(struct board *b, size_t i, const struct contract *c,
    struct span line, struct err *e)
{
	b->bytes -= b->rows[i].line.n;
	return keep_row(b, &b->rows[i], c, line, e);
}

void
board_cut(struct board *b, size_t n)
{
	/* the text stays where it is until the board goes */
	while (b->n > n)
		b->bytes -= b->rows[--b->n].line.n;
}

/*
 * Sorting: a merge sort of lists that finds the order that is already there.
 * A vendor writes its board in a few interleaved ascending runs (call and put
 * of a strike, one beside the other), so a row is offered to the ends of the
 * last few runs before it starts one of its own.
 */
#define ENDS 4
#define NONE UINT32_MAX

struct sorter {
	const struct board_row *rows;
	uint32_t *next; /* of a row: the one after it in its run, or NONE */
	uint32_t *runs; /* first rows */
	size_t n_runs;
};

static bool
in_order(const struct sorter *s, uint32_t a, uint32_t b)
{
	return span_cmp(s->rows[a].id, s->rows[b].id) <= 0;
}

static void
find_runs(struct sorter *s, uint32_t n)
{
	uint32_t ends[ENDS], i;
	size_t n_ends = 0, at = 0, tried;

	for (i = 0; i < n; i++) {
		s->next[i] = NONE;
		for (tried = 0; tried < n_ends; tried++) {
			at = (at + 1) % n_ends; /* runs tend to take turns */
			if (in_order(s, ends[at], i))
				break;
		}
		if (tried < n_ends) {
			s->next[ends[at]] = i;
		} else {
			at = s->n_runs % ENDS;
			n_ends += n_ends < ENDS;
			s->runs[s->n_runs++] = i;
		}
		ends[at] = i;
	}
}

static uint32_t
merge_runs(struct sorter *s, uint32_t a, uint32_t b)
{
	uint32_t first, *at = &first;

	while (a != NONE && b != NONE) {
		if (in_order(s, a, b)) {
			*at = a;
			at = &s->next[a];
			a = *at;
		} else {
			*at = b;
			at = &s->next[b];
			b = *at;
		}
	}
	*at = a != NONE ? a : b;
	return first;
}

static void
sort_rows(struct board *b)
{
	struct sorter s = {.rows = b->rows};
	struct board_row *sorted;
	size_t i, n;
	uint32_t at;

	if (b->n < 2)
		return;
	s.next = mem_alloc(b->n * sizeof(*s.next));
	s.runs = mem_alloc(b->n * sizeof(*s.runs));
	find_runs(&s, (uint32_t)b->n);
	for (n = s.n_runs; n > 1; n = (n + 1) / 2)
		for (i = 0; i < n; i += 2)
			s.runs[i / 2] =
			    i + 1 < n ? merge_runs(&s, s.runs[i], s.runs[i + 1])
				      : s.runs[i];
	if (s.n_runs > 1) {
		sorted = mem_alloc(b->n * sizeof(*sorted));
		n = 0;
		for (at = s.runs[0]; at != NONE; at = s.next[at])
			sorted[n++] = b->rows[at];
		free(b->rows);
		b->rows = sorted;
		b->cap = b->n;
	}
	free(s.next);
	free(s.runs);
}

/*
 * Merge src into dst.  The chain group has no time of its own: it follows the
 * newer line, and the merged line is as new as that.  What belongs to no
 * group does not change with time; should two lines differ in it, the greater
 * text is as good as the other and does not depend on the order.
 */
static void
merge_lines(struct contract *dst, const struct contract *src)
{
	static const enum contract_field plain[] = {
	    CF_EXPIRATION, CF_STRIKE, CF_RIGHT, CF_MULTIPLIER};
	enum contract_group g;
	bool has;
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (span_cmp(src->f[plain[i]], dst->f[plain[i]]) > 0)
			dst->f[plain[i]] = src->f[plain[i]];
	for (g = 0; g < CG_CHAIN; g++) {
		has = contract_has(dst, g);
		if (contract_has(src, g) != has ? !has
						: contract_cmp(dst, src, g) < 0)
			contract_take(dst, src, g);
	}
	if (src->ts > dst->ts ||
	    (src->ts == dst->ts && contract_cmp(dst, src, CG_CHAIN) < 0))
		contract_take(dst, src, CG_CHAIN);
	if (src->ts > dst->ts)
		dst->ts = src->ts;
}

struct folder {
	struct line_reader a, b; /* two lines are looked at at once */
	struct buf line;
};

static int
fold(struct board *b, struct folder *f, struct board_row *into,
    struct span line, struct err *e)
{
	struct contract dst, src;

	if (span_eq(into->line, line))
		return 0;
	if (line_read(&f->a, into->line, &dst, e) == -1 ||
	    line_read(&f->b, line, &src, e) == -1)
		return -1;
	merge_lines(&dst, &src);
	buf_clear(&f->line);
	line_write(&f->line, &dst);
	into->line = keep(b, (struct span){f->line.p, f->line.n - 1});
	return 0;
}

int
board_seal(struct board *b, struct err *e)
{
	struct folder f = {0};
	size_t i, n = 0;
	int r = 0;

	sort_rows(b);
	for (i = 0; i < b->n && r == 0; i++) {
		if (n > 0 && span_eq(b->rows[n - 1].id, b->rows[i].id))
			r = fold(b, &f, &b->rows[n - 1], b->rows[i].line, e);
		else
			b->rows[n++] = b->rows[i];
	}
	b->duplicates += b->n - n;
	b->n = n;
	line_reader_free(&f.a);
	line_reader_free(&f.b);
	buf_free(&f.line);
	return r;
}

struct span *
board_ids(const struct board *b)
{
	struct span *ids = mem_alloc(b->n * sizeof(*ids));
	size_t i;

	for (i = 0; i < b->n; i++)
		ids[i] = b->rows[i].id;
	return ids;
}
