/* SPDX-License-Identifier: ISC */
#include "tape_row.h"

void
tape_row_write(struct buf *b, struct span cid, const struct contract *c)
{
	if (b->n > 0)
		buf_char(b, ';');
	buf_span(b, cid);
	for (int f = 0; f < CF_COUNT; f++) {
		buf_char(b, ',');
		buf_span(b, c->f[f]);
	}
}

int
tape_row_next(struct span *text, struct span column[TAPE_ROW_MAX])
{
	const char *p = text->p, *end = text->p + text->n;
	int n = 0;

	if (text->n == 0)
		return 0;
	for (const char *q = p;; q++) {
		if (q < end && *q != ',' && *q != ';')
			continue;
		if (n == TAPE_ROW_MAX)
			return -1;
		column[n++] = (struct span){p, (size_t)(q - p)};
		p = q + 1;
		if (q == end || *q == ';') {
			if (q < end)
				q++;
			*text = (struct span){q, (size_t)(end - q)};
			return n;
		}
	}
}

int
tape_row_contract(const struct span column[TAPE_ROW_MAX], int n,
    struct span *cid, struct contract *c)
{
	if (n != 1 + CF_COUNT || column[0].n == 0)
		return -1;
	*c = (struct contract){0};
	*cid = column[0];
	for (int f = 0; f < CF_COUNT; f++) {
		struct span v = column[1 + f];

		if (v.n == 0)
			continue;
		if (v.n > CONTRACT_VALUE_MAX ||
		    !contract_value_ok(contract_fields[f].kind, v))
			return -1;
		c->f[f] = v;
	}
	return c->f[CF_RIGHT].p == NULL ? -1 : 0;
}
