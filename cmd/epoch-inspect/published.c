/* SPDX-License-Identifier: ISC */
#include "published.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

double
published_number(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

const char *
published_text(const struct rec *r, const char *name)
{
	const char *s = rec_str(r, name);

	return s == NULL ? "-" : s;
}

void
published_subject(
    const struct screen *s, const struct rec *r, int64_t now, struct buf *b)
{
	struct screen_line l = screen_line(s, b, "  ");
	double spot = published_number(r->value, "spot");
	char when[20], item[160];
	int64_t ts = 0, seq = 0;
	int n;

	rec_int(r, "seq", &seq);
	l.ink = INK_BOLD;
	snprintf(item, sizeof(item), "%s  seq %" PRId64,
	    published_text(r, "epoch_id"), seq);
	screen_item(&l, item);
	l.ink = INK_PLAIN;
	if (!isnan(spot)) {
		n = snprintf(item, sizeof(item), "spot %.2f", spot);
		if (rec_int(r, "spot_ts", &ts) == 0) {
			clock_utc_text(ts, when);
			snprintf(item + n, sizeof(item) - (size_t)n,
			    " at %s UTC", when);
		}
		screen_item(&l, item);
	}
	if (now > seq) {
		snprintf(item, sizeof(item), "(%" PRId64 " changes behind)",
		    now - seq);
		screen_item(&l, item);
	}
	buf_char(b, '\n');
}

/* ---- reading ---- */

struct answer {
	struct words *names;
	struct buf doc;
	bool there;
};

static void
on_names(const struct db_val *v, void *ctx)
{
	struct answer *a = ctx;

	for (size_t i = 0; i < db_len(v); i++)
		words_span(a->names, db_str(db_at(v, i)));
}

static void
on_doc(const struct db_val *v, void *ctx)
{
	struct answer *a = ctx;

	a->there = db_type(v) == DB_STR;
	buf_span(&a->doc, db_str(v));
}

/* HKEYS, or HGET of a field. */
static int
ask(struct inspect *in, const struct published *p, const char *id,
    struct span field, struct answer *a, struct err *e)
{
	struct span argv[3] = {SPAN_LIT("HKEYS"), SPAN_NONE, field};
	struct buf key = {0};
	int rc;

	key_add(&key, in->view.keys, KEY_MODEL, span_str(id),
	    span_str(in->model == NULL ? p->model : in->model));
	argv[1] = buf_view(&key);
	if (field.p != NULL)
		argv[0] = SPAN_LIT("HGET");
	rc = db_call(in->view.db, argv, field.p == NULL ? 2 : 3,
	    field.p == NULL ? on_names : on_doc, a, e);
	buf_free(&key);
	return rc;
}

int
published_record(struct inspect *in, const struct published *p, const char *id,
    struct span field, const char *type, struct rec *r, struct err *e)
{
	struct answer a = {.there = false};
	int rc = ask(in, p, id, field, &a, e);

	if (rc == 0 && a.there) {
		rc = 1;
		if (rec_parse(r, buf_view(&a.doc), e) < 0 ||
		    rec_type(r) == NULL || strcmp(rec_type(r), type) != 0)
			rc = err_set(e, EX_SOFTWARE, "DAMAGED",
			    "what is stored is no %s", type);
	}
	buf_free(&a.doc);
	return rc;
}

int
published_fields(struct inspect *in, const struct published *p, const char *id,
    struct words *names, struct err *e)
{
	struct answer a = {.names = names};

	return ask(in, p, id, SPAN_NONE, &a, e);
}

/* ---- showing ---- */

static int
show_target(struct inspect *in, const struct published *p,
    const struct target *t, struct err *e)
{
	struct hash meta = {0};
	int64_t seq = 0;
	int rc = view_meta(&in->view, span_str(t->id), &meta, e);

	hash_int(&meta, "seq", &seq);
	hash_free(&meta);
	return rc < 0 ? -1 : p->show(in, t, seq, e);
}

int
published_show(struct inspect *in, const struct published *p, struct err *e)
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
		if (show_target(in, p, &list[i], e) >= 0)
			continue;
		if (e->exit == EX_TEMPFAIL)
			rc = -1;
		else
			inspect_fail(in, list[i].id, e);
	}
	free(list);
	return rc;
}
