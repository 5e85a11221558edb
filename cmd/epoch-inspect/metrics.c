/* SPDX-License-Identifier: ISC */
/*
 * --prometheus: the active epochs in the text format of Prometheus (0.0.4),
 * for the textfile collector of its node_exporter.
 *
 * One pipeline of reads, as for the table; nothing is printed before all of
 * it was read, so that a file is whole or not there.  What is not known, or no
 * number, is left out.
 */
#include <stdlib.h>

#include "decisions.h"
#include "row.h"

/* What of an epoch becomes a sample: a field of the rows, or a function that
 * appends a number, or nothing. */
struct metric {
	const char *name, *type, *help;
	const char *field;
	void (*get)(const struct row *r, int64_t extra, struct buf *b);
	const char *label; /* a second one, as it is printed */
};

static void
get_length(const struct row *r, int64_t extra, struct buf *b)
{
	(void)r;
	buf_int(b, extra);
}

static void
get_heatmap(const struct row *r, int64_t extra, struct buf *b)
{
	(void)extra;
	buf_str(b, r->heatmap.text);
}

static void
get_gex(const struct row *r, int64_t extra, struct buf *b)
{
	(void)extra;
	buf_str(b, r->gex.text);
}

#define GAUGE "gauge"

/* Metrics of one name stand together. */
static const struct metric metrics[] = {
    {"epoch_age_seconds", GAUGE, "Seconds since the epoch was born.", "age",
	NULL, ""},
    {"epoch_snapshot_age_seconds", GAUGE,
	"Seconds since the end of the newest snapshot in the epoch.",
	"snapshot_ts", NULL, ""},
    {"epoch_dirty", GAUGE, "1 when models have work to do.", "dirty", NULL, ""},
    {"epoch_dormant_count", GAUGE, "How often silence was counted.",
	"dormant_count", NULL, ""},
    {"epoch_forced", GAUGE,
	"1 when born forced, or to be computed again in full.", "forced", NULL,
	""},
    {"epoch_ws", GAUGE, "1 when a live value is in the epoch.", "ws", NULL, ""},
    {"epoch_contracts", GAUGE, "Contracts on the board.", "contract_count",
	NULL, ""},
    {"epoch_strikes", GAUGE, "Strikes on the board.", "strike_count", NULL, ""},
    {"epoch_expirations", GAUGE, "Expirations on the board.",
	"expiration_count", NULL, ""},
    {"epoch_seq", GAUGE, "Version of the values; starts again at 1.", "seq",
	NULL, ""},
    {"epoch_ticks_total", "counter", "Live values accepted by the epoch.",
	"ticks", NULL, ""},
    {"epoch_timeline_length", GAUGE, "Epochs that the symbol ever had.", NULL,
	get_length, ""},
    {"epoch_model_contracts", GAUGE, "Contracts in a model of the epoch.", NULL,
	get_gex, ",model=\"gex\""},
    {"epoch_model_contracts", GAUGE, NULL, NULL, get_heatmap,
	",model=\"heatmap\""},
    {"epoch_entered", GAUGE, "Contracts that the epoch before did not have.",
	"entered", NULL, ""},
    {"epoch_exited", GAUGE, "Contracts that only the epoch before had.",
	"exited", NULL, ""},
    {"epoch_carried", GAUGE, "Contracts with a newer value carried over.",
	"carried", NULL, ""},
};

struct sheet {
	struct target *list;
	struct row *rows;
	int64_t *lengths;        /* of the timelines */
	int64_t staging, oldest; /* oldest: ms; -1: none is known */
	struct decisions *decisions;
	size_t n;
};

/* ---- reading ---- */

static void
on_count(const struct db_val *v, void *ctx)
{
	int64_t *n = ctx;

	*n = db_int(v);
}

/* The first of a sorted set, with its score. */
static void
on_oldest(const struct db_val *v, void *ctx)
{
	int64_t *ms = ctx;

	if (db_len(v) == 2 && span_int(db_str(db_at(v, 1)), ms) != 0)
		*ms = -1;
}

static int
ask_oldest(struct inspect *in, int64_t *ms, struct err *e)
{
	struct buf key = {0};
	struct span argv[5] = {SPAN_LIT("ZRANGE"), SPAN_NONE, SPAN_LIT("0"),
	    SPAN_LIT("0"), SPAN_LIT("WITHSCORES")};
	int rc;

	*ms = -1;
	key_add(&key, in->view.keys, KEY_STAGING, SPAN_NONE, SPAN_NONE);
	argv[1] = buf_view(&key);
	rc = db_push(in->view.db, argv, 5, on_oldest, ms, e);
	buf_free(&key);
	return rc;
}

static int
ask_count(struct inspect *in, const char *verb, enum key_name name,
    struct span of, int64_t *n, struct err *e)
{
	struct buf key = {0};
	struct span argv[2] = {span_str(verb)};
	int rc;

	key_add(&key, in->view.keys, name, of, SPAN_NONE);
	argv[1] = buf_view(&key);
	rc = db_push(in->view.db, argv, 2, on_count, n, e);
	buf_free(&key);
	return rc;
}

static int
read_sheet(struct inspect *in, struct sheet *s, struct err *e)
{
	struct err drained;
	int rc;

	s->lengths = mem_zalloc((s->n + 1) * sizeof(*s->lengths));
	rc = ask_count(in, "ZCARD", KEY_STAGING, SPAN_NONE, &s->staging, e);
	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = ask_count(in, "LLEN", KEY_TIMELINE,
		    span_str(s->list[i].symbol), &s->lengths[i], e);
	if (rc == 0)
		rc = ask_oldest(in, &s->oldest, e);
	if (rc == 0) {
		rc = decisions_read(in, s->list, s->n, &s->decisions, e);
		return rc != 0 ? rc : rows_read(in, s->list, s->n, &s->rows, e);
	}
	/* Answers may still be on their way to the lengths. */
	(void)db_drain(in->view.db, &drained);
	return -1;
}

/* ---- writing ---- */

/* Printable ASCII: quote, backslash and line break as the format wants them,
 * what else is no printable ASCII as the characters \xNN. */
static void
add_label(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\n')
			buf_str(b, "\\n");
		else if (c < 0x20 || c > 0x7e)
			buf_fmt(b, "\\\\x%02x", c);
		else if (c == '"' || c == '\\')
			buf_fmt(b, "\\%c", c);
		else
			buf_char(b, (char)c);
	}
}

void
metric_head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
add_global(struct buf *b, const char *name, const char *help, int64_t value)
{
	metric_head(b, name, GAUGE, help);
	buf_fmt(b, "%s ", name);
	buf_int(b, value);
	buf_char(b, '\n');
}

/* The sample's value; false when there is none. */
static bool
sample_value(const struct inspect *in, const struct metric *m,
    const struct row *r, int64_t length, int64_t *value)
{
	const struct field *f;
	struct buf raw = {0};
	struct span s;
	bool there;

	f = m->field == NULL ? NULL : field_find(span_str(m->field));
	if (f == NULL)
		m->get(r, length, &raw);
	else
		field_get(f, r, in->now, &raw);
	s = buf_view(&raw);
	there = true;
	if (f != NULL && f->kind == FIELD_FLAG && s.n > 0)
		*value = span_eq(s, SPAN_LIT("yes"));
	else
		there = span_int(s, value) == 0;
	/* The one time among the fields; a clock behind makes no age. */
	if (there && f != NULL && strcmp(f->name, "snapshot_ts") == 0)
		*value = in->now > *value ? (in->now - *value) / 1000 : 0;
	buf_free(&raw);
	return there;
}

static void
add_metric(const struct inspect *in, const struct sheet *s,
    const struct metric *m, struct buf *b)
{
	int64_t value;

	if (m->help != NULL)
		metric_head(b, m->name, m->type, m->help);
	for (size_t i = 0; i < s->n; i++) {
		if (!sample_value(in, m, &s->rows[i], s->lengths[i], &value))
			continue;
		buf_fmt(b, "%s{symbol=\"%s\"%s} ", m->name, s->list[i].symbol,
		    m->label);
		buf_int(b, value);
		buf_char(b, '\n');
	}
}

/* What is text, as labels of a sample that is always 1. */
static void
add_info(const struct sheet *s, struct buf *b)
{
	static const char *const names[] = {"reason", "source", "filter"};

	metric_head(b, "epoch_info", GAUGE, "The active epoch, in words.");
	for (size_t i = 0; i < s->n; i++) {
		buf_fmt(b, "epoch_info{symbol=\"%s\",epoch_id=\"%s\"",
		    s->list[i].symbol, s->list[i].id);
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
			struct span v = hash_get(&s->rows[i].meta, names[k]);

			if (v.p == NULL)
				continue;
			buf_fmt(b, ",%s=\"", names[k]);
			add_label(b, v);
			buf_char(b, '"');
		}
		buf_str(b, "} 1\n");
	}
}

static void
print_sheet(struct inspect *in, const struct sheet *s)
{
	struct buf b = {0};

	add_global(&b, "epoch_up", "1: Redis answered.", 1);
	add_global(&b, "epoch_symbols", "Symbols shown here.", (int64_t)s->n);
	add_global(&b, "epoch_staging", "Reserved ids that are not committed.",
	    s->staging);
	if (s->oldest >= 0)
		add_global(&b, "epoch_staging_age_seconds",
		    "Seconds since the oldest of them was reserved.",
		    in->now > s->oldest ? (in->now - s->oldest) / 1000 : 0);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
		add_metric(in, s, &metrics[i], &b);
	decisions_print(&b, s->list, s->decisions, s->n, in->now);
	add_info(s, &b);
	out_write(&in->out, b.p, b.n);
	buf_free(&b);
}

int
view_metrics(struct inspect *in, struct err *e)
{
	struct sheet s = {0};
	int rc;

	if (targets_resolve(in, &s.list, &s.n, e) < 0)
		return -1;
	s.n = targets_sort(s.list, s.n);
	rc = read_sheet(in, &s, e);
	if (rc == 0)
		print_sheet(in, &s);
	rows_free(s.rows, s.n);
	decisions_free(s.decisions, s.n);
	free(s.lengths);
	free(s.list);
	return rc;
}
