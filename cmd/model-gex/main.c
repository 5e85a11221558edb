/* SPDX-License-Identifier: ISC */
/*
 * model-gex: gamma exposure of the active epochs.
 *
 *	model-gex [options] [SYMBOL...]
 *
 * In: nothing.  Out: one gex record for every epoch that was computed, once
 * it is published.  Redis: registers in epoch:models and epoch:config, reads
 * epoch:active, epoch:dirty, epoch:meta:ID and what belongs to the epoch;
 * writes epoch:ID:model:gex, its ack in meta, epoch:dirty and epoch:clean
 * (docs/REDIS.md, "Models").
 *
 * Why it is right.  The frame (common/model.h) sees to it that no change is
 * lost and nothing is clean that was not computed.  The engine
 * (common/gex.h) is a function of the contracts' values, the spot and its
 * time: no clock, no order of arrival.  Killed at any point: what is
 * published is whole, and the epoch stays dirty until the next run.  Two of
 * us: both publish the same bytes, the script takes them one by one.
 */
#include <unistd.h>

#include "sig.h"
#include "tool.h"

static void
show_counts(const char *name, const char *text)
{
	err_warn(name, "COUNTS", "%s", text);
}

int
main(int argc, char *argv[])
{
	struct tool tool = {.gex.min_coverage = 0.9};
	struct model_conf m = {
	    .kind = "gex",
	    .name = "gex",
	    MODEL_DEFAULTS,
	    .ops = &gex_ops,
	    .ops_conf = &tool,
	    .report = err_report,
	    .counts = show_counts,
	};
	struct out out;
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	status = options_read(argc, argv, &m, &tool);
	if (status >= 0)
		return status;
	out_init(&out, STDOUT_FILENO);
	status = model_run(&m, argv + optind, (size_t)(argc - optind), &out);
	if (out_close(&out, &e) < 0)
		status = err_worse(status, err_report("stdout", &e));
	buf_free(&m.options);
	return sig_end(status);
}
