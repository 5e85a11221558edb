/* SPDX-License-Identifier: ISC */
/* decisions: see decisions.h. */
#include <stdlib.h>

#include "decisions.h"

static const char *const reasons[DECISION_REASONS] = {
    "first", "geometry", "filter", "forced", "damaged", "rollback", "unknown"};

/* ---- reading ---- */

static void
on_timeline(const struct db_val *v, void *ctx)
{
	struct decisions *d = ctx;

	for (size_t i = 0; i < db_len(v); i++) {
		buf_span(&d->timeline, db_str(db_at(v, i)));
		buf_char(&d->timeline, '\0');
	}
}

static void
on_reason(const struct db_val *v, void *ctx)
{
	struct decisions *d = ctx;
	size_t i = 0;

	while (i < DECISION_REASONS - 1 &&
	       !span_eq(db_str(v), span_str(reasons[i])))
		i++;
	d->epochs[i]++;
}

static int
ask_symbol(struct inspect *in, const struct target *t, struct decisions *d,
    struct err *e)
{
	struct span symbol = span_str(t->symbol);
	struct buf key = {0};
	struct span range[4] = {
	    SPAN_LIT("LRANGE"), SPAN_NONE, SPAN_LIT("0"), SPAN_LIT("-1")};
	struct span all[2] = {SPAN_LIT("HGETALL")};
	int rc;

	key_add(&key, in->view.keys, KEY_TIMELINE, symbol, SPAN_NONE);
	range[1] = buf_view(&key);
	rc = db_push(in->view.db, range, 4, on_timeline, d, e);
	buf_clear(&key);
	key_add(&key, in->view.keys, KEY_PENDING, symbol, SPAN_NONE);
	all[1] = buf_view(&key);
	if (rc == 0)
		rc = db_push(in->view.db, all, 2, hash_read, &d->pending, e);
	buf_free(&key);
	return rc;
}

static int
ask_reasons(struct inspect *in, struct decisions *d, struct err *e)
{
	struct buf key = {0};
	struct epoch_id id;
	struct span argv[3] = {SPAN_LIT("HGET"), SPAN_NONE, SPAN_LIT("reason")};
	int rc = 0;

	for (size_t at = 0; at < d->timeline.n && rc == 0;) {
		struct span text = span_str(d->timeline.p + at);

		at += text.n + 1;
		/* data from outside, before it becomes part of a key */
		if (epoch_id_parse(text, &id) != 0) {
			d->epochs[DECISION_REASONS - 1]++;
			continue;
		}
		buf_clear(&key);
		key_add(&key, in->view.keys, KEY_META, text, SPAN_NONE);
		argv[1] = buf_view(&key);
		rc = db_push(in->view.db, argv, 3, on_reason, d, e);
	}
	buf_free(&key);
	return rc;
}

/* All answers are there, or none is on its way any more. */
static int
drain(struct inspect *in, int rc, struct err *e)
{
	struct err drained;

	if (db_drain(in->view.db, &drained) == 0 || rc != 0)
		return rc;
	*e = drained;
	return -1;
}

int
decisions_read(struct inspect *in, const struct target *t, size_t n,
    struct decisions **out, struct err *e)
{
	struct decisions *d = mem_zalloc((n + 1) * sizeof(*d));
	int rc = 0;

	*out = d;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = ask_symbol(in, &t[i], &d[i], e);
	rc = drain(in, rc, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = ask_reasons(in, &d[i], e);
	return drain(in, rc, e);
}

void
decisions_free(struct decisions *d, size_t n)
{
	for (size_t i = 0; d != NULL && i < n; i++) {
		buf_free(&d[i].timeline);
		hash_free(&d[i].pending);
	}
	free(d);
}

/* ---- writing ---- */

static void
add_epochs(struct buf *b, const struct target *t, const struct decisions *d)
{
	for (size_t i = 0; i < DECISION_REASONS; i++) {
		if (i == DECISION_REASONS - 1 && d->epochs[i] == 0)
			continue;
		buf_fmt(b,
		    "epoch_decisions_total{symbol=\"%s\",outcome=\"new\","
		    "reason=\"%s\"} ",
		    t->symbol, reasons[i]);
		buf_int(b, d->epochs[i]);
		buf_char(b, '\n');
	}
}

static void
add_sample(
    struct buf *b, const char *name, const struct target *t, int64_t value)
{
	buf_fmt(b, "%s{symbol=\"%s\"} ", name, t->symbol);
	buf_int(b, value);
	buf_char(b, '\n');
}

void
decisions_print(struct buf *b, const struct target *t,
    const struct decisions *d, size_t n, int64_t now)
{
	int64_t value;

	metric_head(b, "epoch_decisions_total", "counter",
	    "Decisions for a new epoch, by its reason.");
	for (size_t i = 0; i < n; i++)
		add_epochs(b, &t[i], &d[i]);
	metric_head(b, "epoch_pending_sights", "gauge",
	    "How often a suspicious board was seen that waits; 0: none.");
	for (size_t i = 0; i < n; i++)
		if (d[i].pending.n == 0)
			add_sample(b, "epoch_pending_sights", &t[i], 0);
		else if (hash_int(&d[i].pending, "seen", &value) == 0 &&
			 value >= 0)
			add_sample(b, "epoch_pending_sights", &t[i], value);
	metric_head(b, "epoch_pending_age_seconds", "gauge",
	    "Seconds since that board was first seen.");
	for (size_t i = 0; i < n; i++)
		if (hash_int(&d[i].pending, "first_ts", &value) == 0)
			add_sample(b, "epoch_pending_age_seconds", &t[i],
			    now > value ? (now - value) / 1000 : 0);
}
