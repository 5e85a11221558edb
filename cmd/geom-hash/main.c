/* SPDX-License-Identifier: ISC */
/*
 * geom-hash: says which board a snapshot is.
 *
 *	geom-hash [FILE...]           a chain stream, stdin by default
 *	geom-hash --diff FILE FILE    what entered and left between two
 *
 * In: chain_begin contract* chain_end.  Out: geometry, the contracts sorted
 * by id, chain_end.  Every other record passes as it is.  Redis: never.
 *
 * Why it is right:
 *
 * Cut.  A pipe cannot tell "finished" from "died", so the snapshot is held
 * until its chain_end came and counts the very contracts that came: before
 * that nothing of it is written, and whatever is wrong inside (a bad line, a
 * foreign contract, a new beginning, the end of input) refuses all of it,
 * with one line on stderr and status 65.  A later snapshot of the same stream
 * is not the worse for it.
 *
 * Repeat.  The hash is over the sorted set of contract ids, so neither order
 * nor paging nor repetition of lines can change it; repeated contracts are
 * merged by a rule that does not see their order either.  The same set of
 * lines gives the same bytes, today and in a replay: no clock, no zone and no
 * locale enters.
 *
 * Two of us.  Nothing is shared: no state but this process's memory, which
 * holds one snapshot, within board.h's limits.
 */
#include <getopt.h>
#include <inttypes.h>
#include <unistd.h>

#include "compare.h"
#include "err.h"
#include "hold.h"
#include "opt.h"
#include "rec.h"
#include "sig.h"
#include "stream.h"

#define WARNINGS 10 /* bad lines that are told of, before they are counted */

enum { OPT_DIFF = 256, OPT_ALLOW_NONE };

static const struct opt options[] = {
    {OPT_DIFF, "diff", NULL, "what entered and left from FILE to FILE"},
    {OPT_ALLOW_NONE, "allow-none", NULL,
	"an input without a snapshot is no failure"},
    OPT_COMMON, {0}};

static const struct opt_set option_set = {options, "[FILE...]",
    "Hold a snapshot until it is whole; write its geometry and contracts.",
    "jansson " JANSSON_PKG ", libcrypto " LIBCRYPTO_PKG};

static struct {
	struct hold hold;
	struct out out;
	struct buf text;    /* of records that we write ourselves */
	uint64_t snapshots; /* begun or aborted */
	uint64_t bad;       /* lines, outside of a snapshot that they spoil */
	bool allow_none;    /* somebody may ask for a snapshot, or nobody */
	int rc;
} run;

/* The snapshot will not be served. */
static void
refuse(const struct err *e)
{
	run.rc = err_worse(run.rc, err_report(hold_symbol(&run.hold), e));
	hold_refuse(&run.hold);
}

/* A bad line spoils the snapshot around it; elsewhere it is dropped. */
static void
drop_line(const struct in *in, const struct err *why)
{
	struct err e;

	if (run.hold.state == HOLD_OPEN) {
		err_set(&e, why->exit, why->code, "line %" PRIu64 ": %s",
		    in->line_no, why->text);
		refuse(&e);
		return;
	}
	if (run.bad++ < WARNINGS)
		err_warn(in->name, why->code, "line %" PRIu64 ": %s",
		    in->line_no, why->text);
	else if (run.bad == WARNINGS + 1)
		err_warn(in->name, why->code,
		    "line %" PRIu64 ": further bad lines counted only",
		    in->line_no);
}

static int
on_begin(struct rec *begin, struct err *e)
{
	run.snapshots++;
	if (run.hold.state == HOLD_OPEN) {
		err_set(e, EX_DATAERR, "INCOMPLETE",
		    "chain_begin of %s after %" PRIu64
		    " contracts without chain_end",
		    rec_str(begin, "symbol"), run.hold.lines);
		refuse(e);
	}
	return hold_begin(&run.hold, begin, e);
}

static int
on_contract(struct span line, struct err *e)
{
	if (run.hold.state == HOLD_REFUSED)
		return 0;
	if (run.hold.state == HOLD_CLOSED)
		return err_set(
		    e, EX_DATAERR, "BAD_ORDER", "contract outside a snapshot");
	return hold_add(&run.hold, line, e);
}

/* The only place from which a snapshot's records go out. */
static int
serve(const struct rec *end, struct span line, struct err *e)
{
	const struct board *board = &run.hold.board;
	size_t i;

	buf_clear(&run.text);
	if (hold_geometry(&run.hold, end, &run.text, e) == -1)
		return -1;
	out_write(&run.out, run.text.p, run.text.n);
	for (i = 0; i < board->n; i++)
		out_line(&run.out, board->rows[i].line);
	buf_clear(&run.text);
	hold_end_line(&run.hold, end, line, &run.text);
	out_write(&run.out, run.text.p, run.text.n);
	return 0;
}

static int
on_end(const struct rec *end, struct span line, struct err *e)
{
	if (run.hold.state == HOLD_CLOSED)
		return err_set(
		    e, EX_DATAERR, "BAD_ORDER", "chain_end outside a snapshot");
	if (run.hold.state == HOLD_OPEN &&
	    (hold_end(&run.hold, end, e) == -1 || serve(end, line, e) == -1))
		refuse(e);
	hold_close(&run.hold);
	return 0;
}

/* Who asked for the snapshot is told by this record; our silence is right. */
static void
on_abort(const struct rec *r)
{
	const char *symbol = hold_symbol(&run.hold);

	run.snapshots++;
	if (symbol != NULL && strcmp(symbol, rec_str(r, "symbol")) == 0)
		hold_close(&run.hold);
}

static int
on_record(struct rec *r, struct span line, struct err *e)
{
	const char *type = rec_type(r);

	if (strcmp(type, "chain_begin") == 0)
		return on_begin(r, e);
	if (strcmp(type, "contract") == 0)
		return on_contract(line, e);
	if (strcmp(type, "chain_end") == 0)
		return on_end(r, line, e);
	if (strcmp(type, "chain_abort") == 0)
		on_abort(r);
	out_line(&run.out, line);
	return 0;
}

/* Contract lines in their usual form do not need jansson. */
static int
on_line(struct span line, struct err *e)
{
	struct rec r = {0};
	int rc;

	if (span_eq(rec_peek_type(line), SPAN_LIT("contract")))
		return on_contract(line, e);
	if (rec_read(&r, line, e) == -1)
		return -1;
	rc = on_record(&r, line, e);
	rec_free(&r);
	return rc;
}

/* The input is over: a snapshot still open is a cut one. */
static void
end_input(const struct in *in)
{
	const char *how = sig_stop ? "stopped" : "input ended";
	struct err e;

	if (in->torn > 0)
		how = "input ended inside a line,";
	if (run.hold.state == HOLD_OPEN) {
		err_set(&e, EX_DATAERR, "INCOMPLETE",
		    "%s without chain_end after %" PRIu64 " contracts", how,
		    run.hold.lines);
		refuse(&e);
	} else if (in->torn > 0) {
		err_set(&e, EX_DATAERR, "TORN", "no newline at its end");
		drop_line(in, &e);
	}
	hold_close(&run.hold);
}

static void
read_file(const char *path)
{
	struct span line;
	struct err e;
	struct in in;
	int r = 0;

	if (in_open(&in, path, &run.out, &e) == -1) {
		run.rc = err_worse(run.rc, err_report(path, &e));
		return;
	}
	while (!run.out.failed && (r = in_next(&in, &line, &e)) > 0) {
		if (r == 2)
			err_set(&e, EX_DATAERR, "TOO_LONG",
			    "more than %zu bytes", in.max);
		if (r == 2 || on_line(line, &e) == -1)
			drop_line(&in, &e);
	}
	if (r == -1)
		run.rc = err_worse(run.rc, err_report(in.name, &e));
	if (!run.out.failed)
		end_input(&in);
	in_close(&in);
}

static void
read_files(char *paths[])
{
	if (*paths == NULL)
		read_file("-");
	for (; *paths != NULL && !sig_stop; paths++)
		read_file(*paths);
	if (run.bad > 0)
		run.rc = err_worse(
		    run.rc, err_fail(NULL, EX_DATAERR, "BAD_LINES",
				"bad lines dropped: %" PRIu64, run.bad));
	if (run.snapshots == 0 && !run.allow_none && !sig_stop &&
	    !run.out.failed)
		run.rc = err_worse(run.rc, err_fail(NULL, EX_DATAERR, "EMPTY",
					       "no snapshot in the input"));
}

int
main(int argc, char *argv[])
{
	bool diff = false;
	const char *arg;
	struct err e;
	int c, status;

	err_init(argv[0]);
	sig_init();
	while ((c = opt_next(argc, argv, &option_set, &arg, &status)) != -1) {
		if (c == OPT_DONE)
			return status;
		diff = diff || c == OPT_DIFF;
		run.allow_none = run.allow_none || c == OPT_ALLOW_NONE;
	}
	if (diff && argc - optind != 2)
		return opt_usage(&option_set, "--diff needs two files");
	opt_check_env();
	out_init(&run.out, STDOUT_FILENO);
	if (diff)
		run.rc =
		    compare_files(argv[optind], argv[optind + 1], &run.out);
	else
		read_files(argv + optind);
	hold_free(&run.hold);
	buf_free(&run.text);
	if (out_close(&run.out, &e) == -1)
		run.rc = err_worse(run.rc, err_report(NULL, &e));
	return sig_end(run.rc);
}
