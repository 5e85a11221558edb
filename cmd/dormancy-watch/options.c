/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>

#include "opt.h"

#define DAY_MS 86400000

enum {
	OPT_THRESHOLD = 256,
	OPT_COUNT,
	OPT_MAX_BACKOFF,
	OPT_SESSION,
	OPT_CLOSED,
	OPT_CLOCK,
	OPT_SYMBOL,
	OPT_COVERAGE,
	OPT_QUIET_AFTER
};

static const struct opt options[] = {
    {OPT_THRESHOLD, "threshold", "S", "silence that counts one (5)"},
    {OPT_COUNT, "count", "N", "a count above it forces an epoch (1)"},
    {OPT_MAX_BACKOFF, "max-backoff", "S", "longest wait in between (300)"},
    {OPT_SESSION, "session", "HOURS",
	"HH:MM-HH:MM@Zone, only then; again: more"},
    {OPT_CLOSED, "closed", "FILE", "holidays and half days of the sessions"},
    {OPT_CLOCK, "clock", "WHICH", "monotonic, or records: of a replay"},
    {OPT_SYMBOL, "symbol", "SYMBOL", "watch it without a tap; again: more"},
    {OPT_COVERAGE, "coverage", "S", "look for partial silence so often (60)"},
    {OPT_QUIET_AFTER, "quiet-after", "S", "a contract without a tick (60)"},
    {'r', "redis", "URL", "address of Redis (default $REDIS_URL)"},
    {'t', "redis-timeout", "S", "longest wait for one answer (0.5)"},
    {'v', "verbose", NULL, "counters on stderr at the end"},
    OPT_COMMON,
    {0},
};

static const struct opt_set option_set = {
    .table = options,
    .operands = "",
    .summary = "Ask for a snapshot, and a recompute, when ticks fall silent.",
    .versions = "hiredis " HIREDIS_PKG ", jansson " JANSSON_PKG,
};

static int
read_clock(struct watch *w, const char *arg)
{
	w->by_records = strcmp(arg, "records") == 0;
	return w->by_records || strcmp(arg, "monotonic") == 0 ? 0 : -1;
}

static int
read_symbol(struct watch *w, const char *arg)
{
	struct symbol s;

	if (symbol_parse(span_str(arg), false, &s) == -1)
		return -1;
	watch_serve(w, s.name);
	return 0;
}

/* One option; -1 when its argument is out of form or range. */
static int
read_option(
    struct watch *w, struct conf *conf, int c, const char *arg, struct err *e)
{
	struct silence_rule *rule = &w->rule;

	switch (c) {
	case OPT_THRESHOLD:
		return opt_seconds(arg, 1, DAY_MS, &rule->threshold_ms);
	case OPT_COUNT:
		return opt_int(arg, 0, 1000, &rule->count);
	case OPT_MAX_BACKOFF:
		return opt_seconds(arg, 1, DAY_MS, &rule->max_backoff_ms);
	case OPT_SESSION:
		return session_add(&w->session, arg, e);
	case OPT_CLOSED:
		conf->closed = arg;
		return 0;
	case OPT_CLOCK:
		return read_clock(w, arg);
	case OPT_SYMBOL:
		return read_symbol(w, arg);
	case OPT_COVERAGE:
		return opt_seconds(arg, 0, DAY_MS, &w->coverage_ms);
	case OPT_QUIET_AFTER:
		return opt_seconds(arg, 1, DAY_MS, &w->quiet_ms);
	case 't':
		return opt_seconds(arg, 1, 3600000, &conf->timeout_ms);
	case 'r':
		conf->redis = arg;
		return 0;
	default:
		conf->verbose = true;
		return 0;
	}
}

/* The environment stands behind the options, which are read later. */
static int
read_environment(struct watch *w, struct err *e)
{
	const char *s = getenv("MASSIVE_EPOCH_DORMANT_THRESHOLD");
	const char *n = getenv("MASSIVE_EPOCH_DORMANT_COUNT");

	if (s != NULL && read_option(w, NULL, OPT_THRESHOLD, s, e) == -1)
		return err_set(e, EX_CONFIG, "THRESHOLD",
		    "MASSIVE_EPOCH_DORMANT_THRESHOLD is no time in seconds: "
		    "%.40s",
		    s);
	if (n != NULL && read_option(w, NULL, OPT_COUNT, n, e) == -1)
		return err_set(e, EX_CONFIG, "COUNT",
		    "MASSIVE_EPOCH_DORMANT_COUNT is no count: %.40s", n);
	return 0;
}

int
options_read(
    int argc, char *argv[], struct watch *w, struct conf *conf, int *status)
{
	struct err e = {0};
	const char *arg;
	int c;

	if (read_environment(w, &e) == -1) {
		*status = err_report(NULL, &e);
		return -1;
	}
	while ((c = opt_next(argc, argv, &option_set, &arg, status)) != -1) {
		if (c == OPT_DONE)
			return -1;
		if (read_option(w, conf, c, arg, &e) == 0)
			continue;
		*status = e.exit == EX_CONFIG
			      ? err_report(NULL, &e)
			      : opt_usage(&option_set,
				    "\"%s\" is out of form or range", arg);
		return -1;
	}
	*status = 0;
	if (optind < argc)
		*status = opt_usage(
		    &option_set, "unexpected operand \"%s\"", argv[optind]);
	else if (conf->closed != NULL && w->session.n == 0)
		*status = opt_usage(&option_set, "--closed needs --session");
	opt_check_env();
	return *status == 0 ? 0 : -1;
}
