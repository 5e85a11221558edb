/* SPDX-License-Identifier: ISC */
#include "hasher.h"

#include <inttypes.h>

#include "sig.h"

#define WARNINGS 10 /* bad lines that are told of, before they are counted */

/* The snapshot will not be served. */
static void
refuse(struct hasher *h, const struct err *e)
{
	h->status = err_worse(h->status, err_report(hold_symbol(&h->hold), e));
	hold_refuse(&h->hold);
}

/* A bad line spoils the snapshot around it; elsewhere it is dropped. */
static void
drop_line(struct hasher *h, const struct in *in, const struct err *why)
{
	struct err e;

	if (h->hold.state == HOLD_OPEN) {
		err_set(&e, why->exit, why->code, "line %" PRIu64 ": %s",
		    in->line_no, why->text);
		refuse(h, &e);
		return;
	}
	if (h->bad++ < WARNINGS)
		err_warn(in->name, why->code, "line %" PRIu64 ": %s",
		    in->line_no, why->text);
	else if (h->bad == WARNINGS + 1)
		err_warn(in->name, why->code,
		    "line %" PRIu64 ": further bad lines counted only",
		    in->line_no);
}

static int
on_begin(struct hasher *h, struct rec *begin, struct err *e)
{
	h->snapshots++;
	if (h->hold.state == HOLD_OPEN) {
		err_set(e, EX_DATAERR, "INCOMPLETE",
		    "chain_begin of %s after %" PRIu64
		    " contracts without chain_end",
		    rec_str(begin, "symbol"), h->hold.lines);
		refuse(h, e);
	}
	return hold_begin(&h->hold, begin, e);
}

static int
on_contract(struct hasher *h, struct span line, struct err *e)
{
	if (h->hold.state == HOLD_REFUSED)
		return 0;
	if (h->hold.state == HOLD_CLOSED)
		return err_set(
		    e, EX_DATAERR, "BAD_ORDER", "contract outside a snapshot");
	return hold_add(&h->hold, line, e);
}

/* The only place from which a snapshot's records go out. */
static int
serve(struct hasher *h, const struct rec *end, struct span line, struct err *e)
{
	const struct board *board = &h->hold.board;
	size_t i;

	buf_clear(&h->text);
	if (hold_geometry(&h->hold, end, &h->text, e) == -1)
		return -1;
	out_write(&h->out, h->text.p, h->text.n);
	for (i = 0; i < board->n; i++)
		out_line(&h->out, board->rows[i].line);
	buf_clear(&h->text);
	hold_end_line(&h->hold, end, line, &h->text);
	out_write(&h->out, h->text.p, h->text.n);
	return 0;
}

static int
on_end(struct hasher *h, const struct rec *end, struct span line, struct err *e)
{
	if (h->hold.state == HOLD_CLOSED)
		return err_set(
		    e, EX_DATAERR, "BAD_ORDER", "chain_end outside a snapshot");
	if (h->hold.state == HOLD_OPEN &&
	    (hold_end(&h->hold, end, e) == -1 || serve(h, end, line, e) == -1))
		refuse(h, e);
	hold_close(&h->hold);
	return 0;
}

/* Who asked for the snapshot is told by this record; our silence is right. */
static void
on_abort(struct hasher *h, const struct rec *r)
{
	const char *symbol = hold_symbol(&h->hold);

	h->snapshots++;
	if (symbol != NULL && strcmp(symbol, rec_str(r, "symbol")) == 0)
		hold_close(&h->hold);
}

static int
on_record(struct hasher *h, struct rec *r, struct span line, struct err *e)
{
	const char *type = rec_type(r);

	if (strcmp(type, "chain_begin") == 0)
		return on_begin(h, r, e);
	if (strcmp(type, "contract") == 0)
		return on_contract(h, line, e);
	if (strcmp(type, "chain_end") == 0)
		return on_end(h, r, line, e);
	if (strcmp(type, "chain_abort") == 0)
		on_abort(h, r);
	out_line(&h->out, line);
	return 0;
}

/* Contract lines in their usual form do not need jansson. */
static int
on_line(struct hasher *h, struct span line, struct err *e)
{
	struct rec r = {0};
	int rc;

	if (span_eq(rec_peek_type(line), SPAN_LIT("contract")))
		return on_contract(h, line, e);
	if (rec_read(&r, line, e) == -1)
		return -1;
	rc = on_record(h, &r, line, e);
	rec_free(&r);
	return rc;
}

/* The input is over: a snapshot still open is a cut one. */
static void
end_input(struct hasher *h, const struct in *in)
{
	const char *how = sig_stop ? "stopped" : "input ended";
	struct err e;

	if (in->torn > 0)
		how = "input ended inside a line,";
	if (h->hold.state == HOLD_OPEN) {
		err_set(&e, EX_DATAERR, "INCOMPLETE",
		    "%s without chain_end after %" PRIu64 " contracts", how,
		    h->hold.lines);
		refuse(h, &e);
	} else if (in->torn > 0) {
		err_set(&e, EX_DATAERR, "TORN", "no newline at its end");
		drop_line(h, in, &e);
	}
	hold_close(&h->hold);
}

static void
read_file(struct hasher *h, const char *path)
{
	struct span line;
	struct err e;
	struct in in;
	int r = 0;

	if (in_open(&in, path, &h->out, &e) == -1) {
		h->status = err_worse(h->status, err_report(path, &e));
		return;
	}
	while (!h->out.failed && (r = in_next(&in, &line, &e)) > 0) {
		if (r == 2)
			err_set(&e, EX_DATAERR, "TOO_LONG",
			    "more than %zu bytes", in.max);
		if (r == 2 || on_line(h, line, &e) == -1)
			drop_line(h, &in, &e);
	}
	if (r == -1)
		h->status = err_worse(h->status, err_report(in.name, &e));
	if (!h->out.failed)
		end_input(h, &in);
	in_close(&in);
}

void
hasher_read(struct hasher *h, char *paths[])
{
	if (*paths == NULL)
		read_file(h, "-");
	for (; *paths != NULL && !sig_stop; paths++)
		read_file(h, *paths);
	if (h->bad > 0)
		h->status = err_worse(
		    h->status, err_fail(NULL, EX_DATAERR, "BAD_LINES",
				   "bad lines dropped: %" PRIu64, h->bad));
	if (h->snapshots == 0 && !h->allow_none && !sig_stop && !h->out.failed)
		h->status =
		    err_worse(h->status, err_fail(NULL, EX_DATAERR, "EMPTY",
					     "no snapshot in the input"));
}

void
hasher_free(struct hasher *h)
{
	hold_free(&h->hold);
	buf_free(&h->text);
}
