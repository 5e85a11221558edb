/* SPDX-License-Identifier: ISC */
/*
 * --gex: what model-gex has published of an epoch, as bars around the spot:
 * puts to the left, calls to the right, a line at the spot, and the levels
 * named beside their strikes.  Nothing is computed here but sums of
 * neighbouring strikes, so that the picture fits.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "inspect.h"
#include "rec.h"
#include "screen.h"

#define REACH 0.05     /* of the spot, to both sides … */
#define REACH_MAX 0.12 /* … or as far as the levels lie, up to here */
#define ROWS_MAX 42
#define STRIKE_WIDTH 9
#define NET_WIDTH 9
#define LABEL_WIDTH 22
#define SECOND_WIDTH 12 /* for a second flip beside the first */

struct bar {
	double low; /* strikes from here … */
	double call, put, net;
};

struct profile {
	const struct screen *screen;
	struct rec rec;
	double spot, step; /* … to below low + step */
	struct bar bars[ROWS_MAX + 2];
	size_t n;
	double most; /* the longest bar */
	size_t half; /* columns to each side */
};

/* A number of the record; NaN when it is not there. */
static double
number(const struct rec *r, const char *name)
{
	const json_t *v = json_object_get(r->value, name);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

static const char *
text(const struct rec *r, const char *name)
{
	const char *s = rec_str(r, name);

	return s == NULL ? "-" : s;
}

static bool
has_second(const struct rec *r)
{
	return json_object_get(r->value, "crossings_sticky_moneyness") != NULL;
}

/* ---- strikes into bars ---- */

/* The finest round step that fits. */
static double
choose_step(double reach)
{
	static const double round[] = {1, 2, 2.5, 5};

	for (double ten = 0.1; ten < 1e6; ten *= 10)
		for (size_t i = 0; i < 4; i++)
			if (2 * reach / (round[i] * ten) <= ROWS_MAX - 2)
				return round[i] * ten;
	return 1e6;
}

static void
add_strike(struct profile *p, double reach, const json_t *s)
{
	double k = json_number_value(json_object_get(s, "strike"));
	double low = floor(k / p->step + 1e-9) * p->step;
	struct bar *b;

	if (fabs(k - p->spot) > reach)
		return;
	if (p->n == 0 || p->bars[p->n - 1].low != low) {
		if (p->n == ROWS_MAX + 2)
			return;
		p->bars[p->n++] = (struct bar){.low = low};
	}
	b = &p->bars[p->n - 1];
	b->call += json_number_value(json_object_get(s, "call"));
	b->put += json_number_value(json_object_get(s, "put"));
	b->net += json_number_value(json_object_get(s, "net"));
}

/* As far as was asked for, or as the walls and the flip need. */
static double
choose_reach(const struct profile *p, int64_t near_bp)
{
	static const char *const shown[] = {
	    "call_wall", "put_wall", "flip", "flip_sticky_moneyness"};
	double reach = REACH * p->spot, d;

	if (near_bp >= 0)
		return p->spot * (double)near_bp / 10000;
	for (size_t i = 0; i < 4; i++) {
		d = fabs(number(&p->rec, shown[i]) - p->spot) * 1.05;
		if (d > reach && d <= REACH_MAX * p->spot)
			reach = d;
	}
	return reach;
}

static void
fill_bars(struct profile *p, int64_t near_bp)
{
	double reach = choose_reach(p, near_bp);
	const json_t *strikes = json_object_get(p->rec.value, "strikes");

	p->step = choose_step(reach);
	for (size_t i = 0; i < json_array_size(strikes); i++)
		add_strike(p, reach, json_array_get(strikes, i));
	for (size_t i = 0; i < p->n; i++)
		p->most = fmax(p->most, fmax(p->bars[i].call, p->bars[i].put));
}

/* ---- drawing ---- */

static const struct level {
	const char *field, *name;
	bool extra; /* not in every record: a line of its own */
} levels[] = {
    {"call_wall", "call wall", false},
    {"put_wall", "put wall", false},
    {"flip", "flip", false},
    {"flip_sticky_moneyness", "2nd flip", true},
    {"abs_strike", "abs", false},
    {"hvl", "hvl", false},
};
#define LEVELS (sizeof(levels) / sizeof(levels[0]))

static void
put_level(struct buf *b, double v)
{
	char s[40];
	size_t n;

	snprintf(s, sizeof(s), "%.2f", v);
	for (n = strlen(s); s[n - 1] == '0'; n--)
		;
	s[s[n - 1] == '.' ? n - 1 : n] = '\0';
	buf_str(b, s);
}

/* Appended right-aligned: what was added to b since at. */
static void
align(struct buf *b, size_t at, size_t width)
{
	size_t n = b->n - at;

	if (n >= width)
		return;
	buf_reserve(b, width);
	for (size_t i = n; i < width; i++)
		buf_char(b, ' ');
	memmove(b->p + at + width - n, b->p + at, n);
	memset(b->p + at, ' ', width - n);
}

static size_t
length(const struct profile *p, double v)
{
	return p->most > 0 ? (size_t)lround(v / p->most * (double)p->half) : 0;
}

static void
put_labels(const struct profile *p, const struct bar *bar, struct buf *b)
{
	const char *comma = " ";

	for (size_t i = 0; i < LEVELS; i++) {
		double v = number(&p->rec, levels[i].field);

		if (!(v >= bar->low && v < bar->low + p->step))
			continue;
		screen_ink(p->screen, b, INK_CYAN);
		buf_str(b, comma);
		buf_str(b, levels[i].name);
		if (v != bar->low) {
			buf_char(b, ' ');
			put_level(b, v);
		}
		screen_ink(p->screen, b, INK_PLAIN);
		comma = ", ";
	}
}

static void
put_bar(const struct profile *p, const struct bar *bar, struct buf *b)
{
	size_t put = length(p, bar->put), call = length(p, bar->call),
	       at = b->n;

	put_level(b, bar->low);
	align(b, at, STRIKE_WIDTH);
	buf_char(b, ' ');
	screen_fill(p->screen, b, " ", ' ', p->half - put);
	screen_ink(p->screen, b, INK_RED);
	screen_fill(p->screen, b, "\342\226\210", '=', put);
	screen_ink(p->screen, b, INK_PLAIN);
	screen_fill(p->screen, b, "\342\224\202", '|', 1);
	screen_ink(p->screen, b, INK_GREEN);
	screen_fill(p->screen, b, "\342\226\210", '#', call);
	screen_ink(p->screen, b, INK_PLAIN);
	screen_fill(p->screen, b, " ", ' ', p->half - call);
	screen_ink(p->screen, b, bar->net < 0 ? INK_RED : INK_GREEN);
	at = b->n;
	screen_amount(b, bar->net);
	align(b, at, NET_WIDTH);
	screen_ink(p->screen, b, INK_PLAIN);
	put_labels(p, bar, b);
	buf_char(b, '\n');
}

static void
put_spot(const struct profile *p, struct buf *b)
{
	size_t at;

	screen_ink(p->screen, b, INK_YELLOW);
	at = b->n;
	put_level(b, p->spot);
	align(b, at, STRIKE_WIDTH);
	buf_char(b, ' ');
	screen_fill(p->screen, b, "\342\224\200", '-', p->half);
	screen_fill(p->screen, b, "\342\224\274", '+', 1);
	screen_fill(p->screen, b, "\342\224\200", '-', p->half);
	buf_str(b, "     spot");
	screen_ink(p->screen, b, INK_PLAIN);
	buf_char(b, '\n');
}

static void
put_head(const struct profile *p, struct buf *b, size_t axis)
{
	size_t at = b->n;

	buf_str(b, "STRIKE");
	align(b, at, STRIKE_WIDTH);
	buf_char(b, ' ');
	at = b->n;
	buf_str(b, "PUTS ");
	screen_amount(b, p->most);
	while (b->n - at < axis - 5)
		buf_char(b, ' ');
	buf_str(b, "<- 0 ->");
	at = b->n;
	screen_amount(b, p->most);
	buf_str(b, " CALLS");
	align(b, at, axis - 2);
	at = b->n;
	buf_str(b, "NET");
	align(b, at, NET_WIDTH);
	buf_char(b, '\n');
}

/* ---- what stands above ---- */

static void
put_ratio(struct buf *b, const struct rec *r, const char *field,
    const char *name, double times, const char *unit)
{
	double v = number(r, field);

	buf_str(b, name);
	if (isnan(v))
		buf_char(b, '-');
	else
		buf_fmt(b, "%.2f%s", v * times, unit);
}

static void
put_value(struct buf *b, double v)
{
	if (isnan(v))
		buf_char(b, '-');
	else
		put_level(b, v);
}

static void
put_title(const struct profile *p, int64_t behind, struct buf *b)
{
	static const char *const sums[][2] = {{"net", "net "},
	    {"gross_call", "  calls "}, {"gross_put", "  puts "}};
	const struct rec *r = &p->rec;
	int64_t ts = 0, seq = 0;
	char when[20] = "-";

	rec_int(r, "seq", &seq);
	if (rec_int(r, "spot_ts", &ts) == 0)
		clock_utc_text(ts, when);
	screen_ink(p->screen, b, INK_BOLD);
	buf_fmt(b, "%s  seq %" PRId64, text(r, "epoch_id"), seq);
	screen_ink(p->screen, b, INK_PLAIN);
	buf_fmt(b, "  spot %.2f at %s UTC", p->spot, when);
	if (behind > 0)
		buf_fmt(b, "  (%" PRId64 " changes behind)", behind);
	buf_fmt(b, "\n%s, %s, gamma %s, walls %s, flip %s\n", text(r, "unit"),
	    text(r, "sign"), text(r, "gamma"), text(r, "wall_rule"),
	    text(r, "flip_rule"));
	for (size_t i = 0; i < 3; i++) {
		buf_str(b, sums[i][1]);
		screen_amount(b, number(r, sums[i][0]));
	}
	put_ratio(b, r, "share_0dte", "  0DTE ", 100, "%");
	put_ratio(b, r, "put_call_oi", "  P/C ", 1, "");
	put_ratio(b, r, "expected_move", "  move +-", 1, "");
	buf_char(b, '\n');
	for (size_t i = 0; i < LEVELS; i++) {
		if (levels[i].extra)
			continue;
		buf_fmt(b, "%s%s ", i == 0 ? "" : "  ", levels[i].name);
		put_value(b, number(r, levels[i].field));
	}
	if (has_second(r)) {
		buf_str(b, "\n2nd flip ");
		put_value(b, number(r, "flip_sticky_moneyness"));
		buf_str(b, ", sticky-moneyness");
	}
	buf_fmt(
	    b, "\na row: strikes from its own to below %g more\n\n", p->step);
}

static void
draw(struct profile *p, int64_t near_bp, int64_t behind, struct buf *b)
{
	bool above = true;

	fill_bars(p, near_bp);
	p->half = (p->screen->width - STRIKE_WIDTH - NET_WIDTH - LABEL_WIDTH -
		      2 - (has_second(&p->rec) ? SECOND_WIDTH : 0)) /
		  2;
	put_title(p, behind, b);
	if (p->n == 0) {
		buf_str(b, "no strikes around the spot\n");
		return;
	}
	put_head(p, b, p->half + 2);
	for (size_t i = p->n; i-- > 0;) {
		if (above && p->bars[i].low < p->spot) {
			/* Inside a wide bar the line stands above it. */
			put_spot(p, b);
			above = false;
		}
		put_bar(p, &p->bars[i], b);
	}
	if (above)
		put_spot(p, b);
}

/* ---- reading ---- */

struct published {
	struct buf doc;
	bool there;
};

static void
on_doc(const struct db_val *v, void *ctx)
{
	struct published *d = ctx;

	d->there = db_type(v) == DB_STR;
	buf_span(&d->doc, db_str(v));
}

static int
read_doc(struct inspect *in, const char *id, struct published *d, struct err *e)
{
	struct span argv[3] = {SPAN_LIT("HGET"), SPAN_NONE, SPAN_LIT("doc")};
	struct buf key = {0};
	int rc;

	key_add(&key, in->view.keys, KEY_MODEL, span_str(id),
	    span_str(in->model == NULL ? "gex" : in->model));
	argv[1] = buf_view(&key);
	rc = db_call(in->view.db, argv, 3, on_doc, d, e);
	buf_free(&key);
	return rc;
}

static void
show(struct inspect *in, const struct target *t, const struct published *d,
    int64_t seq)
{
	struct screen screen = screen_of(in->out.fd);
	struct profile p = {.screen = &screen};
	struct buf b = {0};
	struct err e;
	int64_t have = 0;

	if (rec_parse(&p.rec, buf_view(&d->doc), &e) < 0 ||
	    strcmp(text(&p.rec, "type"), "gex") != 0) {
		err_set(&e, EX_SOFTWARE, "DAMAGED", "what is stored is no gex");
		inspect_fail(in, t->id, &e);
	} else if (isnan(p.spot = number(&p.rec, "spot"))) {
		err_set(&e, EX_NO, "NO_SPOT", "it was computed without a spot");
		inspect_fail(in, t->id, &e);
	} else {
		rec_int(&p.rec, "seq", &have);
		draw(&p, in->near_bp, seq - have, &b);
		out_write(&in->out, b.p, b.n);
	}
	rec_free(&p.rec);
	buf_free(&b);
}

static int
show_target(struct inspect *in, const struct target *t, struct err *e)
{
	struct published d = {.there = false};
	struct hash meta = {0};
	int64_t seq = 0;
	int rc = read_doc(in, t->id, &d, e);

	if (rc == 0 && view_meta(&in->view, span_str(t->id), &meta, e) < 0)
		rc = -1;
	hash_int(&meta, "seq", &seq);
	if (rc == 0 && d.there) {
		show(in, t, &d, seq);
	} else if (rc == 0) {
		err_set(e, EX_NO, "NO_MODEL",
		    "no model has published there (model-gex does)");
		inspect_fail(in, t->id, e);
	}
	hash_free(&meta);
	buf_free(&d.doc);
	return rc;
}

int
view_gex(struct inspect *in, struct err *e)
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
		rc = show_target(in, &list[i], e);
	}
	free(list);
	return rc;
}
