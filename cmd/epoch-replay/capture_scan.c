/* SPDX-License-Identifier: ISC */
/*
 * capture_scan: where in one file snapshots and messages stand.  What goes on
 * where another file broke off is the rest of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "sig.h"

#define NOTHING SIZE_MAX

/* One file, line by line. */
struct scan {
	struct captures *c;
	size_t file;
	struct in in;
	int64_t from, to; /* of the line in hand */
	size_t shot;      /* that is being read, or NOTHING … */
	size_t last;      /* … that was read just before */
	size_t tap;
	bool has_page, has_board;
	bool lost; /* a snapshot that cannot become whole goes on: said so */
	bool over; /* this is after the limit */
	struct err hidden;    /* the first fault that is (exit 0: none) … */
	uint64_t hidden_line; /* … and where */
	int status;
};

static void
reading_add(struct reading *r, size_t file, int64_t from, int64_t to)
{
	if (r->n > 0 && r->s[r->n - 1].file == file) {
		r->s[r->n - 1].to = to;
		return;
	}
	r->s = mem_grow(r->s, r->n + 1, sizeof(*r->s));
	r->s[r->n++] = (struct stretch){file, from, to};
}

static void
report(struct scan *s, uint64_t line, const struct err *e)
{
	struct stretch here = {s->file, s->from, s->to};
	const struct reading at = {&here, 1};

	s->status = err_worse(s->status, captures_fail(s->c, &at, line, e));
}

/* The one in hand will not become whole. */
static void
drop_shot(struct scan *s)
{
	if (s->shot == NOTHING)
		return;
	s->c->shots[s->shot].left_out = true;
	s->shot = NOTHING;
	s->lost = true;
}

/* It is told once, also where it spoils a snapshot. */
static void
fault(struct scan *s, const struct err *e)
{
	if (!s->over) {
		report(s, s->in.line_no, e);
		drop_shot(s);
	} else if (s->hidden.exit == 0) {
		s->hidden = *e;
		s->hidden_line = s->in.line_no;
	}
}

/* Is this record after the limit?  A file may hold more than one capture, so
 * others may follow that are not: then what was bad in between does matter. */
static bool
is_over(struct scan *s, int64_t ts)
{
	s->over = ts > s->c->until;
	if (!s->over && s->hidden.exit != 0) {
		report(s, s->hidden_line, &s->hidden);
		s->hidden.exit = 0;
	}
	return s->over;
}

static void
bad_line(struct scan *s, const char *code, const char *text)
{
	struct err e;

	err_set(&e, EX_DATAERR, code, "%s", text);
	fault(s, &e);
}

/* --- snapshots --- */

int
captures_cut(struct captures *c, struct shot *shot)
{
	struct err e;

	shot->left_out = true;
	err_set(&e, EX_DATAERR, "CUT",
	    "the snapshot of %s that begins here breaks off in page %" PRId64
	    ", and no chain_abort says why",
	    shot->symbol, shot->page);
	return captures_fail(c, &shot->pages, shot->line, &e);
}

static size_t
open_shot(struct scan *s, const struct rec *r)
{
	const char *run = rec_str(r, "run");
	struct captures *c = s->c;
	struct shot *shot;

	c->shots = mem_grow(c->shots, c->n_shots + 1, sizeof(*c->shots));
	shot = &c->shots[c->n_shots];
	*shot = (struct shot){.line = s->in.line_no};
	snprintf(
	    shot->symbol, sizeof(shot->symbol), "%s", rec_str(r, "symbol"));
	snprintf(shot->run, sizeof(shot->run), "%s", run == NULL ? "" : run);
	captures_symbol(c, shot->symbol);
	return c->n_shots++;
}

/* The one that broke off where this page goes on. */
static size_t
find_tail(const struct scan *s, const struct rec *r, int64_t page, int64_t part)
{
	const char *symbol = rec_str(r, "symbol"), *run = rec_str(r, "run");

	for (size_t i = s->c->n_shots; i-- > 0;) {
		const struct shot *t = &s->c->shots[i];
		bool same_page = t->part < t->parts;

		if (!t->whole && !t->left_out &&
		    strcmp(t->symbol, symbol) == 0 &&
		    strcmp(t->run, run == NULL ? "" : run) == 0 &&
		    page == t->page + !same_page &&
		    part == (same_page ? t->part + 1 : 1))
			return i;
	}
	return NOTHING;
}

static void
on_page(struct scan *s, const struct rec *r)
{
	const char *symbol = rec_str(r, "symbol");
	int64_t page, part, parts;
	struct shot *shot;

	if (symbol == NULL || !symbol_valid(span_str(symbol)) ||
	    rec_int(r, "page", &page) < 0 || rec_int(r, "part", &part) < 0 ||
	    rec_int(r, "parts", &parts) < 0) {
		bad_line(s, "BAD_RECORD", "a chain_page that cannot be");
		return;
	}
	if (is_over(s, rec_ts(r))) {
		if (s->shot == NOTHING && !s->has_page)
			s->shot = find_tail(s, r, page, part);
		drop_shot(s);
		s->has_page = s->lost = true;
		s->last = NOTHING;
		return;
	}
	if (page == 1 && part == 1) {
		if (s->shot != NOTHING)
			s->status = err_worse(s->status,
			    captures_cut(s->c, &s->c->shots[s->shot]));
		s->shot = open_shot(s, r);
		s->lost = false;
	} else if (s->shot == NOTHING && !s->lost) {
		s->shot = s->has_page ? NOTHING : find_tail(s, r, page, part);
		s->lost = s->shot == NOTHING;
		if (s->lost)
			bad_line(s, "CUT",
			    "the beginning of this snapshot is missing");
	}
	s->has_page = true;
	s->last = NOTHING;
	if (s->shot == NOTHING)
		return;
	shot = &s->c->shots[s->shot];
	reading_add(&shot->pages, s->file, s->from, s->to);
	shot->ts = rec_ts(r);
	shot->page = page;
	shot->part = part;
	shot->parts = parts;
	shot->whole = rec_has(r, "last");
	if (shot->whole) {
		s->last = s->shot;
		s->shot = NOTHING;
	}
}

/* It failed when it was fetched: the pages that came before count nothing.
 * Where somebody kept pages alone, whole ones may be of a good snapshot, and
 * the next one failed before its first page: they are doubted. */
static void
on_abort(struct scan *s, const struct rec *r)
{
	const char *symbol = rec_str(r, "symbol");
	struct captures *c = s->c;
	size_t i = s->shot != NOTHING ? s->shot : s->last;

	if (symbol == NULL || !symbol_valid(span_str(symbol))) {
		bad_line(s, "BAD_RECORD", "a chain_abort that cannot be");
		return;
	}
	if (!is_over(s, rec_ts(r)))
		captures_symbol(c, symbol)->aborted++;
	if (i == NOTHING && !s->has_page) /* the file before broke off */
		for (i = c->n_shots; i-- > 0;)
			if (!c->shots[i].whole && !c->shots[i].left_out &&
			    strcmp(c->shots[i].symbol, symbol) == 0)
				break;
	if (i == NOTHING || strcmp(c->shots[i].symbol, symbol) != 0)
		return;
	c->shots[i].left_out = !c->shots[i].whole || s->has_board;
	c->shots[i].doubted = true;
	s->shot = s->last = NOTHING;
}

/* --- messages and ticks --- */

/* The file is one of ticks, too: on its own, or the rest of another one. */
static void
on_tap(struct scan *s, int64_t ts, int64_t conn, int64_t part)
{
	struct captures *c = s->c;
	size_t i;

	if (s->tap != NOTHING)
		return;
	for (i = c->n_taps; part > 1 && i-- > 0;)
		if (c->taps[i].more && c->taps[i].conn == conn &&
		    c->taps[i].part + 1 == part) {
			s->tap = i;
			return;
		}
	c->taps = mem_grow(c->taps, c->n_taps + 1, sizeof(*c->taps));
	c->taps[c->n_taps] = (struct tap){.first_ts = ts};
	s->tap = c->n_taps++;
}

/* A tick, or a gap, which has no other time. */
static void
on_tick(struct scan *s, const struct rec *r)
{
	int64_t ts = rec_ts(r);

	rec_int(r, "recv_ts", &ts);
	is_over(s, ts);
	on_tap(s, ts, 0, 0);
}

/* One in parts. */
static void
on_frame(struct scan *s, const struct rec *r)
{
	int64_t conn = 0, part = 0;
	struct tap *tap;

	is_over(s, rec_ts(r));
	rec_int(r, "conn", &conn);
	rec_int(r, "part", &part);
	on_tap(s, rec_ts(r), conn, part);
	tap = &s->c->taps[s->tap];
	tap->conn = conn;
	tap->part = part;
	tap->more = rec_has(r, "more");
}

/* --- lines --- */

/* Its time, of a line as we write them; 0: not to be seen at once. */
static int64_t
peek_ts(struct span line)
{
	static const char key[] = "\",\"ts\":";
	struct span type = rec_peek_type(line);
	const char *at;
	int64_t ts;

	if (type.p == NULL ||
	    strncmp(type.p + type.n, key, sizeof(key) - 1) != 0)
		return 0;
	at = type.p + type.n + sizeof(key) - 1;
	return span_int((struct span){at, strspn(at, "0123456789")}, &ts) == 0
		   ? ts
		   : 0;
}

/* One that has to be read to be understood. */
static void
on_record(struct scan *s, struct span line)
{
	struct rec r = {0};
	struct span type;
	struct err e;

	if (rec_read(&r, line, &e) < 0) {
		fault(s, &e);
		return;
	}
	type = span_str(rec_type(&r));
	if (span_eq(type, SPAN_LIT("chain_page")))
		on_page(s, &r);
	else if (span_eq(type, SPAN_LIT("chain_abort")))
		on_abort(s, &r);
	else if (span_eq(type, SPAN_LIT("ws_frame")))
		on_frame(s, &r);
	else if (span_eq(type, SPAN_LIT("tick")) ||
		 span_eq(type, SPAN_LIT("gap")))
		on_tick(s, &r);
	rec_free(&r);
}

/* A message on a line that says so at once, and that no part follows. */
static bool
is_whole_frame(struct span line, struct span type)
{
	static const char frame[] = ",\"conn\":", part[] = "\"part\":";
	const char *from, *to;

	if (!span_eq(type, SPAN_LIT("ws_frame")))
		return false;
	from = strstr(line.p, frame);
	to = from == NULL ? NULL : strchr(from + sizeof(frame) - 1, ',');
	return to != NULL && strncmp(to + 1, part, sizeof(part) - 1) != 0;
}

static void
on_line(struct scan *s, struct span line)
{
	static const char *const ours[] = {
	    "chain_page", "chain_abort", "ws_frame", "tick", "gap"};
	struct span type = rec_peek_type(line);

	if (line.p[0] == '[') {
		on_tap(s, 0, 0, 0);
	} else if (is_whole_frame(line, type) && peek_ts(line) > 0) {
		is_over(s, peek_ts(line));
		on_tap(s, peek_ts(line), 0, 0);
		s->c->taps[s->tap].more = false;
	} else if (span_eq(type, SPAN_LIT("chain_begin"))) {
		s->last = NOTHING;
		s->has_board = true;
	} else {
		size_t i;

		for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
			if (span_eq(type, span_str(ours[i])))
				break;
		if (type.p == NULL || i < sizeof(ours) / sizeof(ours[0]))
			on_record(s, line);
	}
}

int
captures_scan_file(struct captures *c, size_t file)
{
	struct scan s = {.c = c,
	    .file = file,
	    .shot = NOTHING,
	    .last = NOTHING,
	    .tap = NOTHING};
	const struct source_file *f = &c->files[file].f;
	struct span line;
	struct err e;
	int got;

	if (source_file_read(f, 0, f->size, &s.in, &e) < 0) {
		report(&s, 0, &e);
		return s.status;
	}
	while ((got = in_next(&s.in, &line, &e)) > 0) {
		s.from = s.to;
		s.to = (int64_t)(s.in.bytes - (s.in.buf.n - s.in.pos));
		if (got == 1)
			on_line(&s, line);
		else
			bad_line(&s, "TOO_LONG", "not a line of a capture");
	}
	if (got < 0)
		report(&s, s.in.line_no, &e);
	else if (s.in.torn > 0)
		bad_line(&s, "TORN", "unfinished last line");
	if (s.tap != NOTHING)
		reading_add(&c->taps[s.tap].text, file, 0, f->size);
	source_file_end(f, &s.in);
	return s.status;
}
