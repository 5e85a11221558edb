/* SPDX-License-Identifier: ISC */
/*
 * massive_frame: see massive_frame.h.
 *
 * The scanner reads an event and finds its end on the way.  Where it says
 * "not mine", the end is found by the brackets, and jansson judges what is
 * between.
 */
#include "massive_frame.h"
#include "massive.h"
#include "shape.h"

#define DEPTH_MAX 64 /* of brackets; jansson's judges refuse 32 already */

enum { AT_START, AT_FIRST, AT_NEXT, AT_END };

/* The keys of each kind of event in their usual order. */
enum { Q_EV, Q_SYM, Q_BX, Q_AX, Q_BP, Q_AP, Q_BS, Q_AS, Q_T, Q_Q, Q_KEYS };
static const struct scan_key quote_keys[Q_KEYS] = {
    SCAN_KEY("ev", -1),
    SCAN_KEY("sym", -1),
    SCAN_KEY("bx", -1),
    SCAN_KEY("ax", -1),
    SCAN_KEY("bp", -1),
    SCAN_KEY("ap", -1),
    SCAN_KEY("bs", -1),
    SCAN_KEY("as", -1),
    SCAN_KEY("t", -1),
    SCAN_KEY("q", -1),
};

enum { T_EV, T_SYM, T_X, T_P, T_S, T_C, T_T, T_Q, T_KEYS };
static const struct scan_key trade_keys[T_KEYS] = {
    SCAN_KEY("ev", -1),
    SCAN_KEY("sym", -1),
    SCAN_KEY("x", -1),
    SCAN_KEY("p", -1),
    SCAN_KEY("s", -1),
    SCAN_KEY("c", -1),
    SCAN_KEY("t", -1),
    SCAN_KEY("q", -1),
};

enum { A_EV, A_SYM, A_V, A_AV, A_END = 13, A_KEYS };
static const struct scan_key agg_keys[A_KEYS] = {
    SCAN_KEY("ev", -1),
    SCAN_KEY("sym", -1),
    SCAN_KEY("v", -1),
    SCAN_KEY("av", -1),
    SCAN_KEY("op", -1),
    SCAN_KEY("vw", -1),
    SCAN_KEY("o", -1),
    SCAN_KEY("c", -1),
    SCAN_KEY("h", -1),
    SCAN_KEY("l", -1),
    SCAN_KEY("a", -1),
    SCAN_KEY("z", -1),
    SCAN_KEY("s", -1),
    SCAN_KEY("e", -1),
};

enum { S_EV, S_STATUS, S_MESSAGE, S_KEYS };
static const struct scan_key status_keys[S_KEYS] = {
    SCAN_KEY("ev", -1),
    SCAN_KEY("status", -1),
    SCAN_KEY("message", -1),
};

/* What has none of these names, or not in the usual place. */
static const struct scan_key any_keys[] = {SCAN_KEY("ev", -1)};
static const struct scan_shape any_shape = {any_keys, 1};

struct kind {
	struct span name, begins;
	struct scan_shape shape;
	bool is_status;
	enum contract_group group;
	int sym, time, seq; /* keys; seq -1: it has none */
	int values[TICK_VALUES];
};

#define NAME(ev) SPAN_LIT(ev), SPAN_LIT("{\"ev\":\"" ev "\"")

static const struct kind kinds[] = {
    {NAME("Q"), {quote_keys, Q_KEYS}, false, CG_QUOTE, Q_SYM, Q_T, Q_Q,
	{Q_BP, Q_AP, Q_BS, Q_AS}},
    {NAME("T"), {trade_keys, T_KEYS}, false, CG_TRADE, T_SYM, T_T, T_Q,
	{T_P, T_S}},
    {NAME("A"), {agg_keys, A_KEYS}, false, CG_VOLUME, A_SYM, A_END, -1, {A_AV}},
    {NAME("AM"), {agg_keys, A_KEYS}, false, CG_VOLUME, A_SYM, A_END, -1,
	{A_AV}},
    {NAME("status"), {status_keys, S_KEYS}, true, CG_QUOTE, 0, 0, 0, {0}},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* One event on its way through the scanner, or jansson. */
struct reading {
	const struct kind *kind; /* NULL: its name is none of ours */
	struct scan_value v[A_KEYS];
	size_t n; /* of its text */
};

void
massive_frame_free(struct massive_frame *f)
{
	buf_free(&f->own);
}

void
massive_frame_begin(
    struct massive_frame *f, struct span message, int64_t recv_ts)
{
	size_t n = message.n;

	while (n > 0 && message.p[n - 1] != '}')
		n--;
	f->rest = message;
	f->brace = message.p + n;
	f->recv_ts = recv_ts;
	f->state = AT_START;
}

/* ----------------------------------------------------------------- reading */

static const struct kind *
kind_named(const struct scan_value *ev)
{
	for (size_t i = 0; i < KINDS; i++)
		if (ev->type == SCAN_STRING && span_eq(ev->text, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* By its first bytes: right, or NULL. */
static const struct kind *
kind_at(struct span text)
{
	for (size_t i = 0; i < KINDS; i++)
		if (text.n > kinds[i].begins.n &&
		    memcmp(text.p, kinds[i].begins.p, kinds[i].begins.n) == 0)
			return &kinds[i];
	return NULL;
}

/* By the scanner; false: not its own. */
static bool
read_fast(const struct massive_frame *f, struct reading *r)
{
	struct span text = {f->rest.p, 0};

	if (f->brace <= text.p)
		return false;
	text.n = (size_t)(f->brace - text.p);
	r->kind = kind_at(text);
	if (r->kind == NULL) {
		r->n = scan_prefix(&any_shape, text, r->v);
		if (r->n == 0)
			return false;
		r->kind = kind_named(&r->v[0]);
		if (r->kind == NULL)
			return true;
	}
	r->n = scan_prefix(&r->kind->shape, text, r->v);
	return r->n > 0;
}

/* Behind a string, whose quote p is at; NULL: it does not end. */
static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

/* How long is the object that begins here?  0: its brackets do not match. */
static size_t
measure(struct span text)
{
	const char *p = text.p, *end = text.p + text.n;
	char open[DEPTH_MAX];
	size_t depth = 0;

	while (p != NULL && p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		if (*p == '{' || *p == '[') {
			if (depth == DEPTH_MAX)
				return 0;
			open[depth++] = *p == '{' ? '}' : ']';
		} else if ((*p == '}' || *p == ']') &&
			   (depth == 0 || open[--depth] != *p)) {
			return 0;
		}
		p++;
		if (depth == 0)
			return (size_t)(p - text.p);
	}
	return 0;
}

/* By jansson, of the r->n bytes that brackets enclose. */
static bool
read_slow(struct massive_frame *f, struct reading *r)
{
	struct span text = {f->rest.p, r->n};
	struct err e;

	if (shape_read_slow(&any_shape, text, &f->own, r->v, &e) == SHAPE_BAD)
		return false;
	r->kind = kind_named(&r->v[0]);
	return r->kind == NULL || shape_read_slow(&r->kind->shape, text,
				      &f->own, r->v, &e) != SHAPE_BAD;
}

/* ---------------------------------------------------------------- judging */

static enum massive_what
bad(struct massive_event *out, const char *what)
{
	out->why = span_str(what);
	return MASSIVE_BAD;
}

/* An integer that may be spelt 12.0; -1 when it is none. */
static int
take_int(const struct scan_value *v, int64_t *out)
{
	struct span text = v->text;
	size_t n = text.n;

	if (v->type != SCAN_NUMBER)
		return -1;
	while (n > 1 && text.p[n - 1] == '0')
		n--;
	if (n > 1 && n < text.n && text.p[n - 1] == '.')
		text.n = n - 1;
	return span_int(text, out);
}

static bool
is_absent(const struct scan_value *v)
{
	return v->type == SCAN_ABSENT || v->type == SCAN_NULL;
}

/* Prices, sizes and volumes: numbers that are not negative. */
static bool
take_values(
    const struct kind *k, const struct scan_value *v, struct massive_event *out)
{
	for (size_t i = 0; i < tick_values(k->group); i++) {
		const struct scan_value *from = &v[k->values[i]];

		out->tick.v[i] = SPAN_NONE;
		if (is_absent(from))
			continue;
		if (from->type != SCAN_NUMBER ||
		    !contract_number_ok(CK_UNSIGNED, from->text))
			return false;
		out->tick.v[i] = from->text;
	}
	return true;
}

static enum massive_what
judge_tick(struct massive_frame *f, const struct kind *k,
    const struct scan_value *v, struct massive_event *out)
{
	struct tick *t = &out->tick;
	unsigned digits;

	t->group = k->group;
	t->recv_ts = f->recv_ts;
	t->id = v[k->sym].text;
	if (v[k->sym].type != SCAN_STRING ||
	    geom_id_parse(t->id, &out->id) != 0)
		return bad(out, "sym is no contract");
	digits = v[k->time].type == SCAN_NUMBER
		     ? massive_time(v[k->time].text, &t->ts)
		     : 0;
	if (digits == 0)
		return bad(out, "its time is none");
	t->seq = 0;
	if (k->seq >= 0 && !is_absent(&v[k->seq]) &&
	    take_int(&v[k->seq], &t->seq) != 0)
		return bad(out, "q is no number of a sequence");
	if (!take_values(k, v, out))
		return bad(out, "a value that is none");
	if (!tick_has(t))
		return bad(out, "no value");
	f->odd_units += digits != 13;
	return MASSIVE_TICK;
}

static enum massive_what
judge_status(const struct scan_value *v, struct massive_event *out)
{
	if (v[S_STATUS].type != SCAN_STRING)
		return bad(out, "a status without its word");
	out->status = v[S_STATUS].text;
	out->message =
	    v[S_MESSAGE].type == SCAN_STRING ? v[S_MESSAGE].text : SPAN_NONE;
	return MASSIVE_STATUS;
}

static enum massive_what
judge(
    struct massive_frame *f, const struct reading *r, struct massive_event *out)
{
	if (r->kind == NULL) {
		if (r->v[0].type != SCAN_STRING)
			return bad(out, "no ev");
		out->why = r->v[0].text;
		return MASSIVE_UNSUPPORTED;
	}
	if (r->kind->is_status)
		return judge_status(r->v, out);
	return judge_tick(f, r->kind, r->v, out);
}

/* ------------------------------------------------------------------- array */

static void
skip(struct massive_frame *f, size_t n)
{
	f->rest.p += n;
	f->rest.n -= n;
	while (f->rest.n > 0 && (*f->rest.p == ' ' || *f->rest.p == '\t' ||
				    *f->rest.p == '\n' || *f->rest.p == '\r')) {
		f->rest.p++;
		f->rest.n--;
	}
}

/* The next byte, if it is that one, and what is blank behind it. */
static bool
take(struct massive_frame *f, char c)
{
	if (f->rest.n == 0 || *f->rest.p != c)
		return false;
	skip(f, 1);
	return true;
}

static enum massive_what
broken(struct massive_frame *f, struct massive_event *out)
{
	f->state = AT_END;
	out->why = SPAN_LIT("the message is no array of events");
	return MASSIVE_BROKEN;
}

/* A word or number, which is no event. */
static enum massive_what
skip_scalar(struct massive_frame *f, struct massive_event *out)
{
	const char *p = f->rest.p, *end = p + f->rest.n;

	if (*p == '"')
		p = skip_string(p, end);
	else
		while (p < end && memchr(",]} \t\r\n", *p, 7) == NULL)
			p++;
	if (p == NULL || p == f->rest.p)
		return broken(f, out);
	skip(f, (size_t)(p - f->rest.p));
	return bad(out, "no object");
}

static enum massive_what
next_element(struct massive_frame *f, struct massive_event *out)
{
	enum massive_what what;
	struct reading r;

	if (f->rest.n == 0)
		return broken(f, out);
	if (*f->rest.p != '{' && *f->rest.p != '[')
		return skip_scalar(f, out);
	if (*f->rest.p == '{' && read_fast(f, &r)) {
		f->fast++;
		what = judge(f, &r, out);
	} else {
		r.n = measure(f->rest);
		if (r.n == 0)
			return broken(f, out);
		f->slow++;
		what = read_slow(f, &r) ? judge(f, &r, out)
					: bad(out, "no valid object");
	}
	skip(f, r.n);
	return what;
}

enum massive_what
massive_frame_next(struct massive_frame *f, struct massive_event *out)
{
	bool closed;

	if (f->state == AT_END)
		return MASSIVE_END;
	if (f->state == AT_START) {
		skip(f, 0);
		if (!take(f, '['))
			return broken(f, out);
		f->state = AT_FIRST;
	}
	closed = take(f, ']');
	if (closed && f->rest.n > 0)
		return broken(f, out);
	if (closed) {
		f->state = AT_END;
		return MASSIVE_END;
	}
	if (f->state == AT_NEXT && !take(f, ','))
		return broken(f, out);
	f->state = AT_NEXT;
	return next_element(f, out);
}
