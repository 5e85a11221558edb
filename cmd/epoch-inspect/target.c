/* SPDX-License-Identifier: ISC */
/* Which epochs are meant: operands, or all symbols, resolved through
 * epoch:active once, so that every view reads by id from then on. */
#include <stdio.h>
#include <stdlib.h>

#include "inspect.h"

int
target_parse(const char *text, struct target *t)
{
	struct epoch_id id;
	struct symbol symbol;

	*t = (struct target){.by_id = false};
	if (epoch_id_parse(span_str(text), &id) == 0) {
		t->by_id = true;
		memcpy(t->symbol, id.symbol, sizeof(t->symbol));
		epoch_id_text(&id, t->id);
		return 0;
	}
	if (symbol_parse(span_str(text), false, &symbol) < 0)
		return -1;
	memcpy(t->symbol, symbol.name, sizeof(t->symbol));
	return 0;
}

/* What epoch:active says of a symbol is data from outside: look at it before
 * it becomes part of a key's name. */
static int
set_active(
    struct inspect *in, struct target *t, struct span symbol, struct span text)
{
	struct epoch_id id;
	struct err e;
	char name[64];

	if (symbol_valid(symbol) && epoch_id_parse(text, &id) == 0 &&
	    span_eq(symbol, span_str(id.symbol))) {
		memcpy(t->symbol, id.symbol, sizeof(t->symbol));
		epoch_id_text(&id, t->id);
		return 0;
	}
	err_set(&e, EX_SOFTWARE, "ACTIVE_ID", "active is no id of it: %.*s",
	    (int)(text.n > 80 ? 80 : text.n), text.p);
	snprintf(name, sizeof(name), "%.*s",
	    (int)(symbol.n > 60 ? 60 : symbol.n), symbol.p);
	inspect_fail(in, name, &e);
	return -1;
}

static void
no_epoch(struct inspect *in, const char *subject)
{
	struct err e;

	err_set(&e, EX_NO, "NO_EPOCH", "no active epoch");
	inspect_fail(in, subject, &e);
}

int
targets_resolve(
    struct inspect *in, struct target **list, size_t *n, struct err *e)
{
	struct hash active = {0};
	struct target t;

	*list = NULL;
	*n = 0;
	if (view_actives(&in->view, &active, e) < 0)
		return -1;
	*list =
	    mem_alloc((in->n_operands + active.n + 1) * sizeof(struct target));
	for (size_t i = 0; in->n_operands == 0 && i < active.n; i++) {
		t = (struct target){.by_id = false};
		if (set_active(in, &t, active.f[i].name, active.f[i].value) ==
		    0)
			(*list)[(*n)++] = t;
	}
	if (in->n_operands == 0 && active.n == 0 && !in->none_is_fine)
		no_epoch(in, NULL);
	for (size_t i = 0; i < in->n_operands; i++) {
		struct span id;

		t = in->operands[i];
		id = hash_get(&active, t.symbol);
		if (!t.by_id && id.p == NULL)
			no_epoch(in, t.symbol);
		else if (t.by_id ||
			 set_active(in, &t, span_str(t.symbol), id) == 0)
			(*list)[(*n)++] = t;
	}
	hash_free(&active);
	return 0;
}

static int
by_symbol(const void *a, const void *b)
{
	const struct target *ta = a, *tb = b;
	int cmp = strcmp(ta->symbol, tb->symbol);

	return cmp != 0 ? cmp : strcmp(ta->id, tb->id);
}

size_t
targets_sort(struct target *list, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(list, n, sizeof(*list), by_symbol);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || by_symbol(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	return kept;
}
