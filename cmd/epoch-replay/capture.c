/* SPDX-License-Identifier: ISC */
/*
 * capture: the files, and their order.
 *
 * They are looked at in the order of their first record, so that of a capture
 * that was cut into files each comes behind the one that it goes on from.  What
 * breaks off and goes on nowhere is a fault, unless a chain_abort says that it
 * failed when it was fetched.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "sig.h"

#define PEEK 64
#define FAULTS_TOLD 10 /* then there are only more */

static bool
is_of_tape(struct span type)
{
	static const char *const tape[] = {"tape", "act", "rewind"};

	for (size_t i = 0; i < sizeof(tape) / sizeof(tape[0]); i++)
		if (span_eq(type, span_str(tape[i])))
			return true;
	return false;
}

/* By its first line, which is none that we wrote: behind empty lines, or its
 * type stands elsewhere in it. */
static bool
is_foreign_capture(struct in *in)
{
	struct rec r = {0};
	struct span line;
	struct err e;
	bool yes = false;

	if (in_next(in, &line, &e) == 1)
		yes = line.p[0] == '[' ||
		      (rec_read(&r, line, &e) == 0 &&
			  !is_of_tape(span_str(rec_type(&r))));
	rec_free(&r);
	return yes;
}

bool
capture_is(const struct source_file *f)
{
	struct span text, type;
	struct err e;
	struct in in;
	bool yes = false;

	if (source_file_read(f, 0, f->size, &in, &e) < 0)
		return false;
	if (in_peek(&in, PEEK, &text, &e) > 0 && text.n > 0) {
		if (text.n > PEEK)
			text.n = PEEK;
		type = rec_peek_type(text);
		yes = type.p != NULL
			  ? !is_of_tape(type)
			  : text.p[0] == '[' || is_foreign_capture(&in);
	}
	source_file_end(f, &in);
	return yes;
}

void
captures_add(struct captures *c, const struct source_file *f)
{
	c->files = mem_grow(c->files, c->n_files + 1, sizeof(*c->files));
	c->files[c->n_files++] = (struct capture_file){.f = *f};
}

void
captures_free(struct captures *c)
{
	for (size_t i = 0; i < c->n_files; i++)
		source_file_close(&c->files[i].f);
	for (size_t i = 0; i < c->n_shots; i++)
		free(c->shots[i].pages.s);
	for (size_t i = 0; i < c->n_taps; i++)
		free(c->taps[i].text.s);
	free(c->files);
	free(c->shots);
	free(c->taps);
	free(c->symbols);
}

struct capture_symbol *
captures_symbol(struct captures *c, const char *name)
{
	size_t at = 0;

	while (at < c->n_symbols && strcmp(c->symbols[at].name, name) < 0)
		at++;
	if (at < c->n_symbols && strcmp(c->symbols[at].name, name) == 0)
		return &c->symbols[at];
	c->symbols =
	    mem_grow(c->symbols, c->n_symbols + 1, sizeof(*c->symbols));
	memmove(c->symbols + at + 1, c->symbols + at,
	    (c->n_symbols++ - at) * sizeof(*c->symbols));
	c->symbols[at] = (struct capture_symbol){.aborted = 0};
	snprintf(c->symbols[at].name, sizeof(c->symbols[at].name), "%s", name);
	return &c->symbols[at];
}

int
captures_interrupted(void)
{
	return err_fail(NULL, EX_TEMPFAIL, "INTERRUPTED",
	    "stopped by signal %d", (int)sig_stop);
}

int
captures_fail(struct captures *c, const struct reading *r, uint64_t line,
    const struct err *e)
{
	char place[200];
	const char *name = c->files[r->s[0].file].f.name;

	if (e->exit == EX_TEMPFAIL)
		return err_report(NULL, e);
	if (++c->faults > FAULTS_TOLD) {
		if (c->faults == FAULTS_TOLD + 1)
			err_warn(NULL, "FAULTS", "there are more");
		return e->exit;
	}
	if (line > 0)
		snprintf(
		    place, sizeof(place), "%.150s, line %" PRIu64, name, line);
	else
		snprintf(place, sizeof(place), "%.190s", name);
	return err_report(place, e);
}

/* Append a stretch of a file. */
static int
copy(const struct captures *c, const struct stretch *s, int to, struct err *e)
{
	const struct source_file *f = &c->files[s->file].f;
	struct span piece;
	struct in in;
	int got;

	if (source_file_read(f, s->from, s->to, &in, e) < 0)
		return -1;
	while ((got = in_chunk(&in, &piece, e)) > 0)
		if (source_write(to, piece.p, piece.n, e) < 0)
			break;
	if (got == 0 && sig_stop != 0)
		err_set(e, EX_TEMPFAIL, "INTERRUPTED", "stopped by signal %d",
		    (int)sig_stop);
	source_file_end(f, &in);
	return got == 0 && sig_stop == 0 ? 0 : -1;
}

int
captures_open(const struct captures *c, const struct reading *r, struct err *e)
{
	const struct source_file *f = &c->files[r->s[0].file].f;
	int fd = -1, rc = 0;

	if (r->n == 1 && r->s[0].from == 0 && r->s[0].to == f->size)
		fd = source_file_anew(f);
	if (fd >= 0)
		return fd;
	fd = source_spool(e);
	for (size_t i = 0; fd >= 0 && rc == 0 && i < r->n; i++)
		rc = copy(c, &r->s[i], fd, e);
	if (rc < 0) {
		close(fd);
		return -1;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* --- all of them --- */

/* When a file begins. */
static void
look_at_start(struct capture_file *f)
{
	struct rec r = {0};
	struct span line;
	struct err e;
	struct in in;

	if (source_file_read(&f->f, 0, f->f.size, &in, &e) < 0)
		return; /* the scan will say so */
	if (in_next(&in, &line, &e) == 1 && line.p[0] != '[' &&
	    rec_read(&r, line, &e) == 0) {
		f->first_ts = rec_ts(&r);
		if (strcmp(rec_type(&r), "tick") == 0)
			rec_int(&r, "recv_ts", &f->first_ts);
		rec_int(&r, "page", &f->page);
		rec_int(&r, "part", &f->part);
	}
	rec_free(&r);
	source_file_end(&f->f, &in);
}

static int
compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_files(const void *va, const void *vb)
{
	const struct capture_file *a = va, *b = vb;
	int r = compare(a->first_ts, b->first_ts);

	if (r == 0)
		r = compare(a->page, b->page);
	if (r == 0)
		r = compare(a->part, b->part);
	return r != 0 ? r : strcmp(a->f.name, b->f.name);
}

/* Which of two stands first in the files. */
static int
compare_places(const struct reading *a, const struct reading *b)
{
	int r = compare((int64_t)a->s[0].file, (int64_t)b->s[0].file);

	return r != 0 ? r : compare(a->s[0].from, b->s[0].from);
}

static int
compare_shots(const void *va, const void *vb)
{
	const struct shot *a = va, *b = vb;
	int r = compare(a->ts, b->ts);

	if (r == 0)
		r = strcmp(a->symbol, b->symbol);
	return r != 0 ? r : compare_places(&a->pages, &b->pages);
}

static int
compare_taps(const void *va, const void *vb)
{
	const struct tap *a = va, *b = vb;
	int r = compare(a->first_ts, b->first_ts);

	return r != 0 ? r : compare_places(&a->text, &b->text);
}

int
captures_scan(struct captures *c)
{
	int status = 0;

	for (size_t i = 0; i < c->n_files && sig_stop == 0; i++)
		look_at_start(&c->files[i]);
	qsort(c->files, c->n_files, sizeof(*c->files), compare_files);
	for (size_t i = 0; i < c->n_files && sig_stop == 0; i++)
		status = err_worse(status, captures_scan_file(c, i));
	for (size_t i = 0; i < c->n_shots && sig_stop == 0; i++)
		if (!c->shots[i].whole && !c->shots[i].left_out)
			status =
			    err_worse(status, captures_cut(c, &c->shots[i]));
	if (c->n_shots > 0)
		qsort(c->shots, c->n_shots, sizeof(*c->shots), compare_shots);
	if (c->n_taps > 0)
		qsort(c->taps, c->n_taps, sizeof(*c->taps), compare_taps);
	if (sig_stop != 0)
		status = err_worse(status, captures_interrupted());
	return status;
}
