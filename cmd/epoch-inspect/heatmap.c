/* SPDX-License-Identifier: ISC */
/*
 * --heatmap: sheets that model-heatmap has published of an epoch.
 *
 * Which ones there are is read first, then the head and those that are
 * wanted: a sheet that changes meanwhile is shown as it is then.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "grid.h"
#include "published.h"

static int show_epoch(
    struct inspect *in, const struct target *t, int64_t seq, struct err *e);

static const struct published heatmap = {"heatmap", show_epoch};

/* Does a sheet's name end in :STRATEGY:RIGHT, as asked for? */
static bool
is_wanted(const struct inspect *in, struct span name)
{
	char end[40];
	int n = snprintf(end, sizeof(end), ":%s:%s",
	    in->strategy == NULL ? "butterfly" : in->strategy,
	    in->right == NULL ? "call" : in->right);

	return name.n > (size_t)n + DATE_TEXT - 1 &&
	       memcmp(name.p + name.n - (size_t)n, end, (size_t)n) == 0 &&
	       (in->expiration == NULL ||
		   memcmp(name.p, in->expiration, DATE_TEXT - 1) == 0);
}

static int
by_name(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

/* The wanted sheets of the first date, in order; allocated. */
static struct span *
choose_sheets(const struct inspect *in, struct words *names, size_t *n)
{
	const struct span *all = words_view(names);
	struct span *list = mem_alloc((names->n + 1) * sizeof(*list));
	size_t kept = 0;

	*n = 0;
	for (size_t i = 0; i < names->n; i++)
		if (is_wanted(in, all[i]))
			list[(*n)++] = all[i];
	qsort(list, *n, sizeof(*list), by_name);
	while (kept < *n && memcmp(list[kept].p, list[0].p, DATE_TEXT - 1) == 0)
		kept++;
	*n = kept;
	return list;
}

static int
show_sheet(struct inspect *in, const struct target *t, struct span name,
    int64_t seq, struct err *e)
{
	struct screen screen = screen_of(in->out.fd);
	struct grid g = {.screen = &screen};
	struct buf b = {0};
	int rc = published_record(
	    in, &heatmap, t->id, SPAN_LIT("doc"), "heatmap", &g.head, e);

	if (rc > 0)
		rc = published_record(
		    in, &heatmap, t->id, name, "heatmap_sheet", &g.sheet, e);
	if (rc == 0)
		rc = err_set(e, EX_NO, "NO_SHEET", "it is gone meanwhile");
	if (rc > 0) {
		grid_draw(&g, in->near_bp, seq, &b);
		out_write(&in->out, b.p, b.n);
	}
	rec_free(&g.head);
	rec_free(&g.sheet);
	buf_free(&b);
	return rc;
}

static int
show_epoch(
    struct inspect *in, const struct target *t, int64_t seq, struct err *e)
{
	struct words names = {0};
	struct span *list = NULL;
	size_t n = 0;
	int rc = published_fields(in, &heatmap, t->id, &names, e);

	if (rc == 0) {
		list = choose_sheets(in, &names, &n);
		rc = names.n == 0
			 ? err_set(e, EX_NO, "NO_MODEL",
			       "no model has published there (model-heatmap "
			       "does)")
		     : n == 0 ? err_set(e, EX_NO, "NO_SHEET",
				    "no sheet of that date, strategy and right")
			      : 1;
	}
	for (size_t i = 0; i < n && rc > 0; i++) {
		if (i > 0)
			out_write(&in->out, "\n", 1);
		rc = show_sheet(in, t, list[i], seq, e);
	}
	free(list);
	words_free(&names);
	return rc;
}

int
view_heatmap(struct inspect *in, struct err *e)
{
	return published_show(in, &heatmap, e);
}
