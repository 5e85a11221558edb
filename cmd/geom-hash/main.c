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
#include <unistd.h>

#include "compare.h"
#include "hasher.h"
#include "opt.h"
#include "sig.h"

enum { OPT_DIFF = 256, OPT_ALLOW_NONE };

static const struct opt options[] = {
    {OPT_DIFF, "diff", NULL, "what entered and left from FILE to FILE"},
    {OPT_ALLOW_NONE, "allow-none", NULL,
	"an input without a snapshot is no failure"},
    OPT_COMMON, {0}};

static const struct opt_set option_set = {options, "[FILE...]",
    "Hold a snapshot until it is whole; write its geometry and contracts.",
    "jansson " JANSSON_PKG ", libcrypto " LIBCRYPTO_PKG};

struct options {
	bool diff, allow_none;
};

static int
take_option(int val, const char *arg, void *ctx)
{
	struct options *o = ctx;

	(void)arg;
	if (val == OPT_DIFF)
		o->diff = true;
	else
		o->allow_none = true;
	return 0;
}

int
main(int argc, char *argv[])
{
	struct options o = {0};
	struct hasher h = {0};
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	status = opt_read(argc, argv, &option_set, take_option, &o);
	if (status >= 0)
		return status;
	if (o.diff && argc - optind != 2)
		return opt_usage(&option_set, "--diff needs two files");
	out_init(&h.out, STDOUT_FILENO);
	h.allow_none = o.allow_none;
	if (o.diff)
		h.status =
		    compare_files(argv[optind], argv[optind + 1], &h.out);
	else
		hasher_read(&h, argv + optind);
	if (out_close(&h.out, &e) == -1)
		h.status = err_worse(h.status, err_report(NULL, &e));
	hasher_free(&h);
	return sig_end(h.status);
}
