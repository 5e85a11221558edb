/* SPDX-License-Identifier: ISC */
/* What entered and left between two epochs, or since an epoch's own
 * predecessor.  Needs geometries only, no contracts. */
#include <stdlib.h>

#include "board_ids.h"
#include "diff.h"
#include "inspect.h"

/* The epoch that t replaced: 1, 0 reported, -1 and *e. */
static int
find_prev(struct inspect *in, const struct target *t, struct target *prev,
    struct err *e)
{
	struct hash meta = {0};
	struct epoch_id id;
	struct span text;
	int rc = view_meta(&in->view, span_str(t->id), &meta, e);

	if (rc < 0)
		return -1;
	text = hash_get(&meta, "prev");
	rc = text.p != NULL && epoch_id_parse(text, &id) == 0;
	if (rc) {
		*prev = (struct target){.by_id = true};
		memcpy(prev->symbol, id.symbol, sizeof(prev->symbol));
		epoch_id_text(&id, prev->id);
	} else {
		err_set(e, EX_NO, "NO_PREV", "no epoch before this one");
		inspect_fail(in, t->id, e);
	}
	hash_free(&meta);
	return rc;
}

static int
print_diff(struct inspect *in, const struct target *a, const struct target *b,
    struct err *e)
{
	struct board_ids old = {0}, new = {0};
	struct buf text = {0};
	int rc = board_ids_read(in, a->id, &old, e);

	if (rc > 0)
		rc = board_ids_read(in, b->id, &new, e);
	if (rc > 0) {
		diff_boards(&text, old.ids, old.n, new.ids, new.n);
		out_write(&in->out, text.p, text.n);
	}
	buf_free(&text);
	board_ids_free(&old);
	board_ids_free(&new);
	return rc < 0 ? -1 : 0;
}

int
view_diff(struct inspect *in, struct err *e)
{
	struct target *list, prev;
	size_t n;
	int rc;

	if (targets_resolve(in, &list, &n, e) < 0)
		return -1;
	rc = n == in->n_operands;
	if (rc && n == 1)
		rc = find_prev(in, &list[0], &prev, e);
	if (rc > 0)
		rc = print_diff(in, n == 1 ? &prev : &list[0], &list[n - 1], e);
	free(list);
	return rc < 0 ? -1 : 0;
}
