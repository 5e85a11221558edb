/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <stdlib.h>

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
    OPT_REDIS_OF("0.5"),
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

static int
read_session(struct watch *w, const char *arg)
{
	struct err e;

	if (session_add(&w->session, arg, &e) == 0)
		return 0;
	return e.exit == EX_CONFIG ? err_report(NULL, &e) : -1;
}

/* What an option changes. */
struct setting {
	struct watch *watch;
	struct conf *conf;
};

static int
take_option(int val, const char *arg, void *ctx)
{
	struct watch *w = ((struct setting *)ctx)->watch;
	struct conf *conf = ((struct setting *)ctx)->conf;

	switch (val) {
	case OPT_THRESHOLD:
		return opt_seconds(arg, 1, DAY_MS, &w->rule.threshold_ms);
	case OPT_COUNT:
		return opt_int(arg, 0, 1000, &w->rule.count);
	case OPT_MAX_BACKOFF:
		return opt_seconds(arg, 1, DAY_MS, &w->rule.max_backoff_ms);
	case OPT_SESSION:
		return read_session(w, arg);
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
	case 'v':
		conf->verbose = true;
		return 0;
	default:
		return opt_redis(&conf->redis, val, arg);
	}
}

/* A number that the environment gives, if any; 0 or a status. */
static int
read_variable(const char *name, int val, struct setting *to)
{
	const char *text = getenv(name);

	if (text == NULL || take_option(val, text, to) == 0)
		return 0;
	return err_fail(NULL, EX_CONFIG,
	    val == OPT_COUNT ? "COUNT" : "THRESHOLD", "%s is no %s: %.40s",
	    name, val == OPT_COUNT ? "count" : "time in seconds", text);
}

int
options_read(int argc, char *argv[], struct watch *w, struct conf *conf)
{
	struct setting to = {w, conf};
	int status;

	/* What the options say goes before the environment. */
	status = read_variable(
	    "MASSIVE_EPOCH_DORMANT_THRESHOLD", OPT_THRESHOLD, &to);
	if (status == 0)
		status = read_variable(
		    "MASSIVE_EPOCH_DORMANT_COUNT", OPT_COUNT, &to);
	if (status == 0)
		status = opt_read(argc, argv, &option_set, take_option, &to);
	if (status < 0 && conf->closed != NULL && w->session.n == 0)
		return opt_usage(&option_set, "--closed needs --session");
	return status;
}
