/* SPDX-License-Identifier: ISC */
/* ids: see ids.h; open addressing, never more than half full. */
#include <stdlib.h>

#include "ids.h"

static size_t
hash(struct span name)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 29);
}

/* Where a name is, or where it belongs. */
static uint32_t *
find(const struct ids *t, struct span name)
{
	size_t at = hash(name);

	for (;; at++) {
		uint32_t *slot = &t->slots[at & (t->nslots - 1)];

		if (*slot == 0 || span_eq(span_str(t->names[*slot - 1]), name))
			return slot;
	}
}

static void
grow(struct ids *t)
{
	t->cap = t->cap * 2 + 1024;
	t->names = mem_grow(t->names, t->cap, sizeof(*t->names));
	free(t->slots);
	for (t->nslots = 1; t->nslots < 2 * t->cap;)
		t->nslots *= 2;
	t->slots = mem_zalloc(t->nslots * sizeof(*t->slots));
	for (size_t i = 0; i < t->n; i++)
		*find(t, span_str(t->names[i])) = (uint32_t)i + 1;
}

size_t
ids_number(struct ids *t, struct span name)
{
	uint32_t *slot;

	if (t->n == t->cap)
		grow(t);
	slot = find(t, name);
	if (*slot != 0)
		return *slot - 1;
	t->names[t->n] = mem_alloc(name.n + 1);
	memcpy(t->names[t->n], name.p, name.n);
	t->names[t->n][name.n] = '\0';
	*slot = (uint32_t)++t->n;
	return t->n - 1;
}

void
ids_free(struct ids *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->names[i]);
	free(t->names);
	free(t->slots);
	*t = (struct ids){0};
}
