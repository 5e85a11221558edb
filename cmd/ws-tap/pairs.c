/* SPDX-License-Identifier: ISC */
/* pairs: see pairs.h. */
#include <stdlib.h>

#include "pairs.h"

void
pairs_free(struct pairs *p)
{
	free(p->p);
	free(p->leaving);
	*p = (struct pairs){0};
}

static void
set_state(struct pairs *p, struct pair *pair, enum pair_state to)
{
	p->count[pair->state]--;
	p->count[to]++;
	pair->state = to;
}

/* The vendor may have it, so it has to be told. */
static void
leave(struct pairs *p, const struct pair *old)
{
	p->count[old->state]--;
	if (old->state == PAIR_NEW || old->state == PAIR_REFUSED)
		return;
	p->leaving = mem_grow(p->leaving, p->nleaving + 1, sizeof(*p->leaving));
	memcpy(p->leaving[p->nleaving++], old->text, PAIR_TEXT);
}

bool
pairs_want(struct pairs *p, const struct pair *want, size_t n)
{
	struct pair *new = mem_zalloc((n + 1) * sizeof(*new));
	size_t i = 0, k = 0;
	bool changed = false;

	while (i < p->n || k < n) {
		int r = i == p->n ? 1
			: k == n  ? -1
				  : strcmp(p->p[i].text, want[k].text);

		changed = changed || r != 0;
		if (r < 0) {
			leave(p, &p->p[i++]);
			continue;
		}
		memcpy(new[k].text, want[k].text, PAIR_TEXT);
		new[k].state = r == 0 ? p->p[i++].state : PAIR_NEW;
		p->count[PAIR_NEW] += r > 0;
		k++;
	}
	free(p->p);
	p->p = new;
	p->n = n;
	return changed;
}

void
pairs_forget(struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++)
		set_state(p, &p->p[i], PAIR_NEW);
	p->nleaving = 0;
}

static void
add(struct buf *out, size_t i, const char *text)
{
	if (i > 0)
		buf_char(out, ',');
	buf_str(out, text);
}

size_t
pairs_leave(struct pairs *p, struct buf *out)
{
	size_t n = p->nleaving < PAIR_CHUNK ? p->nleaving : PAIR_CHUNK;

	for (size_t i = 0; i < n; i++)
		add(out, i, p->leaving[--p->nleaving]);
	return n;
}

static bool
is_same_channel(const char *a, const char *b)
{
	size_t n = strcspn(a, ".");

	return strncmp(a, b, n + 1) == 0;
}

size_t
pairs_ask(struct pairs *p, struct buf *out)
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->n && n < PAIR_CHUNK; i++) {
		struct pair *pair = &p->p[i];

		if (pair->state != PAIR_NEW ||
		    (first != NULL && !is_same_channel(first, pair->text)))
			continue;
		first = pair->text;
		add(out, n++, pair->text);
		set_state(p, pair, PAIR_ASKED);
	}
	return n;
}

bool
pairs_granted(struct pairs *p, struct span text)
{
	size_t from = 0, to = p->n;

	while (from < to) {
		size_t at = from + (to - from) / 2;
		int r = span_cmp(span_str(p->p[at].text), text);

		if (r == 0) {
			if (p->p[at].state == PAIR_NEW)
				return false;
			set_state(p, &p->p[at], PAIR_GRANTED);
			return true;
		}
		if (r < 0)
			from = at + 1;
		else
			to = at;
	}
	return false;
}

void
pairs_settle(struct pairs *p, enum pair_state as)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->p[i].state == PAIR_ASKED)
			set_state(p, &p->p[i], as);
}
