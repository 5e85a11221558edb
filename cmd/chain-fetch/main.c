/* SPDX-License-Identifier: ISC */
/*
 * chain-fetch: the listed contracts of an underlying, as one snapshot.
 *
 *	chain-fetch --source cboe --from FILE|- [OPTION...] SYMBOL...
 *
 * In: saved bodies of a vendor, one or several behind each other.  Out, for
 * each document: chain_begin, the contracts sorted by id, chain_end; or one
 * chain_abort.  Every SYMBOL is answered.  Redis: not used.
 *
 * Why it is right.  A snapshot is held until its document has ended and all
 * of it was valid, so a cut, broken or too bad one never shows a single
 * contract: its only trace is the chain_abort and the exit status.  Nothing
 * depends on the order of rows, on the size of the pieces that read(2)
 * returns, on the time of day or on the locale; the same bodies give the
 * same bytes.  Values keep the vendor's digits.  Rows are read one at a time,
 * so memory is the snapshot's, not the document's.
 */
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "documents.h"
#include "opt.h"
#include "rec.h"
#include "sig.h"

enum {
	OPT_SOURCE = 256,
	OPT_FROM,
	OPT_EXPIRATIONS,
	OPT_DAYS,
	OPT_STRIKES,
	OPT_REASON,
	OPT_EQUITY,
	OPT_MAX_CONTRACTS
};

static const struct opt options[] = {
    {OPT_SOURCE, "source", "NAME", "the vendor: cboe"},
    {OPT_FROM, "from", "FILE", "read saved bodies; - is standard input"},
    {OPT_EXPIRATIONS, "expirations", "FROM:TO", "only these, YYYY-MM-DD"},
    {OPT_DAYS, "days", "N", "only expirations of the next N days"},
    {OPT_STRIKES, "strikes", "FROM:TO", "only these, in dollars"},
    {OPT_REASON, "reason", "WORD", "why it is fetched (scheduled)"},
    {OPT_EQUITY, "equity", NULL, "symbols are no indices unless marked I:"},
    {OPT_MAX_CONTRACTS, "max-contracts", "N", "refuse more (200000)"},
    OPT_COMMON,
    {0, NULL, NULL, NULL},
};

static const struct opt_set set = {
    .table = options,
    .operands = "SYMBOL...",
    .summary = "Turn a vendor's option chains into snapshots.",
    .versions = "jansson " JANSSON_PKG,
};

static struct out out;

static struct {
	struct chain_conf chain;
	const char *from;
	bool equity;
} conf = {
    .chain =
	{
	    .out = &out,
	    .reason = "scheduled",
	    .max_contracts = BOARD_MAX,
	},
};

static bool
is_reason(const char *word)
{
	static const char *const reasons[] = {"scheduled", "dormant", "first",
	    "unknown_contracts", "gap", "manual"};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(word, reasons[i]) == 0)
			return true;
	return false;
}

/* 0, or -1 when the argument is not what the option takes. */
static int
take_option(int val, const char *arg)
{
	switch (val) {
	case OPT_SOURCE:
		conf.chain.source = arg;
		return 0;
	case OPT_FROM:
		conf.from = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_EXPIRATIONS:
		return filter_set_expirations(&conf.chain.filter, arg);
	case OPT_DAYS:
		return filter_set_days(&conf.chain.filter, arg);
	case OPT_STRIKES:
		return filter_set_strikes(&conf.chain.filter, arg);
	case OPT_REASON:
		conf.chain.reason = arg;
		return is_reason(arg) ? 0 : -1;
	case OPT_EQUITY:
		conf.equity = true;
		return 0;
	case OPT_MAX_CONTRACTS:
		return opt_int(arg, 1, BOARD_MAX, &conf.chain.max_contracts);
	}
	return -1;
}

/* What is missing or not there yet; 0 when all is well. */
static int
check_options(int operands)
{
	if (conf.chain.source == NULL)
		return opt_usage(&set, "no --source given");
	if (strcmp(conf.chain.source, "massive") == 0)
		return opt_usage(
		    &set, "source massive is not built in this version");
	if (strcmp(conf.chain.source, "cboe") != 0)
		return opt_usage(&set, "no such source: %s", conf.chain.source);
	if (conf.from == NULL)
		return opt_usage(&set,
		    "fetching from the network is not built in this version: "
		    "give --from");
	if (operands == 0)
		return opt_usage(&set, "no symbol given");
	return 0;
}

/* The operands, each once.  NULL and *status when one is no symbol. */
static struct wanted *
read_operands(char *argv[], size_t *n, int *status)
{
	struct wanted *w = NULL;
	size_t i;

	for (*n = 0; *argv != NULL; argv++) {
		w = mem_grow(w, *n + 1, sizeof(*w));
		w[*n] = (struct wanted){0};
		if (symbol_parse(span_str(*argv), conf.equity, &w[*n].symbol) !=
		    0) {
			*status = opt_usage(&set, "no symbol: %.80s", *argv);
			free(w);
			return NULL;
		}
		for (i = 0; i < *n; i++)
			if (strcmp(w[i].symbol.name, w[*n].symbol.name) == 0)
				break;
		*n += i == *n;
	}
	return w;
}

static int
fetch(struct wanted *wanted, size_t n)
{
	struct err e, cause;
	struct in in;
	int rc;

	out_init(&out, STDOUT_FILENO);
	if (in_open(&in, conf.from, &out, &cause) == 0) {
		rc = documents_read(&in, &conf.chain, wanted, n);
		in_close(&in);
	} else {
		err_set(&e, cause.exit, cause.code, "%.200s: %.100s", conf.from,
		    cause.text);
		rc = documents_abort(&conf.chain, wanted, n, &e, EX_OK);
	}
	if (out_close(&out, &e) != 0)
		rc = err_worse(rc, err_report(NULL, &e));
	return rc;
}

int
main(int argc, char *argv[])
{
	struct wanted *wanted;
	const char *arg;
	struct err e;
	size_t n;
	int val, rc;

	err_init(argv[0]);
	sig_init();
	while ((val = opt_next(argc, argv, &set, &arg, &rc)) != -1) {
		if (val == OPT_DONE)
			return rc;
		if (take_option(val, arg) != 0)
			return opt_usage(&set, "bad argument: %.80s", arg);
	}
	rc = check_options(argc - optind);
	if (rc != 0)
		return rc;
	wanted = read_operands(argv + optind, &n, &rc);
	if (wanted == NULL)
		return rc;
	if (clock_init(&e) != 0) {
		free(wanted);
		return err_report(NULL, &e);
	}
	opt_check_env();
	rc = fetch(wanted, n);
	free(wanted);
	return sig_end(rc);
}
