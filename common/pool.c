/* SPDX-License-Identifier: ISC */
/*
 * pool: see pool.h.  Slots are numbered and never move; a table of open
 * addressing finds the slot of a contract's group, a list through the slots
 * keeps their order.
 */
#include <stdlib.h>

#include "pool.h"

#define NO_VALUE UINT8_MAX
#define ROOM_FIRST 64 /* slots and table entries to begin with */

struct slot {
	uint32_t prev, next; /* in order of arrival; next: free list, too */
	uint32_t hash;
	uint8_t group;
	uint8_t id_n;
	uint8_t value_n[TICK_VALUES]; /* NO_VALUE = absent */
	uint16_t cap;                 /* of text */
	int64_t ts, recv_ts, seq;
	char *text; /* the id, then the values */
};

struct pool {
	size_t max, used;   /* used: slots ever taken */
	size_t count, room; /* room: slots there is memory for */
	struct slot *slots;
	uint32_t *table; /* slot + 1; 0 is empty */
	uint32_t mask;
	uint32_t first, last, free;
};

struct pool *
pool_new(size_t max)
{
	struct pool *p = mem_zalloc(sizeof(*p));

	p->max = max;
	p->first = p->last = p->free = POOL_END;
	p->mask = ROOM_FIRST - 1;
	p->table = mem_zalloc(ROOM_FIRST * sizeof(*p->table));
	return p;
}

void
pool_free(struct pool **p)
{
	if (*p == NULL)
		return;
	for (size_t i = 0; i < (*p)->used; i++)
		free((*p)->slots[i].text);
	free((*p)->slots);
	free((*p)->table);
	free(*p);
	*p = NULL;
}

size_t
pool_count(const struct pool *p)
{
	return p->count;
}

uint32_t
pool_first(const struct pool *p)
{
	return p->first;
}

uint32_t
pool_next(const struct pool *p, uint32_t at)
{
	return p->slots[at].next;
}

/* FNV-1a. */
static uint32_t
hash_of(struct span id, enum contract_group group)
{
	uint32_t h = 2166136261U ^ (uint32_t)group;

	for (size_t i = 0; i < id.n; i++)
		h = (h ^ (unsigned char)id.p[i]) * 16777619U;
	return h ^ h >> 15;
}

static bool
is_slot(const struct slot *s, uint32_t hash, struct span id,
    enum contract_group group)
{
	return s->hash == hash && s->group == (uint8_t)group &&
	       s->id_n == id.n && memcmp(s->text, id.p, id.n) == 0;
}

/* The table's entry of a group, or the empty one where it belongs. */
static uint32_t
entry_of(const struct pool *p, uint32_t hash, struct span id,
    enum contract_group group)
{
	uint32_t i = hash & p->mask;

	while (p->table[i] != 0 &&
	       !is_slot(&p->slots[p->table[i] - 1], hash, id, group))
		i = (i + 1) & p->mask;
	return i;
}

uint32_t
pool_find(const struct pool *p, struct span id, enum contract_group group)
{
	uint32_t i = entry_of(p, hash_of(id, group), id, group);

	return p->table[i] == 0 ? POOL_END : p->table[i] - 1;
}

/* At most half of the table is in use. */
static void
grow_table(struct pool *p)
{
	uint32_t i;

	if (2 * (p->count + 1) <= (size_t)p->mask + 1)
		return;
	free(p->table);
	p->mask = 2 * p->mask + 1;
	p->table = mem_zalloc(((size_t)p->mask + 1) * sizeof(*p->table));
	for (uint32_t at = p->first; at != POOL_END; at = p->slots[at].next) {
		for (i = p->slots[at].hash & p->mask; p->table[i] != 0;)
			i = (i + 1) & p->mask;
		p->table[i] = at + 1;
	}
}

/* A slot that nobody uses, at the end of the order. */
static uint32_t
take_slot(struct pool *p)
{
	uint32_t at = p->free;
	struct slot *s;

	if (at != POOL_END) {
		p->free = p->slots[at].next;
	} else {
		if (p->used == p->room) {
			p->room = p->room == 0 ? ROOM_FIRST : 2 * p->room;
			p->slots =
			    mem_grow(p->slots, p->room, sizeof(*p->slots));
		}
		at = (uint32_t)p->used++;
		p->slots[at].text = NULL;
		p->slots[at].cap = 0;
	}
	s = &p->slots[at];
	s->prev = p->last;
	s->next = POOL_END;
	if (p->last == POOL_END)
		p->first = at;
	else
		p->slots[p->last].next = at;
	p->last = at;
	p->count++;
	return at;
}

static void
fill(struct slot *s, const struct tick *t)
{
	size_t need = t->id.n, values = tick_values(t->group);
	char *to;

	for (size_t i = 0; i < values; i++)
		need += t->v[i].n;
	if (need > s->cap) {
		s->cap = (uint16_t)need;
		s->text = mem_grow(s->text, need, 1);
	}
	s->ts = t->ts;
	s->recv_ts = t->recv_ts;
	s->seq = t->seq;
	s->group = (uint8_t)t->group;
	s->id_n = (uint8_t)t->id.n;
	memcpy(s->text, t->id.p, t->id.n);
	to = s->text + t->id.n;
	for (size_t i = 0; i < TICK_VALUES; i++) {
		s->value_n[i] = NO_VALUE;
		if (i >= values || t->v[i].p == NULL)
			continue;
		s->value_n[i] = (uint8_t)t->v[i].n;
		memcpy(to, t->v[i].p, t->v[i].n);
		to += t->v[i].n;
	}
}

void
pool_get(const struct pool *p, uint32_t at, struct tick *out)
{
	const struct slot *s = &p->slots[at];
	const char *from = s->text + s->id_n;

	*out = (struct tick){.group = (enum contract_group)s->group,
	    .id = {s->text, s->id_n},
	    .ts = s->ts,
	    .recv_ts = s->recv_ts,
	    .seq = s->seq};
	for (size_t i = 0; i < TICK_VALUES; i++) {
		if (s->value_n[i] == NO_VALUE)
			continue;
		out->v[i] = (struct span){from, s->value_n[i]};
		from += s->value_n[i];
	}
}

enum pool_put
pool_put(struct pool *p, const struct tick *t)
{
	uint32_t hash = hash_of(t->id, t->group), i, at;
	struct tick have;
	int r;

	i = entry_of(p, hash, t->id, t->group);
	if (p->table[i] != 0) {
		at = p->table[i] - 1;
		pool_get(p, at, &have);
		r = tick_cmp(t, &have);
		if (r <= 0)
			return r == 0 ? POOL_EQUAL : POOL_LOST;
		fill(&p->slots[at], t);
		return POOL_BEAT;
	}
	if (p->count == p->max)
		return POOL_FULL;
	grow_table(p);
	i = entry_of(p, hash, t->id, t->group);
	at = take_slot(p);
	p->slots[at].hash = hash;
	fill(&p->slots[at], t);
	p->table[i] = at + 1;
	return POOL_NEW;
}

/* Take an entry out of the table; those behind it that had to make way for
 * it move up. */
static void
clear_entry(struct pool *p, uint32_t i)
{
	uint32_t j = i, home;

	for (;;) {
		p->table[i] = 0;
		do {
			j = (j + 1) & p->mask;
			if (p->table[j] == 0)
				return;
			home = p->slots[p->table[j] - 1].hash & p->mask;
			/* stays if its home is cyclically in (i, j] */
		} while (((j - home) & p->mask) < ((j - i) & p->mask));
		p->table[i] = p->table[j];
		i = j;
	}
}

void
pool_drop(struct pool *p, uint32_t at)
{
	struct slot *s = &p->slots[at];
	uint32_t i = s->hash & p->mask;

	while (p->table[i] != at + 1)
		i = (i + 1) & p->mask;
	clear_entry(p, i);
	if (s->prev == POOL_END)
		p->first = s->next;
	else
		p->slots[s->prev].next = s->next;
	if (s->next == POOL_END)
		p->last = s->prev;
	else
		p->slots[s->next].prev = s->prev;
	s->next = p->free;
	p->free = at;
	p->count--;
}
