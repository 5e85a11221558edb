/* SPDX-License-Identifier: ISC */
/*
 * dormancy-watch: silence becomes a request.
 *
 *	ws-tap SPX | epoch-hydrate | dormancy-watch | chain-fetch - | …
 *
 * In: hydrated, heartbeat, gap, which end here.  Out: dormant, refresh; all
 * other records pass, byte for byte.
 *
 * Redis: reads epoch:active and, for partial silence, contracts of the active
 * epochs; raises dormant_count of epoch:meta:ID, and makes an epoch dirty
 * that was silent for too long (common/lua/dormant.lua).
 *
 * Why it is right:
 *
 * The rule is a function of state, event and time (common/silence.h).  What
 * it asks for is owed until Redis took it: an absent Redis delays the full
 * recompute, but does not lose it.  The request follows the recompute, so
 * whatever becomes of the fetch, silence ended in one.
 *
 * Killed, or started again: the count is this watch's own; the stored one is
 * only raised, in one script, and repeating that changes nothing.  A new
 * watch has to hear silence itself before it forces anything.  Two watches
 * raise one count and may force twice; both epochs are right.
 *
 * Never in the way: all waiting is in one place, for input, for a reader, or
 * for the next thing that is due.  A reader that is busy is not waited for:
 * requests merge, what passes has a bound.  One answer of Redis is awaited
 * for --redis-timeout at most, and after a failure there is a pause.
 */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "opt.h"
#include "sig.h"
#include "watch.h"

#define WAIT_MAX_MS 1000
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

static struct watch watch = {
    .rule = {.threshold_ms = 5000, .count = 1, .max_backoff_ms = 300000},
    .coverage_ms = 60000,
    .quiet_ms = 60000,
};

static struct {
	const char *redis, *closed;
	int64_t timeout_ms;
	bool verbose;
} conf = {.timeout_ms = 500};

static int
read_clock(const char *arg)
{
	watch.by_records = strcmp(arg, "records") == 0;
	return watch.by_records || strcmp(arg, "monotonic") == 0 ? 0 : -1;
}

static int
read_symbol(const char *arg)
{
	struct symbol s;

	if (symbol_parse(span_str(arg), false, &s) == -1)
		return -1;
	watch_serve(&watch, s.name);
	return 0;
}

/* One option; -1 when its argument is out of form or range. */
static int
read_option(int c, const char *arg, struct err *e)
{
	struct silence_rule *rule = &watch.rule;

	switch (c) {
	case OPT_THRESHOLD:
		return opt_seconds(arg, 1, DAY_MS, &rule->threshold_ms);
	case OPT_COUNT:
		return opt_int(arg, 0, 1000, &rule->count);
	case OPT_MAX_BACKOFF:
		return opt_seconds(arg, 1, DAY_MS, &rule->max_backoff_ms);
	case OPT_SESSION:
		return session_add(&watch.session, arg, e);
	case OPT_CLOSED:
		conf.closed = arg;
		return 0;
	case OPT_CLOCK:
		return read_clock(arg);
	case OPT_SYMBOL:
		return read_symbol(arg);
	case OPT_COVERAGE:
		return opt_seconds(arg, 0, DAY_MS, &watch.coverage_ms);
	case OPT_QUIET_AFTER:
		return opt_seconds(arg, 1, DAY_MS, &watch.quiet_ms);
	case 't':
		return opt_seconds(arg, 1, 3600000, &conf.timeout_ms);
	case 'r':
		conf.redis = arg;
		return 0;
	default:
		conf.verbose = true;
		return 0;
	}
}

/* 0; else what the process ends with is in *status. */
static int
read_options(int argc, char *argv[], int *status)
{
	const char *arg;
	struct err e = {0};
	int c;

	while ((c = opt_next(argc, argv, &option_set, &arg, status)) != -1) {
		if (c == OPT_DONE)
			return -1;
		if (read_option(c, arg, &e) == 0)
			continue;
		if (e.exit == EX_CONFIG)
			*status = err_report(NULL, &e);
		else
			*status = opt_usage(
			    &option_set, "\"%s\" is out of form or range", arg);
		return -1;
	}
	return 0;
}

/* The environment stands behind the options, which are read later. */
static int
read_environment(struct err *e)
{
	const char *s = getenv("MASSIVE_EPOCH_DORMANT_THRESHOLD");
	const char *n = getenv("MASSIVE_EPOCH_DORMANT_COUNT");

	if (s != NULL && read_option(OPT_THRESHOLD, s, e) == -1)
		return err_set(e, EX_CONFIG, "THRESHOLD",
		    "MASSIVE_EPOCH_DORMANT_THRESHOLD is no time in seconds: "
		    "%.40s",
		    s);
	if (n != NULL && read_option(OPT_COUNT, n, e) == -1)
		return err_set(e, EX_CONFIG, "COUNT",
		    "MASSIVE_EPOCH_DORMANT_COUNT is no count: %.40s", n);
	return 0;
}

static int
start(struct err *e)
{
	watch.link.may_wait = !watch.by_records;
	if (watch.by_records)
		watch.coverage_ms = 0; /* it hangs on when Redis is asked */
	if (conf.closed != NULL &&
	    session_read_closed(&watch.session, conf.closed, e) == -1)
		return -1;
	return link_open(&watch.link, conf.redis, conf.timeout_ms, e);
}

/* What is held in whole lines; r is in_more's: the end, or an error. */
static void
take_lines(void)
{
	struct span line;
	struct err e;
	int r;

	while (!watch.ended && (r = in_line(&watch.in, &line)) != 0) {
		if (r == 1) {
			watch_line(&watch, line);
			continue;
		}
		err_set(&e, EX_DATAERR, "TOO_LONG", "more than %zu bytes",
		    watch.in.max);
		watch_bad_line(&watch, &e);
	}
}

static bool
more_input(void)
{
	struct err e;
	int r = in_more(&watch.in, &e);

	if (r == -1)
		watch_fail(&watch, watch.in.name, &e);
	return r == 1;
}

static void
look_around(void)
{
	out_check_reader(&watch.out);
	if (sig_usr1)
		watch_show(&watch);
	sig_usr1 = 0;
}

static void
run_records(void)
{
	while (!sig_stop && !watch.ended && !watch.out.failed && more_input()) {
		take_lines();
		look_around();
	}
}

/* Input first, then time: a tick that waits to be read came in time. */
static void
run_live(void)
{
	bool more = true;
	int64_t wait;

	while (more && !sig_stop && !watch.ended && !watch.out.failed) {
		watch_advance(&watch, clock_mono_ms(), clock_now_ms());
		watch_scan(&watch);
		watch_ask(&watch);
		out_try(&watch.out);
		look_around();
		wait = watch_due(&watch) - clock_mono_ms();
		wait = wait < 0 ? 0 : wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait;
		if ((stream_wait(&watch.in, &watch.out, wait) & STREAM_IN) == 0)
			continue;
		more = more_input();
		watch.now = clock_mono_ms();
		take_lines();
	}
}

int
main(int argc, char *argv[])
{
	struct err e;
	int status = 0;

	err_init(argv[0]);
	sig_init();
	if (clock_init(&e) == -1 || read_environment(&e) == -1)
		return err_report(NULL, &e);
	watch.now = clock_mono_ms();
	if (read_options(argc, argv, &status) == -1)
		return status;
	if (optind < argc)
		return opt_usage(
		    &option_set, "unexpected operand \"%s\"", argv[optind]);
	if (conf.closed != NULL && watch.session.n == 0)
		return opt_usage(&option_set, "--closed needs --session");
	opt_check_env();
	out_init(&watch.out, STDOUT_FILENO);
	if (in_open(&watch.in, "-", watch.by_records ? &watch.out : NULL, &e) ==
		-1 ||
	    start(&e) == -1) {
		status = err_report(NULL, &e);
	} else {
		if (watch.by_records)
			run_records();
		else
			run_live();
		watch_end(&watch);
	}
	if (out_close(&watch.out, &e) == -1)
		watch_add_status(&watch, err_report("stdout", &e));
	if (conf.verbose)
		watch_show(&watch);
	watch_free(&watch);
	link_close(&watch.link);
	in_close(&watch.in);
	return sig_end(err_worse(status, watch.status));
}
