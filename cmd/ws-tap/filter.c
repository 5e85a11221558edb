/* SPDX-License-Identifier: ISC */
/* filter: see filter.h. */
#include <stdlib.h>

#include "filter.h"

void
filter_free(struct filter *f)
{
	free(f->roots);
	*f = (struct filter){0};
}

/* Where a root is, or belongs. */
static size_t
find(const struct filter *f, struct span root, bool *is_there)
{
	size_t from = 0, to = f->nroots;

	*is_there = false;
	while (from < to && !*is_there) {
		size_t at = from + (to - from) / 2;
		int r = span_cmp(span_str(f->roots[at]), root);

		if (r == 0) {
			from = at;
			*is_there = true;
		} else if (r < 0) {
			from = at + 1;
		} else {
			to = at;
		}
	}
	return from;
}

static void
add_root(struct filter *f, struct span root)
{
	bool is_there;
	size_t at = find(f, root, &is_there);

	if (is_there || root.n >= ROOT_TEXT)
		return;
	f->roots = mem_grow(f->roots, f->nroots + 1, sizeof(*f->roots));
	memmove(f->roots + at + 1, f->roots + at,
	    (f->nroots - at) * sizeof(*f->roots));
	memset(f->roots[at], 0, ROOT_TEXT);
	memcpy(f->roots[at], root.p, root.n);
	f->nroots++;
	f->hit = SPAN_NONE;
}

void
filter_add_roots(struct filter *f, const struct span *ids, size_t n)
{
	struct span last = SPAN_NONE;
	struct geom_id id;

	for (size_t i = 0; i < n; i++) {
		if (geom_id_parse(ids[i], &id) != 0 || span_eq(id.root, last))
			continue;
		last = id.root;
		add_root(f, id.root);
	}
}

static int
compare(const void *key, const void *at)
{
	const struct span *id = key;

	return span_cmp(*id, span_str(*(const char *const *)at));
}

bool
filter_passes(struct filter *f, struct span id, const struct geom_id *parts)
{
	bool is_there;
	size_t at;

	if (f->is_open || (f->hit.p != NULL && span_eq(f->hit, parts->root)))
		return true;
	at = find(f, parts->root, &is_there);
	if (is_there)
		f->hit = span_str(f->roots[at]);
	return is_there || (f->nids > 0 && bsearch(&id, f->ids, f->nids,
					       sizeof(*f->ids), compare));
}
