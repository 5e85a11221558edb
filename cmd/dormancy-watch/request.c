/* SPDX-License-Identifier: ISC */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>

#include "rec.h"

void
requests_free(struct requests *rs)
{
	free(rs->r);
	*rs = (struct requests){0};
}

static struct request *
find(struct requests *rs, const char *symbol)
{
	for (size_t i = 0; i < rs->n; i++)
		if (strcmp(rs->r[i].symbol, symbol) == 0)
			return &rs->r[i];
	return NULL;
}

static struct request *
add(struct requests *rs, const char *symbol)
{
	struct request *r;

	if (rs->n == REQUESTS_MAX)
		return NULL;
	rs->r = mem_grow(rs->r, rs->n + 1, sizeof(*rs->r));
	r = &rs->r[rs->n++];
	*r = (struct request){0};
	snprintf(r->symbol, sizeof(r->symbol), "%s", symbol);
	return r;
}

int
requests_add(struct requests *rs, const char *symbol, const char *reason,
    const char *for_epoch)
{
	struct request *r = find(rs, symbol);

	if (strlen(reason) >= sizeof(r->other) ||
	    (for_epoch != NULL && strlen(for_epoch) >= sizeof(r->for_epoch)))
		return -1;
	if (r != NULL)
		rs->merged++;
	else if ((r = add(rs, symbol)) == NULL)
		return -1;
	if (for_epoch != NULL)
		snprintf(r->for_epoch, sizeof(r->for_epoch), "%s", for_epoch);
	else if (r->other[0] == '\0')
		snprintf(r->other, sizeof(r->other), "%s", reason);
	return 0;
}

void
requests_forget_dormant(struct requests *rs, const char *symbol)
{
	struct request *r = find(rs, symbol);

	if (r == NULL)
		return;
	r->for_epoch[0] = '\0';
	if (r->other[0] == '\0')
		*r = rs->r[--rs->n];
}

size_t
requests_write(struct requests *rs, int64_t ts, struct buf *b)
{
	size_t n = rs->n;

	for (size_t i = 0; i < n; i++) {
		const struct request *r = &rs->r[i];
		bool dormant = r->for_epoch[0] != '\0';

		rec_begin(b, "refresh", ts);
		rec_add_str(b, "symbol", r->symbol);
		rec_add_str(b, "reason", dormant ? "dormant" : r->other);
		rec_add_str(b, "for_epoch", dormant ? r->for_epoch : NULL);
		rec_end(b);
	}
	rs->n = 0;
	return n;
}
