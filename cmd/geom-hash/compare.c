/* SPDX-License-Identifier: ISC */
/* compare: see compare.h. */
#include <inttypes.h>
#include <stdlib.h>

#include "compare.h"
#include "diff.h"
#include "hold.h"

static bool
is_type(struct span type, const char *name)
{
	return span_eq(type, span_str(name));
}

/* One line of a saved snapshot: 1 when it ended the snapshot. */
static int
load_line(struct hold *h, struct span line, struct err *e)
{
	struct span type = rec_peek_type(line);
	struct rec r = {0};
	int rc = 0;

	if (h->state == HOLD_OPEN && is_type(type, "contract"))
		return hold_add(h, line, e);
	if (rec_read(&r, line, e) == -1)
		return -1;
	type = span_str(rec_type(&r));
	if (is_type(type, "chain_begin") || is_type(type, "geometry")) {
		if (h->state != HOLD_CLOSED)
			rc = err_set(e, EX_DATAERR, "INCOMPLETE",
			    "%s before chain_end", rec_type(&r));
		else
			rc = hold_begin(h, &r, e);
	} else if (is_type(type, "contract") || is_type(type, "chain_end")) {
		if (h->state != HOLD_OPEN)
			rc = err_set(e, EX_DATAERR, "BAD_ORDER",
			    "%s outside a snapshot", rec_type(&r));
		else if (is_type(type, "contract"))
			rc = hold_add(h, line, e);
		else
			rc = hold_end(h, &r, e) == 0 ? 1 : -1;
	}
	rec_free(&r);
	return rc;
}

/* The first snapshot of a file; what follows it is not read. */
static int
load(const char *path, struct hold *h, struct err *e)
{
	struct span line;
	struct in in;
	struct err why;
	int r, done = 0;

	if (in_open(&in, path, NULL, e) == -1)
		return -1;
	while (done == 0 && (r = in_next(&in, &line, e)) > 0) {
		if (r == 2)
			done = err_set(&why, EX_DATAERR, "TOO_LONG",
			    "more than %zu bytes", in.max);
		else
			done = load_line(h, line, &why);
	}
	if (done == -1)
		err_set(e, why.exit, why.code, "line %" PRIu64 ": %s",
		    in.line_no, why.text);
	else if (done == 0 && r == 0)
		err_set(e, EX_DATAERR,
		    h->state == HOLD_CLOSED ? "EMPTY" : "INCOMPLETE",
		    h->state == HOLD_CLOSED
			? "no snapshot in the file"
			: "the file ends without chain_end");
	in_close(&in);
	return done == 1 ? 0 : -1;
}

static void
write_diff(const struct hold *a, const struct hold *b, struct out *out)
{
	struct span *x = board_ids(&a->board), *y = board_ids(&b->board);
	struct buf text = {0};

	diff_boards(&text, x, a->board.n, y, b->board.n);
	out_write(out, text.p, text.n);
	buf_free(&text);
	free(x);
	free(y);
}

int
compare_files(const char *a, const char *b, struct out *out)
{
	struct hold ha = {0}, hb = {0};
	struct err e;
	int rc = 0;

	if (load(a, &ha, &e) == -1)
		rc = err_report(a, &e);
	if (load(b, &hb, &e) == -1)
		rc = err_worse(rc, err_report(b, &e));
	if (rc == 0 && strcmp(hold_symbol(&ha), hold_symbol(&hb)) != 0)
		rc = err_fail(b, EX_DATAERR, "BAD_SYMBOL",
		    "a snapshot of %s, the other one is of %s",
		    hold_symbol(&hb), hold_symbol(&ha));
	if (rc == 0)
		write_diff(&ha, &hb, out);
	hold_free(&ha);
	hold_free(&hb);
	return rc;
}
