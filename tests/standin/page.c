/* SPDX-License-Identifier: ISC */
/* page: see page.h. */
#include "page.h"

static const struct book_row *
at(const struct book *b, const struct query *q, uint32_t i)
{
	return &b->rows[b->order[q->sort][q->desc ? b->n - 1 - i : i]];
}

/* Is the row, in the order asked for, not behind the cursor's? */
static bool
is_before(const struct query *q, const struct book_key *key)
{
	int c = book_compare(q->sort, key, &q->after);

	return q->desc ? c >= 0 : c <= 0;
}

/* How many rows of the board's order are not behind the cursor. */
static uint32_t
skipped(const struct book *b, const struct query *q)
{
	uint32_t lo = 0, hi = q->is_after ? b->n : 0, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (is_before(q, &at(b, q, mid)->key))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
page_select(const struct book *b, const struct query *q, struct page *p)
{
	uint32_t stop = skipped(b, q), from = 0;

	for (uint32_t i = 0; i < stop; i++)
		from += query_takes(q, &at(b, q, i)->key);
	page_at(b, q, from, p);
}

void
page_at(
    const struct book *b, const struct query *q, uint32_t from, struct page *p)
{
	uint32_t place = 0;

	p->from = from;
	p->number = from / q->limit + 1;
	p->n = 0;
	p->is_last = true;
	for (uint32_t i = 0; i < b->n; i++) {
		const struct book_row *r = at(b, q, i);

		if (!query_takes(q, &r->key) || place++ < from)
			continue;
		if (p->n == q->limit) {
			p->is_last = false;
			return;
		}
		p->rows[p->n++] = (uint32_t)(r - b->rows);
	}
}

void
page_excluded(
    const struct book *b, const struct query *q, uint32_t *rows, uint32_t *n)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < b->n && found < *n; i++)
		if (!query_takes(q, &b->rows[i].key))
			rows[found++] = i;
	*n = found;
}
