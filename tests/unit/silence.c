/* SPDX-License-Identifier: ISC */
/*
 * silence: the rule on made-up time.  A row of a table is one step; what it
 * asks for is written as letters: C count, F force, f first request, v void.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "silence.h"

#define S INT64_C(1000)
#define A "SPX:1750000000:aaaa"
#define B "SPX:1750000010:bbbb"

static const struct silence_rule usual = {5 * S, 1, 300 * S};

enum { END, AT, TICK, EPOCH, CLOSE, OPEN };

struct row {
	int what;
	int64_t now; /* ms */
	const char *want;
	const char *epoch;
	int64_t open_ms;
};

static void
letters(unsigned r, char out[8])
{
	snprintf(out, 8, "%s%s%s%s", r & SILENCE_COUNT ? "C" : "",
	    r & SILENCE_FORCE ? "F" : "", r & SILENCE_FIRST ? "f" : "",
	    r & SILENCE_VOID ? "v" : "");
}

static unsigned
step_row(
    struct silence *s, const struct silence_rule *rule, const struct row *r)
{
	static const enum silence_kind kinds[] = {[AT] = SILENCE_TIME,
	    [TICK] = SILENCE_TICK,
	    [EPOCH] = SILENCE_EPOCH,
	    [CLOSE] = SILENCE_SESSION,
	    [OPEN] = SILENCE_SESSION};
	struct silence_event e = {
	    kinds[r->what], r->epoch, r->what == OPEN, r->open_ms};

	return silence_step(s, rule, &e, r->now);
}

/* From a watch that started at 0. */
static void
run_rows(
    const struct silence_rule *rule, const struct row *rows, struct silence *s)
{
	char got[8], where[96];

	silence_start(s, rule, 0);
	for (; rows->what != END; rows++) {
		letters(step_row(s, rule, rows), got);
		if (strcmp(got, rows->want) == 0)
			continue;
		snprintf(where, sizeof(where), "at %lld: \"%s\", not \"%s\"",
		    (long long)rows->now, got, rows->want);
		check_that(false, where, __FILE__, __LINE__);
	}
}

#define RUN(rule, ...)                                                         \
	run_rows(rule, (const struct row[]){__VA_ARGS__, {.what = END}}, &s)

/* All times up to `until` at which time alone counts, in steps of 1 ms. */
static size_t
times(struct silence *s, const struct silence_rule *rule, int64_t from,
    int64_t until, int64_t *at, unsigned *what, size_t max)
{
	const struct silence_event time = {.kind = SILENCE_TIME};
	size_t n = 0;
	unsigned r;

	for (int64_t t = from; t <= until && n < max; t++) {
		int64_t due = silence_due(s);

		r = silence_step(s, rule, &time, t);
		CHECK((r != 0) == (t >= due));
		if (r != 0) {
			what[n] = r;
			at[n++] = t;
		}
	}
	return n;
}

static void
test_counts(void)
{
	struct silence s;
	int64_t at[16];
	unsigned what[16];
	size_t n;

	test_begin("a threshold counts, a count above the limit forces");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {AT, 4999, "", 0, 0},
	    {AT, 5000, "C", 0, 0}, {AT, 5001, "", 0, 0}, {AT, 9999, "", 0, 0},
	    {AT, 10000, "CF", 0, 0}, {AT, 10001, "", 0, 0});
	CHECK_INT(s.count, 2);
	CHECK_INT(silence_ms(&s), 10001);

	test_begin("limits of 0 and 3; thresholds below a second");
	RUN(&((struct silence_rule){250, 0, 300 * S}), {EPOCH, 0, "v", A, 0},
	    {AT, 249, "", 0, 0}, {AT, 250, "CF", 0, 0});
	RUN(&((struct silence_rule){2500, 3, 300 * S}), {EPOCH, 0, "v", A, 0},
	    {AT, 2500, "C", 0, 0}, {AT, 5000, "C", 0, 0}, {AT, 7500, "C", 0, 0},
	    {AT, 9999, "", 0, 0}, {AT, 10000, "CF", 0, 0});

	test_begin("back-off: when silence has doubled, 300 s apart at most");
	RUN(&usual, {EPOCH, 0, "v", A, 0});
	n = times(&s, &usual, 0, 1300 * S, at, what, 16);
	CHECK_INT(n, 10);
	for (size_t i = 0; i < n; i++) {
		static const int64_t want[16] = {
		    5, 10, 20, 40, 80, 160, 320, 620, 920, 1220};

		CHECK_INT(at[i], want[i] * S);
		CHECK_INT(what[i],
		    i == 0 ? SILENCE_COUNT : SILENCE_COUNT | SILENCE_FORCE);
	}
}

static void
test_ticks(void)
{
	struct silence s;
	uint64_t seed = 7;

	test_begin("a tick just in time; a tick ends count and back-off");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {AT, 4999, "", 0, 0},
	    {TICK, 5000, "v", 0, 0}, {AT, 9999, "", 0, 0},
	    {AT, 10000, "C", 0, 0}, {TICK, 14999, "v", 0, 0},
	    {AT, 15000, "", 0, 0}, {AT, 19999, "C", 0, 0},
	    {AT, 24999, "CF", 0, 0}, {AT, 34999, "CF", 0, 0},
	    {TICK, 40000, "v", 0, 0}, {AT, 44999, "", 0, 0},
	    {AT, 45000, "C", 0, 0}, {AT, 50000, "CF", 0, 0});
	CHECK_INT(s.count, 2);

	test_begin("never a tick: silence since the epoch appeared");
	RUN(&usual, {EPOCH, 3000, "v", A, 0}, {AT, 7999, "", 0, 0},
	    {AT, 8000, "C", 0, 0}, {AT, 13000, "CF", 0, 0});

	test_begin("ticks nearer than a threshold: never anything");
	silence_start(&s, &usual, 0);
	for (int64_t t = 0; t < 3600 * S;) {
		const struct silence_event time = {.kind = SILENCE_TIME},
					   tick = {.kind = SILENCE_TICK},
					   look = {.kind = SILENCE_EPOCH,
					       .epoch = A};

		silence_step(&s, &usual, &look, t);
		CHECK_INT(silence_step(&s, &usual, &time, t), 0);
		silence_step(&s, &usual, &tick, t);
		CHECK_INT(s.count, 0);
		t += 1 + check_random(&seed) % 4999;
	}
}

static void
test_epochs(void)
{
	struct silence s;

	test_begin("nothing is known: nothing is asked, whatever the time");
	RUN(&usual, {AT, 3600 * S, "", 0, 0}, {TICK, 3601 * S, "v", 0, 0},
	    {AT, 7200 * S, "", 0, 0});
	CHECK(silence_due(&s) == INT64_MAX);

	test_begin("a restart of the watch forces nothing by itself");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {AT, 0, "", 0, 0},
	    {AT, 4999, "", 0, 0}, {AT, 5000, "C", 0, 0});
	CHECK_INT(s.count, 1); /* whatever count is stored */

	test_begin("no epoch: a first request at once, backing off");
	RUN(&usual, {EPOCH, 100, "v", "", 0}, {AT, 100, "f", 0, 0},
	    {AT, 20099, "", 0, 0}, {AT, 20100, "f", 0, 0},
	    {AT, 60099, "", 0, 0}, {AT, 60100, "f", 0, 0},
	    {AT, 140100, "f", 0, 0}, {AT, 300100, "f", 0, 0},
	    {AT, 600099, "", 0, 0}, {AT, 600100, "f", 0, 0},
	    {AT, 900100, "f", 0, 0}, {EPOCH, 900200, "v", A, 0},
	    {AT, 905199, "", 0, 0}, {AT, 905200, "C", 0, 0},
	    {EPOCH, 906000, "v", "", 0}, {AT, 906000, "f", 0, 0},
	    {AT, 925999, "", 0, 0}, {AT, 926000, "f", 0, 0});

	test_begin("the first request does not wait for the session");
	RUN(&usual, {CLOSE, 0, "", 0, 0}, {EPOCH, 0, "v", "", 0},
	    {AT, 0, "f", 0, 0});

	test_begin("another epoch: silence anew, the count of it, too");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {AT, 5000, "C", 0, 0},
	    {EPOCH, 6000, "", A, 0}, {EPOCH, 9000, "v", B, 0},
	    {AT, 13999, "", 0, 0}, {AT, 14000, "C", 0, 0},
	    {AT, 19000, "CF", 0, 0});

	test_begin("a forced epoch: the back-off goes on from its birth");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {AT, 5000, "C", 0, 0},
	    {AT, 10000, "CF", 0, 0}, {EPOCH, 11000, "v", B, 0},
	    {AT, 30999, "", 0, 0}, {AT, 31000, "CF", 0, 0},
	    {EPOCH, 32000, "v", A, 0}, {AT, 71999, "", 0, 0},
	    {AT, 72000, "CF", 0, 0});
	CHECK_INT(s.count, 4);
}

static void
test_sessions(void)
{
	struct silence s;

	test_begin("outside the session nothing counts; it opens anew");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {AT, 5000, "C", 0, 0},
	    {CLOSE, 9999, "", 0, 0}, {AT, 10000, "", 0, 0},
	    {AT, 3600 * S, "", 0, 0}, {CLOSE, 3600 * S, "", 0, 0},
	    {OPEN, 3601 * S, "", 0, 400}, {AT, 3601 * S, "", 0, 0},
	    {AT, 3605599, "", 0, 0}, {AT, 3605600, "C", 0, 0},
	    {AT, 3610600, "CF", 0, 0});
	CHECK_INT(s.count, 2);

	test_begin("a back-off of yesterday is none today");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {AT, 5000, "C", 0, 0},
	    {AT, 10000, "CF", 0, 0}, {CLOSE, 11000, "", 0, 0},
	    {OPEN, 20000, "", 0, 0}, {AT, 24999, "", 0, 0},
	    {AT, 25000, "C", 0, 0}, {AT, 30000, "CF", 0, 0});

	test_begin("asleep from session to session: it opened in between");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {OPEN, 0, "", 0, 3600 * S},
	    {OPEN, 64800 * S, "", 0, 2000}, {AT, 64800 * S, "", 0, 0},
	    {AT, 64803 * S, "C", 0, 0});

	test_begin("a tick after the opening counts, not the opening");
	RUN(&usual, {CLOSE, 0, "", 0, 0}, {EPOCH, 0, "v", A, 0},
	    {TICK, 9000, "v", 0, 0}, {OPEN, 10000, "", 0, 3000},
	    {AT, 13999, "", 0, 0}, {AT, 14000, "C", 0, 0});
}

static void
test_clocks(void)
{
	struct silence s;
	struct silence_clock c = {0};
	int64_t absurd;

	test_begin("T7: a jump of the clock is one count, not many");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {AT, 100 * S, "C", 0, 0},
	    {AT, 100 * S, "", 0, 0}, {AT, 104999, "", 0, 0},
	    {AT, 105000, "CF", 0, 0}, {AT, 9000 * S, "CF", 0, 0},
	    {AT, 9000 * S, "", 0, 0});
	CHECK_INT(s.count, 3);

	test_begin("a step that is a little late keeps the rhythm");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {AT, 9999, "C", 0, 0},
	    {AT, 10000, "CF", 0, 0});

	test_begin("T1: the wall clock set back or forward changes nothing");
	RUN(&usual, {EPOCH, 0, "v", A, 0}, {OPEN, 1000, "", 0, 7200 * S},
	    {OPEN, 2000, "", 0, 3600 * S}, {OPEN, 3000, "", 0, 90000 * S},
	    {OPEN, 4000, "", 0, 5400 * S}, {AT, 4999, "", 0, 0},
	    {AT, 5000, "C", 0, 0}, {AT, 10000, "CF", 0, 0});

	test_begin("time never goes back");
	RUN(&usual, {EPOCH, 9000, "v", A, 0}, {AT, 1000, "", 0, 0},
	    {TICK, 500, "v", 0, 0}, {AT, 13999, "", 0, 0},
	    {AT, 14000, "C", 0, 0});

	test_begin("records: late ones are now, an older past starts anew");
	CHECK_INT(silence_clock(&c, 100 * S), 100 * S);
	CHECK_INT(silence_clock(&c, 101 * S), 101 * S);
	CHECK_INT(silence_clock(&c, 99 * S), 101 * S);
	CHECK_INT(silence_clock(&c, 41 * S), 101 * S);
	CHECK_INT(c.jumps, 0);
	CHECK_INT(silence_clock(&c, 40999), 101 * S);
	CHECK_INT(c.jumps, 1);
	CHECK_INT(silence_clock(&c, 41999), 102 * S);
	CHECK_INT(silence_clock(&c, INT64_C(253402300799999)),
	    INT64_C(253402300799999) - 40999 + 101 * S);
	absurd = c.now;
	CHECK_INT(silence_clock(&c, 42 * S), absurd);
	CHECK_INT(silence_clock(&c, 43 * S), absurd + S);
	CHECK_INT(c.jumps, 2);
}

/* Whatever happens, silence while a session is open ends in a force, and
 * what is due by time lies in the future after each step. */
static void
test_property(void)
{
	struct silence_rule rule = usual;
	struct silence s;
	uint64_t seed = 11;
	int64_t t, quiet;
	bool forced;

	test_begin("in session, silence beyond the limit is always forced");
	for (int round = 0; round < 2000; round++) {
		rule.threshold_ms = 1 + check_random(&seed) % 9000;
		rule.count = check_random(&seed) % 4;
		rule.max_backoff_ms = 1 + check_random(&seed) % 400000;
		silence_start(&s, &rule, 0);
		t = 0;
		for (int i = 0; i < 60; i++) {
			struct row r = {1 + (int)(check_random(&seed) % 5), t,
			    "", check_random(&seed) % 2 ? A : B,
			    check_random(&seed) % 100000};

			step_row(&s, &rule, &r);
			if (r.what == AT)
				CHECK(silence_due(&s) > t);
			t += check_random(&seed) % 4000;
		}
		step_row(&s, &rule, &(struct row){EPOCH, t, "", A, 0});
		step_row(&s, &rule, &(struct row){OPEN, t, "", 0, t});
		quiet = rule.threshold_ms * (rule.count + 1);
		if (s.reach > 0) /* backing off: sooner than the cap */
			quiet = rule.max_backoff_ms;
		forced = false;
		for (int64_t end = t + quiet; t <= end && !forced;) {
			unsigned r;

			t = silence_due(&s) > t ? silence_due(&s) : t;
			r = step_row(&s, &rule, &(struct row){AT, t, "", 0, 0});
			forced = (r & SILENCE_FORCE) != 0 && t <= end;
		}
		CHECK(forced);
	}
}

int
main(void)
{
	test_counts();
	test_ticks();
	test_epochs();
	test_sessions();
	test_clocks();
	test_property();
	return test_done();
}
