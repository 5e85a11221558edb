/* SPDX-License-Identifier: ISC */
/*
 * chain-fetch: the listed contracts of an underlying, as one snapshot.
 *
 *	chain-fetch [--source massive|cboe] [OPTION...] SYMBOL...
 *	chain-fetch [--every S] [OPTION...] - [SYMBOL...]
 *	chain-fetch --from FILE|- [OPTION...] SYMBOL...
 *
 * In: a vendor's answers over HTTPS, or what was saved of them; with - also
 * refresh records, all others pass (requests.c).  Out, for each snapshot:
 *chain_begin, the contracts sorted by id, chain_end; or one chain_abort; with
 *--raw the bodies, too, as chain_page.  Every SYMBOL is answered.  Redis: not
 *used.
 *
 * Why it is right.  A snapshot is held until its last page or document has
 * ended and all of it was valid, so a cut, broken or too bad one never shows
 * a single contract: its only trace is the chain_abort and the exit status.
 * Nothing depends on the order of rows or pages, on how many walks fetched
 * them, on the size of the pieces that read(2) returns or on the locale; the
 * same bodies give the same bytes.  Values keep the vendor's digits.  Rows
 * are read one at a time, so memory is the snapshot's and that of the bodies
 * on their way, for which there is one limit, however many walks there are.
 * Every wait has an end: each request's, and that of all of a snapshot.  The
 * key (secret.h) goes into one header, to one origin, and nowhere else.
 */
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "fetch.h"
#include "opt.h"
#include "rec.h"
#include "requests.h"
#include "saved.h"
#include "sig.h"

#define MASSIVE_BASE "https://api.massive.com"
#define CBOE_BASE "https://cdn.cboe.com/api/global/delayed_quotes/options/"

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

static struct out out;

static struct {
	struct fetch_conf fetch;
	const char *from, *key_file;
	bool equity;
	bool asks; /* - is an operand: stdin asks, too */
} conf = {
    .fetch =
	{
	    .chain = {.out = &out, .max_contracts = BOARD_MAX},
	    .deadline_ms = 60 * 1000,
	    .max_pages = FETCH_PAGES_MAX,
	    .max_body = HTTP_BODY_MAX,
	    .parallel = 4,
	},
};

/* What concerns the network.  0, or -1 when the argument will not do. */
static int
take_fetch_option(int val, const char *arg)
{
	struct fetch_conf *f = &conf.fetch;

	switch (val) {
	case OPT_BASE_URL:
		f->base = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_KEY_FILE:
		conf.key_file = arg;
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
	case 'v':
		f->verbose = true;
		return 0;
	}
	return -1;
}

static int
take_option(int val, const char *arg)
{
	struct chain_conf *chain = &conf.fetch.chain;

	switch (val) {
	case OPT_SOURCE:
		chain->source = arg;
		return 0;
	case OPT_FROM:
		conf.from = arg;
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
		conf.equity = true;
		return 0;
	case OPT_MAX_CONTRACTS:
		return opt_int(arg, 1, BOARD_MAX, &chain->max_contracts);
	}
	return take_fetch_option(val, arg);
}

/* What does not go together; 0 when all is well. */
static int
check_options(size_t symbols)
{
	const char *source = conf.fetch.chain.source;

	if (source != NULL && strcmp(source, "massive") != 0 &&
	    strcmp(source, "cboe") != 0)
		return opt_usage(&set, "no such source: %.80s", source);
	if (conf.from != NULL && (conf.fetch.every_ms > 0 || conf.fetch.raw))
		return opt_usage(
		    &set, "--every and --raw are for the network, not --from");
	if (conf.asks && (conf.from != NULL || conf.fetch.raw))
		return opt_usage(
		    &set, "the operand - goes with neither --from nor --raw");
	if (symbols == 0 && !conf.asks)
		return opt_usage(&set, "no symbol given");
	if (symbols == 0 && conf.fetch.every_ms > 0)
		return opt_usage(&set, "--every of no symbol");
	return 0;
}

/* The vendor, its address, its key.  Whatever it is, the key is taken out of
 * the environment. */
static int
choose_source(struct err *e)
{
	struct fetch_conf *f = &conf.fetch;
	bool is_open = f->chain.source == NULL;
	int found = secret_read(&f->key, conf.key_file, e);
	const char *env;

	if (!is_open && strcmp(f->chain.source, "cboe") == 0) {
		secret_wipe(&f->key);
		found = 0;
	}
	if (found == -1)
		return -1;
	if (is_open) {
		f->chain.source = found == 1 ? "massive" : "cboe";
		err_warn(NULL, "SOURCE", "%s, since there is %s key",
		    f->chain.source, found == 1 ? "a" : "no");
	}
	if (strcmp(f->chain.source, "cboe") == 0) {
		if (f->base == NULL)
			f->base = CBOE_BASE;
		return 0;
	}
	if (found != 1)
		return err_set(e, EX_NOPERM, "NO_KEY",
		    "massive wants a key: --key-file, or MASSIVE_API_KEY");
	env = getenv("MASSIVE_BASE_URL");
	if (f->base == NULL)
		f->base = env != NULL && env[0] != '\0' ? env : MASSIVE_BASE;
	return 0;
}

/* The operands, each once.  -1 and *status when one is no symbol. */
static int
read_operands(char *argv[], struct wanted **into, size_t *n, int *status)
{
	struct wanted *w = NULL;
	size_t i;

	for (*n = 0; *argv != NULL; argv++) {
		if (strcmp(*argv, "-") == 0) {
			conf.asks = true;
			continue;
		}
		w = mem_grow(w, *n + 1, sizeof(*w));
		w[*n] = (struct wanted){0};
		if (symbol_parse(span_str(*argv), conf.equity, &w[*n].symbol) !=
		    0) {
			*status = opt_usage(&set, "no symbol: %.80s", *argv);
			free(w);
			return -1;
		}
		for (i = 0; i < *n; i++)
			if (strcmp(w[i].symbol.name, w[*n].symbol.name) == 0)
				break;
		*n += i == *n;
	}
	*into = w;
	return 0;
}

static int
fetch_live(struct wanted *wanted, size_t n)
{
	struct err e;

	if (choose_source(&e) != 0)
		return n > 0 ? wanted_abort(
				   wanted, n, &conf.fetch.chain, &e, EX_OK)
			     : err_report(NULL, &e);
	if (conf.asks)
		return requests_run(&conf.fetch, wanted, n, conf.equity);
	return fetch_run(&conf.fetch, wanted, n);
}

static int
fetch(struct wanted *wanted, size_t n)
{
	const struct chain_conf *chain = &conf.fetch.chain;
	struct err e, cause;
	struct in in;
	int rc;

	out_init(&out, STDOUT_FILENO);
	if (conf.from != NULL)
		secret_forget(); /* before anything that may take its time */
	if (conf.from == NULL) {
		rc = fetch_live(wanted, n);
	} else if (in_open(&in, conf.from, &out, &cause) == 0) {
		rc = saved_read(&in, chain, wanted, n);
		in_close(&in);
	} else {
		err_set(&e, cause.exit, cause.code, "%.200s: %.100s", conf.from,
		    cause.text);
		rc = wanted_abort(wanted, n, chain, &e, EX_OK);
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
	secret_guard();
	sig_init();
	while ((val = opt_next(argc, argv, &set, &arg, &rc)) != -1) {
		if (val == OPT_DONE)
			return rc;
		if (take_option(val, arg) != 0)
			return opt_usage(&set, "bad argument: %.80s", arg);
	}
	if (read_operands(argv + optind, &wanted, &n, &rc) != 0)
		return rc;
	rc = check_options(n);
	if (rc != 0) {
		free(wanted);
		return rc;
	}
	if (clock_init(&e) != 0) {
		free(wanted);
		return err_report(NULL, &e);
	}
	opt_check_env();
	rc = fetch(wanted, n);
	secret_wipe(&conf.fetch.key);
	free(wanted);
	return sig_end(rc);
}
