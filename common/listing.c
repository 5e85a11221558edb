/* SPDX-License-Identifier: ISC */
/* listing: see listing.h.  The ids stay where they are, in the geometry; a
 * table of open addressing says where. */
#include <stdio.h>
#include <stdlib.h>

#include "listing.h"

#define TAIL 15 /* yymmdd, C or P, strike × 1000 in 8 digits */

struct span
listing_root(struct span id)
{
	return (struct span){id.p + 2, id.n - 2 - TAIL};
}

/* FNV-1a over what tells contracts of one board apart. */
static uint32_t
hash_of(struct span id)
{
	uint32_t h = 2166136261U;

	for (size_t i = 2; i < id.n; i++)
		h = (h ^ (unsigned char)id.p[i]) * 16777619U;
	return h ^ h >> 15;
}

/* The entry of an id, or the empty one where it belongs. */
static uint32_t
entry_of(const struct listing *l, struct span id)
{
	uint32_t i = hash_of(id) & l->mask;

	for (; l->table[i] != 0; i = (i + 1) & l->mask) {
		const char *p = l->geometry.p + l->table[i] - 1;
		size_t left = l->geometry.n - (l->table[i] - 1);

		if (left > id.n && memcmp(p, id.p, id.n) == 0 &&
		    p[id.n] == '\n')
			break;
	}
	return i;
}

bool
listing_has(const struct listing *l, struct span id)
{
	return l->table != NULL && l->table[entry_of(l, id)] != 0;
}

bool
listing_knows_root(const struct listing *l, struct span root)
{
	for (size_t i = 0; i < l->n_roots; i++)
		if (span_eq(l->roots[i], root))
			return true;
	return false;
}

bool
listing_admits(const struct listing *l, struct span id, int64_t ts)
{
	struct filter at = filter_at(&l->filter, ts);
	struct geom_id parts;

	return geom_id_parse(id, &parts) == 0 && filter_match_id(&at, &parts);
}

void
listing_clear(struct listing *l)
{
	free(l->table);
	free(l->roots);
	buf_free(&l->geometry);
	l->table = NULL;
	l->roots = NULL;
	l->n_roots = 0;
	l->id[0] = '\0';
}

static void
add_root(struct listing *l, struct span root)
{
	/* sorted: mostly the one before */
	for (size_t i = l->n_roots; i > 0; i--)
		if (span_eq(l->roots[i - 1], root))
			return;
	l->roots = mem_grow(l->roots, l->n_roots + 1, sizeof(*l->roots));
	l->roots[l->n_roots++] = root;
}

/* The ids of a canonical geometry; false when it is none. */
static bool
index_ids(struct listing *l)
{
	struct span *ids;
	long n = geom_split(buf_view(&l->geometry), &ids);
	struct geom_id parts;
	uint32_t size = 64;
	bool good = n >= 0;

	while (size < 2 * (size_t)(n < 0 ? 0 : n) + 2)
		size *= 2;
	l->mask = size - 1;
	l->table = mem_zalloc(size * sizeof(*l->table));
	for (long i = 0; i < n && good; i++) {
		good = geom_id_parse(ids[i], &parts) == 0;
		if (!good)
			break;
		add_root(l, parts.root);
		l->table[entry_of(l, ids[i])] =
		    (uint32_t)(ids[i].p - l->geometry.p) + 1;
	}
	if (n >= 0)
		free(ids);
	return good;
}

static void
take_meta(struct listing *l, const struct hash *meta)
{
	struct span text = hash_get(meta, "filter");
	char filter[FILTER_TEXT];

	l->begin_ts = l->seq = l->last_tick_ts = 0;
	hash_int(meta, "begin_ts", &l->begin_ts);
	hash_int(meta, "seq", &l->seq);
	hash_int(meta, "last_tick_ts", &l->last_tick_ts);
	/* A filter that we cannot read keeps nothing out. */
	snprintf(filter, sizeof(filter), "%.*s", (int)text.n, text.p);
	if (text.p == NULL || filter_parse(&l->filter, filter) < 0)
		l->filter = (struct filter){0};
}

int
listing_load(
    struct listing *l, const struct view *v, struct span id, struct err *e)
{
	struct hash meta = {0};
	int there;

	listing_clear(l);
	there = view_geometry(v, id, &l->geometry, e);
	if (there == 1)
		there = view_meta(v, id, &meta, e);
	if (there == 1 && !index_ids(l))
		there = 0;
	if (there == 1) {
		take_meta(l, &meta);
		snprintf(l->id, sizeof(l->id), "%.*s", (int)id.n, id.p);
	} else {
		listing_clear(l);
	}
	hash_free(&meta);
	return there;
}

int
listing_look(struct listing *l, const struct view *v, struct err *e)
{
	struct hash meta = {0};
	int there = view_meta(v, span_str(l->id), &meta, e);

	if (there == 1)
		hash_int(&meta, "begin_ts", &l->begin_ts);
	hash_free(&meta);
	return there < 0 ? -1 : 0;
}
