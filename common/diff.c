/* SPDX-License-Identifier: ISC */
#include "diff.h"

#include <stdlib.h>

#include "geom.h"

struct change {
	struct span id;
	char expiration[DATE_TEXT]; /* "" when the id is not one: sorts first */
	bool entered;
};

struct changes {
	struct change *c;
	size_t n, cap;
};

static void
add(struct changes *all, struct span id, bool entered)
{
	struct change *c;
	struct geom_id parts;

	if (all->n == all->cap) {
		all->cap = all->cap == 0 ? 64 : all->cap * 2;
		all->c = mem_grow(all->c, all->cap, sizeof(*all->c));
	}
	c = &all->c[all->n++];
	*c = (struct change){.id = id, .entered = entered};
	if (geom_id_parse(id, &parts) == 0)
		memcpy(c->expiration, parts.expiration, DATE_TEXT);
}

static void
add_left(struct span id, void *ctx)
{
	add(ctx, id, false);
}

static void
add_entered(struct span id, void *ctx)
{
	add(ctx, id, true);
}

static int
by_expiration(const void *a, const void *b)
{
	const struct change *ca = a, *cb = b;
	int cmp = strcmp(ca->expiration, cb->expiration);

	if (cmp != 0)
		return cmp;
	if (ca->entered != cb->entered)
		return ca->entered ? -1 : 1;
	return span_cmp(ca->id, cb->id);
}

/* Print the changes of one expiration, from c on; returns their number. */
static size_t
print_expiration(
    struct buf *out, const struct change *c, size_t n, struct diff_count *total)
{
	size_t entered = 0, i;

	for (i = 0; i < n && strcmp(c[i].expiration, c->expiration) == 0; i++)
		entered += c[i].entered;
	buf_fmt(out, "expiration %s: %zu entered, %zu left\n",
	    c->expiration[0] == '\0' ? "unknown" : c->expiration, entered,
	    i - entered);
	total->entered += entered;
	total->left += i - entered;
	for (size_t k = 0; k < i; k++) {
		buf_str(out, c[k].entered ? "+ " : "- ");
		buf_span(out, c[k].id);
		buf_char(out, '\n');
	}
	return i;
}

struct diff_count
diff_boards(struct buf *out, const struct span *a, size_t na,
    const struct span *b, size_t nb)
{
	struct changes all = {0};
	struct diff_count total = {0, 0};

	geom_diff(a, na, b, nb, add_left, add_entered, &all);
	if (all.n > 0)
		qsort(all.c, all.n, sizeof(*all.c), by_expiration);
	for (size_t i = 0; i < all.n;)
		i += print_expiration(out, all.c + i, all.n - i, &total);
	buf_fmt(
	    out, "total: %zu entered, %zu left\n", total.entered, total.left);
	free(all.c);
	return total;
}
