/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "strangers.h"

#define WAIT_MIN (2 * (int64_t)STRANGERS_WINDOW)
#define WAIT_MAX INT64_C(300000)
#define TABLE_MIN 256
#define ID_MAX 29 /* O: + root of 12 + 15 */

struct stranger {
	int64_t first, counted;
	uint8_t n; /* 0: empty */
	char id[ID_MAX];
};

struct strangers {
	struct stranger *table;
	size_t size, used;
};

struct strangers *
strangers_new(void)
{
	struct strangers *s = mem_zalloc(sizeof(*s));

	s->size = TABLE_MIN;
	s->table = mem_zalloc(s->size * sizeof(*s->table));
	return s;
}

void
strangers_free(struct strangers **s)
{
	if (*s != NULL)
		free((*s)->table);
	free(*s);
	*s = NULL;
}

/* The id's place, or the empty one where it belongs. */
static struct stranger *
place_of(const struct strangers *s, struct span id)
{
	uint32_t h = 2166136261U;
	size_t i;

	for (i = 0; i < id.n; i++)
		h = (h ^ (unsigned char)id.p[i]) * 16777619U;
	for (i = (h ^ h >> 15) & (s->size - 1); s->table[i].n != 0;
	     i = (i + 1) & (s->size - 1))
		if (s->table[i].n == id.n &&
		    memcmp(s->table[i].id, id.p, id.n) == 0)
			break;
	return &s->table[i];
}

/* Room for one more, in a table that is at most half full. */
static void
make_room(struct strangers *s)
{
	struct stranger *old = s->table;
	size_t size = s->size;

	if (s->used == STRANGERS_MAX) {
		memset(s->table, 0, s->size * sizeof(*s->table));
		s->used = 0;
	}
	if (2 * (s->used + 1) <= s->size)
		return;
	s->size = 2 * size;
	s->table = mem_zalloc(s->size * sizeof(*s->table));
	for (size_t i = 0; i < size; i++)
		if (old[i].n != 0)
			*place_of(s, (struct span){old[i].id, old[i].n}) =
			    old[i];
	free(old);
}

bool
strangers_count(
    struct strangers *s, struct span id, int64_t recv_ts, int64_t begin_ts)
{
	struct stranger *p = place_of(s, id);

	if (p->n == 0) {
		make_room(s);
		p = place_of(s, id);
		p->n = (uint8_t)id.n;
		memcpy(p->id, id.p, id.n);
		p->first = recv_ts;
		s->used++;
	} else if (recv_ts < p->counted + STRANGERS_WINDOW) {
		return false;
	}
	if (begin_ts > p->first)
		return false;
	p->counted = recv_ts;
	return true;
}

void
alarm_free(struct alarm *a)
{
	free(a->seen);
	a->seen = NULL;
}

bool
alarm_rings(struct alarm *a, int64_t limit, int64_t recv_ts)
{
	if (a->seen == NULL)
		a->seen = mem_grow(NULL, (size_t)limit, sizeof(*a->seen));
	a->seen[a->at] = recv_ts;
	a->at = (a->at + 1) % limit;
	if (a->n < limit)
		a->n++;
	/* at is now the oldest of the last `limit` */
	if (a->n < limit || recv_ts - a->seen[a->at] > STRANGERS_WINDOW ||
	    recv_ts < a->not_before)
		return false;
	if (a->wait == 0 || recv_ts > a->not_before + WAIT_MAX)
		a->wait = WAIT_MIN;
	a->not_before = recv_ts + a->wait;
	a->wait = 2 * a->wait < WAIT_MAX ? 2 * a->wait : WAIT_MAX;
	a->n = a->at = 0;
	return true;
}
