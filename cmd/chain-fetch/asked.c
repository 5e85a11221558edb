/* SPDX-License-Identifier: ISC */
/* asked: see asked.h. */
#include <stdio.h>
#include <stdlib.h>

#include "asked.h"

void
asked_free(struct asked *a)
{
	free(a->all);
	*a = (struct asked){0};
}

struct request *
asked_find(const struct asked *a, const char *symbol)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->all[i].symbol.name, symbol) == 0)
			return &a->all[i];
	return NULL;
}

struct request *
asked_next(const struct asked *a)
{
	struct request *first = NULL;

	for (size_t i = 0; i < a->n; i++)
		if (a->all[i].turn != 0 &&
		    (first == NULL || a->all[i].turn < first->turn))
			first = &a->all[i];
	return first;
}

enum weight { SCHEDULED, EVENT, DORMANT };

static enum weight
weight(const char *reason)
{
	if (strcmp(reason, "dormant") == 0)
		return DORMANT;
	return strcmp(reason, "scheduled") == 0 ? SCHEDULED : EVENT;
}

/* Of two dormant ones the later knows the epoch of now. */
static bool
outweighs(const char *later, const char *first)
{
	return weight(later) == DORMANT || weight(later) > weight(first);
}

int
asked_add(struct asked *a, const struct symbol *symbol, const char *reason,
    const char *for_epoch, struct err *e)
{
	struct request *q = asked_find(a, symbol->name);

	if (q == NULL && a->n == ASKED_MAX)
		return err_set(e, EX_DATAERR, "TOO_MANY",
		    "more than %d symbols asked for", ASKED_MAX);
	if (q == NULL) {
		a->all = mem_grow(a->all, a->n + 1, sizeof(*a->all));
		q = &a->all[a->n++];
		*q = (struct request){.symbol = *symbol};
	}
	if (q->turn != 0) {
		a->merged++;
		if (!outweighs(reason, q->reason))
			return 0;
	} else {
		q->turn = ++a->turns;
	}
	q->reason = reason;
	snprintf(q->for_epoch, sizeof(q->for_epoch), "%s", for_epoch);
	return 0;
}
