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
#include "inspect.h"
#include "words.h"

/* ---- reading ---- */

struct published {
	struct words names;
	struct buf doc;
	bool there;
};

static void
on_names(const struct db_val *v, void *ctx)
{
	struct published *p = ctx;

	for (size_t i = 0; i < db_len(v); i++)
		words_span(&p->names, db_str(db_at(v, i)));
}

static void
on_doc(const struct db_val *v, void *ctx)
{
	struct published *p = ctx;

	p->there = db_type(v) == DB_STR;
	buf_clear(&p->doc);
	buf_span(&p->doc, db_str(v));
}

/* HKEYS, or HGET of a field. */
static int
ask(struct inspect *in, const char *id, struct span field, struct published *p,
    struct err *e)
{
	struct span argv[3] = {SPAN_LIT("HKEYS"), SPAN_NONE, field};
	struct buf key = {0};
	int rc;

	key_add(&key, in->view.keys, KEY_MODEL, span_str(id),
	    span_str(in->model == NULL ? "heatmap" : in->model));
	argv[1] = buf_view(&key);
	if (field.p != NULL)
		argv[0] = SPAN_LIT("HGET");
	rc = db_call(in->view.db, argv, field.p == NULL ? 2 : 3,
	    field.p == NULL ? on_names : on_doc, p, e);
	buf_free(&key);
	return rc;
}

/* A record of that type; 1, 0 not there, -1 and *e. */
static int
read_record(struct inspect *in, const char *id, struct span field,
    const char *type, struct rec *r, struct err *e)
{
	struct published p = {.there = false};
	int rc = ask(in, id, field, &p, e);

	if (rc == 0 && p.there) {
		rc = 1;
		if (rec_parse(r, buf_view(&p.doc), e) < 0 ||
		    rec_type(r) == NULL || strcmp(rec_type(r), type) != 0)
			rc = err_set(e, EX_SOFTWARE, "DAMAGED",
			    "what is stored is no %s", type);
	}
	buf_free(&p.doc);
	return rc;
}

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
	int rc = read_record(in, t->id, SPAN_LIT("doc"), "heatmap", &g.head, e);

	if (rc > 0)
		rc = read_record(in, t->id, name, "heatmap_sheet", &g.sheet, e);
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

/* Of an epoch: 1, or -1 and *e. */
static int
show_target(struct inspect *in, const struct target *t, struct err *e)
{
	struct published p = {.there = false};
	struct hash meta = {0};
	struct span *list = NULL;
	int64_t seq = 0;
	size_t n = 0;
	int rc = ask(in, t->id, SPAN_NONE, &p, e);

	if (rc == 0)
		rc = view_meta(&in->view, span_str(t->id), &meta, e);
	hash_int(&meta, "seq", &seq);
	if (rc >= 0) {
		list = choose_sheets(in, &p.names, &n);
		rc = p.names.n == 0
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
	hash_free(&meta);
	words_free(&p.names);
	return rc;
}

int
view_heatmap(struct inspect *in, struct err *e)
{
	struct target *list;
	size_t n;
	int rc = 0;

	if (targets_resolve(in, &list, &n, e) < 0)
		return -1;
	n = targets_sort(list, n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (i > 0)
			out_write(&in->out, "\n", 1);
		/* What an epoch lacks does not hide the others. */
		if (show_target(in, &list[i], e) < 0) {
			if (e->exit == EX_TEMPFAIL)
				rc = -1;
			else
				inspect_fail(in, list[i].id, e);
		}
	}
	free(list);
	return rc;
}
