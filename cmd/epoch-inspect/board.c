/* SPDX-License-Identifier: ISC */
/*
 * The contracts of an epoch (--contracts), and what entered and left between
 * two (--diff).  The epoch's own geometry is the index of what to read.
 */
#include <stdlib.h>

#include "board_ids.h"
#include "geom.h"
#include "inspect.h"
#include "line.h"
#include "words.h"

/* Fields that a contract has beyond those of its hash. */
enum { F_ID = CF_COUNT, F_SYMBOL, F_EPOCH, F_QUOTE_AGE, F_TRADE_AGE, F_COUNT };

static const char *const own_names[] = {
    "id", "symbol", "epoch_id", "quote_age", "trade_age"};

static const struct column columns[] = {
    {"ID", "id", 23},
    {"BID", "bid", 8},
    {"ASK", "ask", 8},
    {"BSIZE", "bid_size", 7},
    {"ASIZE", "ask_size", 7},
    {"LAST", "last", 8},
    {"IV", "iv", 8},
    {"DELTA", "delta", 9},
    {"GAMMA", "gamma", 8},
    {"THETA", "theta", 10},
    {"VEGA", "vega", 8},
    {"OI", "oi", 9},
    {"VOLUME", "volume", 9},
    {"QUOTE(s)", "quote_age", 10},
    {"TRADE(s)", "trade_age", 8},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define FIELDS_MAX 64

/* What a walk over one epoch's contracts needs. */
struct walk {
	struct inspect *in;
	const struct target *t;
	const struct span *ids;
	int fields[FIELDS_MAX];
	size_t n_fields;
	struct words cells; /* for the table */
	struct buf line;
	size_t missing, bad; /* contracts, values */
};

static const char *
field_name(int f)
{
	return f < CF_COUNT ? contract_fields[f].name : own_names[f - CF_COUNT];
}

static int
field_number(struct span name)
{
	for (int f = 0; f < F_COUNT; f++)
		if (span_eq(name, span_str(field_name(f))))
			return f;
	return -1;
}

bool
board_fields_ok(const char *list, struct buf *known)
{
	struct span name = {list, strcspn(list, ",")};
	size_t n = 0;

	while (field_number(name) >= 0 && ++n <= FIELDS_MAX) {
		if (name.p[name.n] == '\0')
			return true;
		name.p += name.n + 1;
		name.n = strcspn(name.p, ",");
	}
	for (int f = 0; f < F_COUNT; f++)
		buf_fmt(known, "%s%s", f == 0 ? "" : " ", field_name(f));
	return false;
}

static void
choose_fields(struct walk *w)
{
	const char *p = w->in->fields;

	for (size_t i = 0; p == NULL && i < COLUMNS; i++)
		w->fields[w->n_fields++] =
		    field_number(span_str(columns[i].field));
	while (p != NULL) {
		size_t n = strcspn(p, ",");

		w->fields[w->n_fields++] = field_number((struct span){p, n});
		p = p[n] == '\0' ? NULL : p + n + 1;
	}
}

/* Seconds since a time; nothing when it is unknown. */
static void
add_age(struct buf *b, struct span ts, int64_t now)
{
	int64_t then;

	if (ts.p == NULL || span_int(ts, &then) < 0)
		buf_char(b, '-');
	else
		buf_int(b, now > then ? (now - then) / 1000 : 0);
}

/* c is NULL when the contract is not there. */
static void
add_field(
    struct walk *w, struct buf *b, int f, size_t i, const struct contract *c)
{
	switch (f) {
	case F_ID:
		buf_span(b, w->ids[i]);
		return;
	case F_SYMBOL:
		buf_str(b, w->t->symbol);
		return;
	case F_EPOCH:
		buf_str(b, w->t->id);
		return;
	case F_QUOTE_AGE:
		add_age(
		    b, c == NULL ? SPAN_NONE : c->f[CF_QUOTE_TS], w->in->now);
		return;
	case F_TRADE_AGE:
		add_age(
		    b, c == NULL ? SPAN_NONE : c->f[CF_TRADE_TS], w->in->now);
		return;
	default:
		if (c == NULL || c->f[f].n == 0)
			buf_char(b, '-');
		else
			text_vis(b, c->f[f]);
	}
}

/* As our own records: what is not of its kind may not become JSON. */
static void
add_record(struct walk *w, const struct contract *stored)
{
	struct contract c = *stored;

	for (int f = 0; f < CF_COUNT; f++)
		if (c.f[f].p != NULL &&
		    !contract_value_ok(contract_fields[f].kind, c.f[f])) {
			c.f[f] = SPAN_NONE;
			w->bad++;
		}
	if (c.f[CF_EXPIRATION].p == NULL || c.f[CF_STRIKE].p == NULL ||
	    c.f[CF_RIGHT].p == NULL)
		w->missing++;
	else
		line_write(&w->line, &c);
}

static void
on_contract(size_t i, const struct contract *c, void *ctx)
{
	struct walk *w = ctx;

	w->missing += c == NULL;
	if (w->in->json) {
		if (c != NULL)
			add_record(w, c);
	} else if (w->in->fields != NULL) {
		for (size_t k = 0; k < w->n_fields; k++) {
			add_field(w, &w->line, w->fields[k], i, c);
			buf_char(&w->line, k + 1 < w->n_fields ? '\t' : '\n');
		}
	} else {
		for (size_t k = 0; k < w->n_fields; k++) {
			add_field(w, &w->cells.text, w->fields[k], i, c);
			words_close(&w->cells);
		}
	}
	if (w->line.n > 0)
		out_write(&w->in->out, w->line.p, w->line.n);
	buf_clear(&w->line);
}

/* Keep the ids whose strike is near the spot. */
static size_t
keep_near(struct span *ids, size_t n, double spot, int64_t bp)
{
	double reach = spot * (double)bp / 10000;
	struct geom_id id;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (geom_id_parse(ids[i], &id) == 0 &&
		    id.strike_milli / 1000.0 >= spot - reach &&
		    id.strike_milli / 1000.0 <= spot + reach)
			ids[kept++] = ids[i];
	return kept;
}

/* The spot in meta, as text; 0 when there is none that is a number. */
static int
read_spot(struct inspect *in, const struct target *t, struct buf *text,
    double *spot, struct err *e)
{
	struct hash meta = {0};
	struct span s;

	if (view_meta(&in->view, span_str(t->id), &meta, e) < 0)
		return -1;
	s = hash_get(&meta, "spot");
	*spot = 0;
	if (s.p != NULL && contract_value_ok(CK_UNSIGNED, s)) {
		buf_span(text, s);
		*spot = strtod(text->p, NULL);
	}
	hash_free(&meta);
	return 0;
}

static int
print_board(struct walk *w, struct span *ids, size_t n, struct err *e)
{
	struct inspect *in = w->in;
	struct buf text = {0}, spot_text = {0};
	double spot;
	int rc;

	if (read_spot(in, w->t, &spot_text, &spot, e) < 0)
		return -1;
	if (in->near_bp >= 0 && spot <= 0) {
		err_set(e, EX_NO, "NO_SPOT", "no spot for --near");
		inspect_fail(in, w->t->id, e);
		buf_free(&spot_text);
		return 0;
	}
	if (in->near_bp >= 0)
		n = keep_near(ids, n, spot, in->near_bp);
	w->ids = ids;
	rc = view_contracts(
	    &in->view, span_str(w->t->id), ids, n, on_contract, w, e);
	if (rc >= 0 && !in->json && in->fields == NULL) {
		buf_fmt(&text, "%s: %zu contracts, spot %s\n", w->t->id, n,
		    spot > 0 ? spot_text.p : "-");
		text_table(&text, columns, COLUMNS, words_view(&w->cells), n);
		out_write(&in->out, text.p, text.n);
	}
	buf_free(&text);
	buf_free(&spot_text);
	return rc < 0 ? -1 : 0;
}

/* One epoch: its geometry, then its contracts. */
static int
show_board(struct inspect *in, const struct target *t, struct err *e)
{
	struct walk w = {.in = in, .t = t};
	struct board_ids b = {0};
	int retired = 0, rc = board_ids_read(in, t->id, &b, e);

	choose_fields(&w);
	if (rc > 0)
		rc = print_board(&w, b.ids, b.n, e);
	if (rc >= 0 && w.missing > 0)
		rc = retired = view_retired(&in->view, span_str(t->id), e);
	if (retired > 0) {
		err_set(e, EX_TEMPFAIL, "RETIRED", "retired while it was read");
		inspect_fail(in, t->id, e);
	} else if (rc >= 0 && (w.missing > 0 || w.bad > 0)) {
		err_warn(t->id, "INCOMPLETE",
		    "%zu contracts not there, %zu values left out (--check "
		    "tells more)",
		    w.missing, w.bad);
	}
	board_ids_free(&b);
	words_free(&w.cells);
	buf_free(&w.line);
	return rc < 0 ? -1 : 0;
}

int
view_board(struct inspect *in, struct err *e)
{
	struct target *list;
	struct buf head = {0};
	const char *p = in->fields;
	size_t n;
	int rc = 0;

	if (targets_resolve(in, &list, &n, e) < 0)
		return -1;
	n = targets_sort(list, n);
	if (in->header && p != NULL && !in->json) {
		for (; *p != '\0'; p++)
			buf_char(&head, *p == ',' ? '\t' : *p);
		out_line(&in->out, buf_view(&head));
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = show_board(in, &list[i], e);
	buf_free(&head);
	free(list);
	return rc;
}
