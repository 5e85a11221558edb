/* SPDX-License-Identifier: ISC */
/*
 * session: hours, nights, weekends, holidays, half days, and the days on
 * which the clocks change, each against instants in UTC.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "session.h"

#define MINUTE INT64_C(60000)
#define NY "@America/New_York"

static int64_t
utc(const char *text)
{
	int64_t ms = -1;

	CHECK(clock_parse_operand(text, &ms) == 0);
	return ms;
}

static void
add(struct session *s, const char *hours)
{
	struct err e = {.text = ""};

	if (!CHECK_INT(session_add(s, hours, &e), 0))
		printf("# %s\n", e.text);
}

static void
closed(struct session *s, const char *text, const char *code)
{
	char path[] = "/tmp/epoch-session-XXXXXX";
	int fd = mkstemp(path);
	struct err e = {.code = ""};

	CHECK(
	    fd != -1 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	CHECK_INT(session_read_closed(s, path, &e), code == NULL ? 0 : -1);
	if (code != NULL)
		CHECK_STR(e.code, code);
	unlink(path);
}

/* Open from one instant to before the other, closed around it; asked in an
 * order in which no answer helps the next. */
static void
open_between(struct session *s, const char *from, const char *until)
{
	int64_t a = utc(from), b = utc(until), for_ms;

	CHECK(!session_is_open(s, b, &for_ms));
	CHECK(session_is_open(s, a, &for_ms));
	CHECK_INT(for_ms, 0);
	CHECK(!session_is_open(s, a - 1, &for_ms));
	CHECK(session_is_open(s, b - 1, &for_ms));
	CHECK_INT(for_ms, b - 1 - a);
}

static void
closed_between(struct session *s, const char *from, const char *until)
{
	int64_t for_ms;

	for (int64_t t = utc(from); t < utc(until); t += 17 * MINUTE)
		if (!CHECK(!session_is_open(s, t, &for_ms)))
			break;
}

static void
test_days(void)
{
	struct session s = {0};
	int64_t for_ms;

	test_begin("without hours it is always open");
	CHECK(session_is_open(&s, 0, &for_ms));
	CHECK(session_is_open(&s, utc("2026-07-25T12:00:00Z"), &for_ms));

	test_begin("a day, summer and winter; Saturday and Sunday are closed");
	add(&s, "09:30-16:15" NY);
	open_between(&s, "2026-07-24T13:30:00Z", "2026-07-24T20:15:00Z");
	open_between(&s, "2026-01-08T14:30:00Z", "2026-01-08T21:15:00Z");
	closed_between(&s, "2026-07-24T20:15:00Z", "2026-07-27T13:30:00Z");
	open_between(&s, "2026-07-27T13:30:00Z", "2026-07-27T20:15:00Z");

	test_begin("the Fridays and Mondays around a change of the clocks");
	open_between(&s, "2026-03-06T14:30:00Z", "2026-03-06T21:15:00Z");
	open_between(&s, "2026-03-09T13:30:00Z", "2026-03-09T20:15:00Z");
	open_between(&s, "2026-10-30T13:30:00Z", "2026-10-30T20:15:00Z");
	open_between(&s, "2026-11-02T14:30:00Z", "2026-11-02T21:15:00Z");
	session_free(&s);

	test_begin("holidays and half days, comments and empty lines");
	add(&s, "09:30-16:15" NY);
	closed(&s,
	    "# 2026\n\n2026-11-26 # Thanksgiving\n2026-11-27 13:15\t\n"
	    "2026-12-24 09:30\n2026-12-23 23:00\n",
	    NULL);
	closed_between(&s, "2026-11-25T21:15:00Z", "2026-11-27T14:30:00Z");
	open_between(&s, "2026-11-27T14:30:00Z", "2026-11-27T18:15:00Z");
	closed_between(&s, "2026-12-23T21:15:00Z", "2026-12-25T14:30:00Z");
	open_between(&s, "2026-12-23T14:30:00Z", "2026-12-23T21:15:00Z");
	open_between(&s, "2026-12-25T14:30:00Z", "2026-12-25T21:15:00Z");
	session_free(&s);

	test_begin("00:00-24:00 is from Monday to Friday, without a seam");
	add(&s, "00:00-24:00@UTC");
	open_between(&s, "2026-07-20T00:00:00Z", "2026-07-25T00:00:00Z");
	session_free(&s);
}

static void
test_nights(void)
{
	struct session s = {0};

	test_begin("a night belongs to the day on which it ends");
	add(&s, "20:15-09:15" NY);
	open_between(&s, "2026-07-20T00:15:00Z", "2026-07-20T13:15:00Z");
	open_between(&s, "2026-07-24T00:15:00Z", "2026-07-24T13:15:00Z");
	closed_between(&s, "2026-07-24T13:15:00Z", "2026-07-27T00:15:00Z");

	test_begin("a night in which the clocks change");
	session_free(&s);
	add(&s, "23:00-05:00@Africa/Cairo"); /* on Fridays, at 00:00 */
	open_between(&s, "2026-04-23T21:00:00Z", "2026-04-24T02:00:00Z");
	session_free(&s);

	test_begin("a holiday takes its night, a half day cuts what it cuts");
	add(&s, "20:15-09:15" NY);
	closed(&s, "2026-09-07\n2026-11-27 13:15\n2026-12-24 08:00\n", NULL);
	closed_between(&s, "2026-09-04T13:15:00Z", "2026-09-08T00:15:00Z");
	open_between(&s, "2026-09-08T00:15:00Z", "2026-09-08T13:15:00Z");
	open_between(&s, "2026-11-27T01:15:00Z", "2026-11-27T14:15:00Z");
	open_between(&s, "2026-12-24T01:15:00Z", "2026-12-24T13:00:00Z");
	session_free(&s);

	test_begin("several sessions add up, and join where they touch");
	add(&s, "20:15-09:15" NY);
	add(&s, "09:30-16:15" NY);
	add(&s, "16:15-17:00" NY);
	open_between(&s, "2026-07-24T13:30:00Z", "2026-07-24T21:00:00Z");
	open_between(&s, "2026-07-24T00:15:00Z", "2026-07-24T13:15:00Z");
	session_free(&s);
}

static void
test_changes(void)
{
	struct session s = {0};
	char zone[24];

	test_begin("a time that never comes is later, one of two the first");
	/* Amman left out 00:00 to 01:00 on Friday 2022-02-25, and had the
	 * hour before 01:00 twice on Friday 2021-10-29. */
	add(&s, "00:30-06:00@Asia/Amman");
	open_between(&s, "2022-02-24T22:30:00Z", "2022-02-25T03:00:00Z");
	open_between(&s, "2021-10-28T21:30:00Z", "2021-10-29T04:00:00Z");
	session_free(&s);

	test_begin("the process's zone and TZ change nothing, nor are changed");
	setenv("TZ", "Asia/Kolkata", 1);
	add(&s, "09:30-16:15" NY);
	open_between(&s, "2026-07-24T13:30:00Z", "2026-07-24T20:15:00Z");
	clock_ny_date(utc("2026-07-24T03:59:59Z"), 0, zone);
	CHECK_STR(zone, "2026-07-23");
	session_free(&s);
}

static void
test_refused(void)
{
	static const char *const bad[] = {"", "09:30", "09:30-16:15",
	    "09:30-16:15@", "9:30-16:15" NY, "09:60-16:15" NY, "24:00-09:00" NY,
	    "09:30-24:01" NY, "09:30_16:15" NY, "09:30-16:15 America/New_York",
	    "09:30-16:15@/etc/passwd", "09:30-16:15@../x",
	    "09:30-16:15@America/New York"};
	struct session s = {0};
	struct err e;

	test_begin("what is no session: 64; a zone that is not there: 78");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK_INT(session_add(&s, bad[i], &e), -1);
		CHECK_INT(e.exit, 64);
	}
	CHECK_INT(session_add(&s, "09:30-16:15@Atlantis/Capital", &e), -1);
	CHECK_INT(e.exit, 78);
	CHECK_INT(session_add(&s, "09:30-16:15@America", &e), -1);
	CHECK_INT(e.exit, 78);
	for (int i = 0; i < SESSION_HOURS_MAX; i++)
		add(&s, "09:30-16:15" NY);
	CHECK_INT(session_add(&s, "09:30-16:15" NY, &e), -1);
	session_free(&s);

	test_begin("what is no line of closed days: 78; no file: 66");
	closed(&s, "2026-02-30\n", "BAD_LINE");
	closed(&s, "2026-11-27 13:15:00\n", "BAD_LINE");
	closed(&s, "2026-11-27T13:15\n", "BAD_LINE");
	closed(&s, "2026-11-27 25:00\n", "BAD_LINE");
	closed(&s, "tomorrow\n", "BAD_LINE");
	closed(&s, "2026-11-27\n2026-12-25", "BAD_LINE"); /* no newline */
	CHECK_INT(session_read_closed(&s, "/nowhere/at/all", &e), -1);
	CHECK_INT(e.exit, 66);
	session_free(&s);
}

int
main(void)
{
	test_days();
	test_nights();
	test_changes();
	test_refused();
	return test_done();
}
