/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <stdlib.h>
#include <unistd.h>

#include "opt.h"

enum {
	OPT_SOURCE = 256,
	OPT_BASE_URL,
	OPT_KEY_FILE,
	OPT_CACERT,
	OPT_FROM,
	OPT_RAW,
	OPT_EVERY,
	OPT_DEADLINE,
	OPT_PARALLEL,
	OPT_MAX_PAGES,
	OPT_MAX_PAGE_BYTES,
	OPT_EXPIRATIONS,
	OPT_DAYS,
	OPT_STRIKES,
	OPT_REASON,
	OPT_EQUITY,
	OPT_MAX_CONTRACTS
};

static const struct opt options[] = {
    {OPT_SOURCE, "source", "NAME",
	"massive (when there is a key), or cboe (else)"},
    {OPT_BASE_URL, "base-url", "URL", "instead of the vendor's own"},
    {OPT_KEY_FILE, "key-file", "FILE", "holds the key of massive"},
    {OPT_CACERT, "cacert", "FILE", "PEM certificates to trust"},
    {OPT_FROM, "from", "FILE", "read what was saved; - is standard input"},
    {OPT_RAW, "raw", NULL, "write each body, too, as chain_page records"},
    {OPT_EVERY, "every", "S", "fetch again every S seconds"},
    {OPT_DEADLINE, "deadline", "S", "longest time for one snapshot (60)"},
    {OPT_PARALLEL, "parallel", "N", "walks side by side (4)"},
    {OPT_EXPIRATIONS, "expirations", "FROM:TO", "only these, YYYY-MM-DD"},
    {OPT_DAYS, "days", "N", "only expirations of the next N days"},
    {OPT_STRIKES, "strikes", "FROM:TO", "only these, in dollars"},
    {OPT_REASON, "reason", "WORD", "why it is fetched (scheduled)"},
    {OPT_EQUITY, "equity", NULL, "symbols are no indices unless marked I:"},
    {OPT_MAX_CONTRACTS, "max-contracts", "N", "refuse more (200000)"},
    {OPT_MAX_PAGES, "max-pages", "N", "refuse more (500)"},
    {OPT_MAX_PAGE_BYTES, "max-page-bytes", "N",
	"refuse a longer body, decoded (67108864)"},
    {'v', "verbose", NULL, "a line on stderr for each page"},
    OPT_COMMON,
    {0, NULL, NULL, NULL},
};

static const struct opt_set set = {
    .table = options,
    .operands = "[-] [SYMBOL...]",
    .summary = "Turn a vendor's option chains into snapshots; those of the\n"
	       "operands, and with - those that refresh records ask for.",
    .versions = "jansson " JANSSON_PKG ", libcurl " LIBCURL_PKG,
};

/* What concerns the network.  0, or -1 when the argument will not do. */
static int
take_fetch_option(struct options *o, int val, const char *arg)
{
	struct fetch_conf *f = &o->fetch;

	switch (val) {
	case OPT_BASE_URL:
		f->base = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_KEY_FILE:
		o->key_file = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_CACERT:
		f->cacert = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_RAW:
		f->raw = true;
		return 0;
	case OPT_EVERY:
		return opt_seconds(arg, 10, 86400 * 1000, &f->every_ms);
	case OPT_DEADLINE:
		return opt_seconds(arg, 10, 3600 * 1000, &f->deadline_ms);
	case OPT_PARALLEL:
		return opt_int(arg, 1, 32, &f->parallel);
	case OPT_MAX_PAGES:
		return opt_int(arg, 1, 100000, &f->max_pages);
	case OPT_MAX_PAGE_BYTES:
		return opt_int(arg, 1, HTTP_BODY_MAX, &f->max_body);
	default: /* 'v' */
		f->verbose = true;
		return 0;
	}
}

static int
take_option(int val, const char *arg, void *ctx)
{
	struct options *o = ctx;
	struct chain_conf *chain = &o->fetch.chain;

	switch (val) {
	case OPT_SOURCE:
		chain->source = arg;
		return 0;
	case OPT_FROM:
		o->from = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_EXPIRATIONS:
		return filter_set_expirations(&chain->filter, arg);
	case OPT_DAYS:
		return filter_set_days(&chain->filter, arg);
	case OPT_STRIKES:
		return filter_set_strikes(&chain->filter, arg);
	case OPT_REASON:
		chain->reason = chain_reason_named(arg);
		return chain->reason != NULL ? 0 : -1;
	case OPT_EQUITY:
		o->equity = true;
		return 0;
	case OPT_MAX_CONTRACTS:
		return opt_int(arg, 1, BOARD_MAX, &chain->max_contracts);
	default:
		return take_fetch_option(o, val, arg);
	}
}

/* The operands, each once.  0, or 64 when one is no symbol. */
static int
take_operands(struct options *o, char *argv[])
{
	struct wanted *w;
	size_t i;

	for (; *argv != NULL; argv++) {
		if (strcmp(*argv, "-") == 0) {
			o->asks = true;
			continue;
		}
		o->wanted =
		    mem_grow(o->wanted, o->n_wanted + 1, sizeof(*o->wanted));
		w = &o->wanted[o->n_wanted];
		*w = (struct wanted){0};
		if (symbol_parse(span_str(*argv), o->equity, &w->symbol) != 0)
			return opt_usage(&set, "no symbol: %.80s", *argv);
		for (i = 0; i < o->n_wanted; i++)
			if (strcmp(o->wanted[i].symbol.name, w->symbol.name) ==
			    0)
				break;
		o->n_wanted += i == o->n_wanted;
	}
	return 0;
}

/* What does not go together: 64, or -1 when all is well. */
static int
check_options(const struct options *o)
{
	const char *source = o->fetch.chain.source;

	if (source != NULL && strcmp(source, "massive") != 0 &&
	    strcmp(source, "cboe") != 0)
		return opt_usage(&set, "no such source: %.80s", source);
	if (o->from != NULL && (o->fetch.every_ms > 0 || o->fetch.raw))
		return opt_usage(
		    &set, "--every and --raw are for the network, not --from");
	if (o->asks && (o->from != NULL || o->fetch.raw))
		return opt_usage(
		    &set, "the operand - goes with neither --from nor --raw");
	if (o->n_wanted == 0 && !o->asks)
		return opt_usage(&set, "no symbol given");
	if (o->n_wanted == 0 && o->fetch.every_ms > 0)
		return opt_usage(&set, "--every of no symbol");
	return -1;
}

int
options_read(struct options *o, int argc, char *argv[])
{
	int status;

	*o = (struct options){
	    .fetch =
		{
		    .chain.max_contracts = BOARD_MAX,
		    .deadline_ms = 60 * 1000,
		    .max_pages = FETCH_PAGES_MAX,
		    .max_body = HTTP_BODY_MAX,
		    .parallel = 4,
		},
	};
	status = opt_read(argc, argv, &set, take_option, o);
	if (status < 0 && take_operands(o, argv + optind) != 0)
		status = EX_USAGE;
	return status < 0 ? check_options(o) : status;
}

void
options_free(struct options *o)
{
	secret_wipe(&o->fetch.key);
	free(o->wanted);
}
