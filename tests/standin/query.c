/* SPDX-License-Identifier: ISC */
/* query: see query.h. */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "geom.h"
#include "query.h"
#include "rec.h"
#include "scan.h"

#define BAD_ARGS "Failed to parse query parameters from URL: "

static int take_date(struct query *, int, const char *, struct buf *);
static int take_strike(struct query *, int, const char *, struct buf *);
static int take_limit(struct query *, int, const char *, struct buf *);
static int take_order(struct query *, int, const char *, struct buf *);
static int take_right(struct query *, int, const char *, struct buf *);
static int take_sort(struct query *, int, const char *, struct buf *);

/* Sorted by name: the vendor's cursors are. */
static const struct {
	const char *name;
	int (*take)(struct query *, int, const char *, struct buf *);
	int op; /* which comparison a filter is */
} params[] = {
    {"contract_type", take_right, 0},
    {"expiration_date", take_date, OP_EQ},
    {"expiration_date.gt", take_date, OP_GT},
    {"expiration_date.gte", take_date, OP_GTE},
    {"expiration_date.lt", take_date, OP_LT},
    {"expiration_date.lte", take_date, OP_LTE},
    {"limit", take_limit, 0},
    {"order", take_order, 0},
    {"sort", take_sort, 0},
    {"strike_price", take_strike, OP_EQ},
    {"strike_price.gt", take_strike, OP_GT},
    {"strike_price.gte", take_strike, OP_GTE},
    {"strike_price.lt", take_strike, OP_LT},
    {"strike_price.lte", take_strike, OP_LTE},
};

static const char *const sorts[BOOK_ORDERS] = {
    "ticker", "expiration_date", "strike_price"};

static int
bad_number(struct buf *why, const char *how, const char *text)
{
	buf_fmt(why, BAD_ARGS "strconv.%s: parsing \"%s\": invalid syntax", how,
	    text);
	return -1;
}

static int
bad_choice(struct buf *why, const char *name, const char *text)
{
	buf_fmt(why, BAD_ARGS "unknown %s \"%s\"", name, text);
	return -1;
}

static int
take_right(struct query *q, int op, const char *text, struct buf *why)
{
	(void)op;
	if (strcmp(text, "call") == 0)
		q->right = 'C';
	else if (strcmp(text, "put") == 0)
		q->right = 'P';
	else
		return bad_choice(why, "contract_type", text);
	return 0;
}

static int
take_date(struct query *q, int op, const char *text, struct buf *why)
{
	if (!clock_date_valid(span_str(text))) {
		buf_fmt(why,
		    BAD_ARGS "parsing time \"%s\" as \"2006-01-02\": "
			     "cannot parse \"%s\" as \"2006-01-02\"",
		    text, text);
		return -1;
	}
	q->has_date[op] = true;
	q->date[op] = book_date(text);
	return 0;
}

static int
take_strike(struct query *q, int op, const char *text, struct buf *why)
{
	if (!scan_number(span_str(text)))
		return bad_number(why, "ParseFloat", text);
	q->has_strike[op] = true;
	q->strike[op] = strtod(text, NULL);
	return 0;
}

static int
take_limit(struct query *q, int op, const char *text, struct buf *why)
{
	bool negative = text[0] == '-';

	(void)op;
	if (span_int(span_str(text + negative), &q->limit) != 0)
		return bad_number(why, "ParseInt", text);
	if (negative)
		q->limit = -q->limit;
	return 0;
}

static int
take_sort(struct query *q, int op, const char *text, struct buf *why)
{
	(void)op;
	for (int i = 0; i < BOOK_ORDERS; i++) {
		if (strcmp(text, sorts[i]) == 0) {
			q->sort = (enum book_order)i;
			return 0;
		}
	}
	return bad_choice(why, "sort", text);
}

static int
take_order(struct query *q, int op, const char *text, struct buf *why)
{
	(void)op;
	q->desc = strcmp(text, "desc") == 0;
	if (!q->desc && strcmp(text, "asc") != 0)
		return bad_choice(why, "order", text);
	return 0;
}

/* The bound that moves along with a cursor; NULL when sorted by ticker. */
static const char *
moving_bound(enum book_order sort, bool desc)
{
	switch (sort) {
	case BY_EXPIRATION:
		return desc ? "expiration_date.lte" : "expiration_date.gte";
	case BY_STRIKE:
		return desc ? "strike_price.lte" : "strike_price.gte";
	default:
		return NULL;
	}
}

static bool
is_name(const char *name, const char *other)
{
	return other != NULL && strcmp(name, other) == 0;
}

/* limit and sort are in every cursor, given or not; all else when given. */
static int
take_all(
    struct query *q, struct words *args, const char *bound, struct buf *why)
{
	char text[128];
	struct span v;

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		v = form_get(args, params[i].name);
		if (is_name(params[i].name, bound)) {
			v = form_get(args, "as");
			if (v.n == 0)
				continue;
		}
		if (v.p == NULL && params[i].take == take_limit)
			v = SPAN_LIT("10");
		if (v.p == NULL && params[i].take == take_sort)
			v = SPAN_LIT("ticker");
		if (v.p == NULL)
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)v.n, v.p);
		if (params[i].take(q, params[i].op, text, why) != 0)
			return -1;
		form_add(&q->args, 0, params[i].name, v);
	}
	return 0;
}

static int
take_after(struct query *q, struct words *args)
{
	struct span ap = form_get(args, "ap");

	q->is_after = true;
	if (ap.p == NULL || book_key_parse(ap, &q->after) == 0)
		return ap.p == NULL ? -1 : 0;
	while (ap.n > 0 && ap.p[--ap.n] != ':')
		;
	return book_key_parse(ap, &q->after);
}

/* Which bound did the writer of this cursor move? */
static const char *
moved_bound(struct words *args)
{
	struct span sort = form_get(args, "sort");
	bool desc = span_eq(form_get(args, "order"), SPAN_LIT("desc"));

	for (int i = 0; i < BOOK_ORDERS; i++)
		if (span_eq(sort, span_str(sorts[i])))
			return moving_bound((enum book_order)i, desc);
	return NULL;
}

int
query_open_cursor(struct span cursor, struct buf *out)
{
	return cursor.n == 0 ? -1 : form_unbase64(out, cursor);
}

static int
bad_cursor(struct buf *why)
{
	buf_str(why, BAD_ARGS "cursor is not valid");
	return -1;
}

static int
settle_limit(struct query *q, bool strict, struct buf *why)
{
	if (strict && (q->limit < 0 || q->limit > QUERY_LIMIT_MAX)) {
		buf_fmt(
		    why, "'limit' must be between 1 and %d", QUERY_LIMIT_MAX);
		return -1;
	}
	if (q->limit <= 0)
		q->limit = QUERY_LIMIT_DEFAULT;
	if (q->limit > QUERY_LIMIT_MAX)
		q->limit = QUERY_LIMIT_MAX;
	return 0;
}

int
query_parse(struct query *q, struct words *args, bool strict, struct buf *why)
{
	struct span cursor = form_get(args, "cursor");
	struct words inside = {0};
	struct buf text = {0};
	const char *bound = NULL;
	int rc = 0;

	*q = (struct query){.limit = QUERY_LIMIT_DEFAULT};
	if (cursor.p != NULL) {
		if (query_open_cursor(cursor, &text) != 0 ||
		    form_parse(&inside, buf_view(&text)) != 0 ||
		    take_after(q, &inside) != 0)
			rc = bad_cursor(why);
		args = &inside;
		bound = moved_bound(args);
	}
	if (rc == 0)
		rc = take_all(q, args, bound, why);
	if (rc == 0)
		rc = settle_limit(q, strict, why);
	buf_free(&text);
	words_free(&inside);
	return rc;
}

void
query_free(struct query *q)
{
	buf_free(&q->args);
}

static bool
holds(enum query_op op, bool less, bool greater)
{
	switch (op) {
	case OP_EQ:
		return !less && !greater;
	case OP_GT:
		return greater;
	case OP_GTE:
		return !less;
	case OP_LT:
		return less;
	default:
		return !greater;
	}
}

bool
query_takes(const struct query *q, const struct book_key *key)
{
	double strike = key->strike / 1000.0;

	if (q->right != 0 && q->right != key->right)
		return false;
	for (int op = 0; op < QUERY_OPS; op++) {
		if (q->has_strike[op] &&
		    !holds((enum query_op)op,
			strike<q->strike[op], strike> q->strike[op]))
			return false;
		if (q->has_date[op] &&
		    !holds((enum query_op)op,
			key->expiration<q->date[op], key->expiration> q
			    ->date[op]))
			return false;
	}
	return true;
}

static void
add_last(const struct query *q, const struct book_key *after, struct buf *out)
{
	buf_str(out, after->ticker);
	if (q->sort != BY_TICKER)
		return;
	buf_fmt(
	    out, ":%d.%02d", after->strike / 1000, after->strike % 1000 / 10);
	if (after->strike % 10 != 0)
		buf_fmt(out, "%d", after->strike % 10);
}

static void
add_bound(const struct query *q, const struct book_key *after, struct buf *out)
{
	if (q->sort == BY_STRIKE)
		buf_fmt(out, "%d.%03d000", after->strike / 1000,
		    after->strike % 1000);
	else
		buf_fmt(out, "%04d-%02d-%02d", after->expiration / 10000,
		    after->expiration / 100 % 100, after->expiration % 100);
}

/* The cursor's form string. */
static void
add_form(const struct query *q, const struct book_key *after, struct buf *out)
{
	const char *bound = moving_bound(q->sort, q->desc);
	struct words args = {0};
	struct buf last = {0}, moved = {0};
	struct span v = SPAN_NONE;

	form_parse(&args, buf_view(&q->args));
	add_last(q, after, &last);
	add_bound(q, after, &moved);
	if (bound != NULL)
		v = form_get(&args, bound);
	form_add(out, 0, "ap", buf_view(&last));
	form_add(out, 0, "as", v);
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		v = form_get(&args, params[i].name);
		if (is_name(params[i].name, bound))
			v = buf_view(&moved);
		if (v.p != NULL)
			form_add(out, 0, params[i].name, v);
	}
	words_free(&args);
	buf_free(&last);
	buf_free(&moved);
}

void
query_next(const struct query *q, const struct book_key *after, uint64_t nonce,
    struct buf *out)
{
	struct buf form = {0};

	if (after == NULL) {
		buf_span(out, buf_view(&q->args));
		if (nonce > 0)
			buf_fmt(out, "&seen=%llu", (unsigned long long)nonce);
		return;
	}
	add_form(q, after, &form);
	if (nonce > 0)
		buf_fmt(&form, "&seen=%llu", (unsigned long long)nonce);
	buf_str(out, "cursor=");
	form_base64(out, buf_view(&form));
	buf_free(&form);
}
