/* SPDX-License-Identifier: ISC */
/*
 * model-heatmap: what option strategies cost, strike by width.
 *
 *	model-heatmap [options] [SYMBOL...]
 *
 * In: nothing.  Out: for every epoch that was computed a heatmap record and
 * the heatmap_sheet records that changed, once they are published.  Redis:
 * registers in epoch:models and epoch:config, reads epoch:active, epoch:dirty,
 * epoch:meta:ID and what belongs to the epoch; writes epoch:ID:model:heatmap,
 * its ack in meta, epoch:dirty and epoch:clean (docs/REDIS.md, "Models").
 *
 * Why it is right.  The frame (common/model.h) sees to it that no change is
 * lost and nothing is clean that was not computed.  The engine
 * (common/heatmap.h) is a function of the contracts' quotes and the spot's
 * time: no clock, no order of arrival, and no rounding, for prices are
 * integers there.  A sheet is published when it is not, byte for byte, what
 * was published before; killed at any point, or raced by another run, all of
 * them are published anew, in one step with the acknowledgement.
 */
#include <stdio.h>
#include <unistd.h>

#include "sig.h"
#include "tool.h"

enum { OPT_EXPIRATIONS = 300, OPT_WIDTHS, OPT_AGE, OPT_ZERO };

#define EXPIRATIONS_MAX 1000
#define AGE_MAX_MS (INT64_C(1000) * 86400 * 366)

static const struct opt options[] = {
    MODEL_OPTIONS,
    {OPT_EXPIRATIONS, "expirations-count", "N",
	"the nearest N dates that have not settled (5)"},
    {OPT_WIDTHS, "widths", "POINTS,...",
	"widths of spreads (by symbol, or multiples of the listed step)"},
    {OPT_AGE, "max-age", "S",
	"leave out quotes so much older than the board's newest"},
    {OPT_ZERO, "allow-zero-bid", NULL, "use quotes with a bid of 0, too"},
    OPT_COMMON,
    {0},
};

static const struct opt_set option_set = {
    .table = options,
    .operands = "[SYMBOL...]",
    .summary = "Heatmaps of strategies' prices of the active epochs in Redis.",
    .versions = "hiredis " HIREDIS_PKG ", jansson " JANSSON_PKG,
};

/* Ascending, so that the order in which they were given does not matter. */
static int
add_width(struct heatmap_conf *h, int32_t w)
{
	size_t at = h->n_widths;

	if (h->n_widths == HEATMAP_WIDTHS_MAX || w <= 0)
		return -1;
	for (; at > 0 && h->widths[at - 1] >= w; at--) {
		if (h->widths[at - 1] == w)
			return -1;
		h->widths[at] = h->widths[at - 1];
	}
	h->widths[at] = w;
	h->n_widths++;
	return 0;
}

static int
take_widths(struct heatmap_conf *h, const char *arg)
{
	h->n_widths = 0;
	for (;; arg++) {
		size_t n = strcspn(arg, ",");
		int32_t w;

		if (geom_strike_parse((struct span){arg, n}, &w) < 0 ||
		    add_width(h, w) < 0)
			return -1;
		arg += n;
		if (*arg == '\0')
			return 0;
	}
}

static int
take_heatmap(struct heatmap_conf *h, int c, const char *arg)
{
	int64_t n;

	switch (c) {
	case OPT_EXPIRATIONS:
		if (opt_int(arg, 1, EXPIRATIONS_MAX, &n) < 0)
			return -1;
		h->expirations = (size_t)n;
		return 0;
	case OPT_WIDTHS:
		return take_widths(h, arg);
	case OPT_AGE:
		return opt_seconds(arg, 1, AGE_MAX_MS, &h->max_age_ms);
	default: /* OPT_ZERO */
		h->zero_bid = true;
		return 0;
	}
}

/* What an option changes. */
struct setting {
	struct model_conf *model;
	struct heatmap_conf *heatmap;
};

static int
take_option(int val, const char *arg, void *ctx)
{
	struct setting *to = ctx;

	return val < OPT_EXPIRATIONS ? model_option(to->model, val, arg)
				     : take_heatmap(to->heatmap, val, arg);
}

/* What makes other sheets of the same epoch. */
static void
describe(struct model_conf *m, const struct heatmap_conf *h)
{
	struct buf *b = &m->options;
	char text[STRIKE_TEXT];

	buf_fmt(b, "expirations=%zu widths=%s", h->expirations,
	    h->n_widths == 0 ? "auto" : "");
	for (size_t i = 0; i < h->n_widths; i++) {
		geom_strike_text(h->widths[i], text);
		buf_fmt(b, "%s%s", i == 0 ? "" : ",", text);
	}
	buf_str(b, " max_age_ms=");
	buf_int(b, h->max_age_ms);
	buf_fmt(b, " zero_bid=%s", h->zero_bid ? "yes" : "no");
}

static void
show_counts(const char *name, const char *text)
{
	err_warn(name, "COUNTS", "%s", text);
}

int
main(int argc, char *argv[])
{
	struct heatmap_conf conf = {.expirations = 5};
	struct model_conf m = {
	    .kind = "heatmap",
	    .name = "heatmap",
	    MODEL_DEFAULTS,
	    .ops = &heatmap_ops,
	    .ops_conf = &conf,
	    .report = err_report,
	    .counts = show_counts,
	};
	struct setting to = {&m, &conf};
	struct out out;
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	status = opt_read(argc, argv, &option_set, take_option, &to);
	if (status >= 0)
		return status;
	describe(&m, &conf);
	out_init(&out, STDOUT_FILENO);
	status = model_run(&m, argv + optind, (size_t)(argc - optind), &out);
	if (out_close(&out, &e) < 0)
		status = err_worse(status, err_report("stdout", &e));
	buf_free(&m.options);
	return sig_end(status);
}
