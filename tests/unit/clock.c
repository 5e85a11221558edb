/* SPDX-License-Identifier: ISC */
/* clock: calendar and zones. */
#include <stdlib.h>

#include "check.h"
#include "clock.h"

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)

static int64_t
utc(const char *text)
{
	int64_t ms = -1;

	return clock_parse_utc(span_str(text), &ms) == 0 ? ms : -1;
}

static int64_t
ny(const char *text)
{
	int64_t ms = -1;

	return clock_parse_ny(span_str(text), &ms) == 0 ? ms : -1;
}

static void
test_calendar(void)
{
	static const int month_days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t want = 0, ms;
	char text[48], back[20], date[DATE_TEXT];
	int y, m, d, last;

	test_begin("every day from 1970 to 2099 follows the one before");
	for (y = 1970; y <= 2099; y++) {
		for (m = 1; m <= 12; m++) {
			last = month_days[m - 1] +
			       (m == 2 && y % 4 == 0 &&
				   (y % 100 != 0 || y % 400 == 0));
			for (d = 1; d <= 31; d++) {
				snprintf(text, sizeof(text),
				    "%04d-%02d-%02d 12:34:56", y, m, d);
				ms = utc(text);
				CHECK(clock_date_valid((struct span){
					  text, 10}) == (d <= last));
				if (d > last) {
					CHECK_INT(ms, -1);
					continue;
				}
				CHECK_INT(ms, want + 45296000);
				clock_utc_text(ms, back);
				CHECK_STR(back, text);
				clock_ny_date(ms, 0, date);
				text[10] = '\0';
				CHECK_STR(date, text);
				want += DAY_MS;
			}
		}
	}
}

static void
test_bad_times(void)
{
	static const char *const bad[] = {"2026-02-30 00:00:00",
	    "0000-00-00 00:00:00", "2026-13-01 00:00:00", "2026-00-01 00:00:00",
	    "2026-01-00 00:00:00", "1969-12-31 23:59:59", "2100-01-01 00:00:00",
	    "2026-01-01 24:00:00", "2026-01-01 00:60:00", "2026-01-01 00:00:60",
	    "2026-01-01 0:00:000", "2026-01-01T00:00:00Z", "2026-01-01", "",
	    "2026/01/01 00:00:00", "2026-01-01 00-00-00", "2026-01-01x00:00:00",
	    "+026-01-01 00:00:00", "2026- 1-01 00:00:00"};
	size_t i;

	test_begin("what is no time is refused");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(utc(bad[i]), -1);
		CHECK_INT(ny(bad[i]), -1);
	}
	CHECK(!clock_date_valid(SPAN_LIT("20260117")));
	CHECK(!clock_date_valid(SPAN_LIT("9999-01-01")));
	CHECK(!clock_date_valid(SPAN_NONE));
	CHECK_INT(utc("2026-01-01T00:00:00"), utc("2026-01-01 00:00:00"));
}

static void
test_new_york(void)
{
	test_begin("New York is 5 or 4 hours behind, by the date");
	CHECK_INT(ny("2026-07-24 16:15:00"), utc("2026-07-24 20:15:00"));
	CHECK_INT(ny("2026-01-15T16:15:00"), utc("2026-01-15 21:15:00"));
	CHECK_INT(ny("2026-03-08 01:59:59"), utc("2026-03-08 06:59:59"));
	CHECK_INT(ny("2026-03-08 03:00:00"), utc("2026-03-08 07:00:00"));
	CHECK_INT(ny("2026-11-01 00:59:59"), utc("2026-11-01 04:59:59"));
	CHECK_INT(ny("2026-11-01 02:00:00"), utc("2026-11-01 07:00:00"));

	test_begin("the hour that is missing and the one that comes twice");
	CHECK_INT(ny("2026-03-08 02:30:00"), utc("2026-03-08 07:30:00"));
	CHECK_INT(ny("2026-11-01 01:30:00"), utc("2026-11-01 05:30:00"));
}

/* The rule by arithmetic, not by the C library: second Sunday of March and
 * first of November, at 02:00. */
static bool
is_summer(int64_t naive_ms, int y)
{
	char text[48];
	int64_t from, to;
	int d;

	for (d = 8;; d++) {
		snprintf(text, sizeof(text), "%04d-03-%02d 02:00:00", y, d);
		from = utc(text);
		if ((from / DAY_MS + 4) % 7 == 0)
			break;
	}
	for (d = 1;; d++) {
		snprintf(text, sizeof(text), "%04d-11-%02d 02:00:00", y, d);
		to = utc(text);
		if ((to / DAY_MS + 4) % 7 == 0)
			break;
	}
	return naive_ms >= from + HOUR_MS && naive_ms < to;
}

static void
test_every_hour(void)
{
	int64_t naive, ms;
	char text[20];
	int y;

	test_begin("every half hour of ten years, forwards, agrees");
	for (naive = utc("2021-01-01 00:30:00");
	     naive < utc("2031-01-01 00:00:00"); naive += HOUR_MS / 2) {
		clock_utc_text(naive, text);
		y = atoi(text);
		CHECK_INT(
		    ny(text), naive + (is_summer(naive, y) ? 4 : 5) * HOUR_MS);
	}

	test_begin("and in any order: no memory of what was asked before");
	for (int i = 0; i < 20000; i++) {
		static uint64_t seed = 7;

		naive = utc("2015-01-01 00:00:00") +
			(int64_t)(check_random(&seed) % (20 * 366 * 48)) *
			    (HOUR_MS / 2);
		clock_utc_text(naive, text);
		ms = ny(text);
		CHECK_INT(ms,
		    naive + (is_summer(naive, atoi(text)) ? 4 : 5) * HOUR_MS);
	}
}

static void
test_ny_date(void)
{
	char date[DATE_TEXT];

	test_begin("the New York date turns at its own midnight");
	clock_ny_date(utc("2026-07-24 03:59:59"), 0, date);
	CHECK_STR(date, "2026-07-23");
	clock_ny_date(utc("2026-07-24 04:00:00"), 0, date);
	CHECK_STR(date, "2026-07-24");
	clock_ny_date(utc("2026-01-01 04:59:59"), 0, date);
	CHECK_STR(date, "2025-12-31");
	clock_ny_date(utc("2026-07-24 12:00:00"), 30, date);
	CHECK_STR(date, "2026-08-23");
	clock_ny_date(utc("2026-03-01 12:00:00"), -1, date);
	CHECK_STR(date, "2026-02-28");

	test_begin("instants out of all range do no harm");
	clock_ny_date(INT64_MAX, 400, date);
	CHECK_INT(strlen(date), 10);
	clock_ny_date(INT64_MIN, -400, date);
	CHECK_STR(date, "1970-01-01");
}

static void
test_operands(void)
{
	static const char *const bad[] = {"", "now", "-1", "2026-07-24",
	    "2026-07-24T10:00:00", "2026-07-24T10:00:00+5",
	    "2026-07-24T10:00:00.Z", "2026-07-24T10:00:00z",
	    "2026-07-24T10:00:00+24:00", "1970-01-01T00:00:00+01:00",
	    "253402300800000"};
	int64_t ms, want = utc("2026-07-24 10:00:00");
	size_t i;

	test_begin("a time operand is ms or ISO-8601 with its zone");
	CHECK(clock_parse_operand("1784934000123", &ms) == 0 &&
	      ms == INT64_C(1784934000123));
	CHECK(clock_parse_operand("2026-07-24T10:00:00Z", &ms) == 0 &&
	      ms == want);
	CHECK(clock_parse_operand("2026-07-24T06:00:00.250-04:00", &ms) == 0 &&
	      ms == want + 250);
	CHECK(clock_parse_operand("2026-07-24T15:30:00+05:30", &ms) == 0 &&
	      ms == want);
	CHECK(clock_parse_operand("2026-07-24T10:00:00.9999Z", &ms) == 0 &&
	      ms == want + 999);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(clock_parse_operand(bad[i], &ms), -1);
}

static void
test_frozen(void)
{
	struct err e;
	int64_t a, b;

	test_begin("EPOCH_NOW_MS freezes the wall clock only");
	unsetenv("EPOCH_NOW_MS");
	CHECK(clock_init(&e) == 0 && !clock_is_frozen());
	CHECK(clock_now_ms() > utc("2020-01-01 00:00:00"));
	setenv("EPOCH_NOW_MS", "4102444800000", 1);
	CHECK(clock_init(&e) == 0 && clock_is_frozen());
	CHECK_INT(clock_now_ms(), INT64_C(4102444800000));
	a = clock_mono_ms();
	clock_sleep_ms(2);
	b = clock_mono_ms();
	CHECK(b > a && b < a + 60000);
	setenv("EPOCH_NOW_MS", "yesterday", 1);
	CHECK(clock_init(&e) == -1 && e.exit == EX_CONFIG);
}

static void
test_beats(void)
{
	const int64_t start = 1000007, every = 20000;
	int64_t beat, next, now;

	test_begin("beats are the start's, the next is later than now");
	for (int64_t late = -every; late <= 3 * every; late += 13) {
		beat = start + 5 * every;
		now = beat + late;
		next = clock_next_beat(beat, every, now);
		CHECK((next - start) % every == 0);
		CHECK(next > now && next > beat);
		CHECK(next - every <= now || next - every == beat);
	}
	test_begin("one that is due now has been missed, or would come twice");
	CHECK_INT(clock_next_beat(0, 10, 9), 10);
	CHECK_INT(clock_next_beat(0, 10, 10), 20);
	CHECK_INT(clock_next_beat(0, 10, 39), 40);
	CHECK_INT(clock_next_beat(0, 10, 40), 50);
}

int
main(void)
{
	setenv("TZ", "Asia/Kolkata", 1); /* must not matter */
	test_calendar();
	test_bad_times();
	test_new_york();
	test_every_hour();
	test_ny_date();
	test_operands();
	test_frozen();
	test_beats();
	return test_done();
}
