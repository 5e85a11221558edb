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
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "options.h"
#include "sig.h"
#include "watch.h"

#define WAIT_MAX_MS 1000
#define LINES_MAX 500 /* between two looks at the time */

static struct watch watch = {
    .rule = {.threshold_ms = 5000, .count = 1, .max_backoff_ms = 300000},
    .coverage_ms = 60000,
    .quiet_ms = 60000,
};

static struct conf conf = {.redis.timeout_ms = 500};

static int
start(struct err *e)
{
	watch.now = watch.look_at = clock_mono_ms();
	for (size_t i = 0; i < watch.n; i++) /* by the rule as it is now */
		silence_start(&watch.wards[i].s, &watch.rule, watch.now);
	watch.link.may_wait = !watch.by_records;
	if (watch.by_records)
		watch.coverage_ms = 0; /* it hangs on when Redis is asked */
	if (conf.closed != NULL &&
	    session_read_closed(&watch.session, conf.closed, e) == -1)
		return -1;
	return link_open(&watch.link, conf.redis.url, conf.redis.timeout_ms, e);
}

/* Up to LINES_MAX lines that are there; false: there will be no more.  *idle:
 * there are none now. */
static bool
take_lines(bool *idle)
{
	struct span line;
	struct err e;
	int r = 1;

	for (int i = 0; i < LINES_MAX && !watch.ended; i++) {
		r = in_next(&watch.in, &line, &e);
		if (r == 1) {
			watch_line(&watch, line);
		} else if (r == 2) {
			err_set(&e, EX_DATAERR, "TOO_LONG",
			    "more than %zu bytes", watch.in.max);
			watch_bad_line(&watch, &e);
		} else {
			break;
		}
	}
	if (r == -1)
		watch_fail(&watch, watch.in.name, &e);
	*idle = r == 3;
	return r > 0;
}

/* For input, for a reader, or for what is due. */
static void
wait(void)
{
	struct pollfd p[2] = {{.fd = watch.in.fd, .events = POLLIN},
	    {.fd = watch.out.fd, .events = POLLOUT}};
	int64_t ms = WAIT_MAX_MS;

	if (!watch.by_records)
		ms = watch_due(&watch) - clock_mono_ms();
	if (ms > 0)
		poll(p, out_queued(&watch.out) > 0 ? 2 : 1,
		    ms < WAIT_MAX_MS ? (int)ms : WAIT_MAX_MS);
}

/* Input first, then time: a tick that waits to be read came in time. */
static void
run(void)
{
	bool more = true, idle;

	watch.in.nowait = true;
	while (more && !sig_stop && !watch.ended && !watch.out.failed) {
		more = take_lines(&idle);
		if (watch.by_records) {
			out_flush(&watch.out);
		} else {
			watch_advance(&watch, clock_mono_ms(), clock_now_ms());
			watch_scan(&watch);
			watch_ask(&watch);
		}
		out_offer(&watch.out);
		if (sig_usr1)
			watch_show(&watch);
		sig_usr1 = 0;
		if (more && idle)
			wait();
		if (!watch.by_records)
			watch.now = clock_mono_ms();
	}
}

int
main(int argc, char *argv[])
{
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	if (clock_init(&e) == -1)
		return err_report(NULL, &e);
	status = options_read(argc, argv, &watch, &conf);
	if (status >= 0)
		return status;
	out_init(&watch.out, STDOUT_FILENO);
	if (in_open(&watch.in, "-", watch.by_records ? &watch.out : NULL, &e) ==
		-1 ||
	    start(&e) == -1) {
		watch_add_status(&watch, err_report(NULL, &e));
	} else {
		run();
		watch_end(&watch);
	}
	if (out_close(&watch.out, &e) == -1)
		watch_add_status(&watch, err_report("stdout", &e));
	if (conf.verbose)
		watch_show(&watch);
	watch_free(&watch);
	link_close(&watch.link);
	in_close(&watch.in);
	return sig_end(watch.status);
}
