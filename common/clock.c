/* SPDX-License-Identifier: ISC */
/* clock: see clock.h. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"

#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define DAY_S 86400
#define EDT_S (4 * 3600)
#define EST_S (5 * 3600)
#define TIME_MAX_MS INT64_C(253402300799999) /* the end of year 9999 */

#ifdef CLOCK_BOOTTIME /* counts a suspended machine's time too */
#define CLOCK_INTERVAL CLOCK_BOOTTIME
#else
#define CLOCK_INTERVAL CLOCK_MONOTONIC
#endif

static bool frozen;
static int64_t frozen_ms;

static void
use_zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

/* Readers of New York time may run before (unit tests: without) clock_init. */
static void
set_zone(void)
{
	static bool done;

	if (done)
		return;
	use_zone(NEW_YORK);
	done = true;
}

int
clock_init(struct err *e)
{
	const char *text = getenv("EPOCH_NOW_MS");

	set_zone();
	frozen = false;
	if (text == NULL || text[0] == '\0')
		return 0;
	if (span_int(span_str(text), &frozen_ms) == -1 ||
	    frozen_ms > TIME_MAX_MS)
		return err_set(e, EX_CONFIG, "BAD_TIME",
		    "EPOCH_NOW_MS is not a time in ms: %.40s", text);
	frozen = true;
	return 0;
}

static int64_t
read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t); /* cannot fail for the ids used here */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_now_ms(void)
{
	return frozen ? frozen_ms : read_clock(CLOCK_REALTIME);
}

bool
clock_is_frozen(void)
{
	return frozen;
}

int64_t
clock_mono_ms(void)
{
	return read_clock(CLOCK_INTERVAL);
}

void
clock_sleep_ms(int64_t ms)
{
	struct timespec t;

	if (ms <= 0)
		return;
	t.tv_sec = (time_t)(ms / 1000);
	t.tv_nsec = (long)(ms % 1000) * 1000000;
	nanosleep(&t, NULL);
}

int64_t
clock_next_beat(int64_t last, int64_t every, int64_t now)
{
	return last + ((now > last ? now - last : 0) / every + 1) * every;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back.  Years
 * are taken to begin in March, which puts the leap day last. */
static int64_t
days_of_date(int y, int m, int d)
{
	int64_t years = m > 2 ? y : y - 1;
	int64_t in_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return years * 365 + years / 4 - years / 100 + years / 400 + in_year -
	       719468;
}

/* For days from 0000-03-01 on. */
static void
date_of_days(int64_t days, int *y, int *m, int *d)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097, in_era = z % 146097;
	int64_t year =
	    (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153;

	*d = (int)(in_year - (153 * month + 2) / 5 + 1);
	*m = (int)(month < 10 ? month + 3 : month - 9);
	*y = (int)(year + era * 400 + (*m <= 2));
}

/* n digits at p; -1 when they are not. */
static int
digits(const char *p, int n)
{
	int v = 0;

	for (; n > 0; n--, p++) {
		if (*p < '0' || *p > '9')
			return -1;
		v = v * 10 + (*p - '0');
	}
	return v;
}

int
clock_month_days(int year, int month)
{
	static const unsigned char days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month < 1 || month > 12)
		return 0;
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* "YYYY-MM-DD" at p (10 bytes) to days since 1970; -1 when no such date. */
static int64_t
parse_date(const char *p)
{
	int y = digits(p, 4), m = digits(p + 5, 2), d = digits(p + 8, 2);

	if (p[4] != '-' || p[7] != '-' || y < 1970 || y > 2099 || d < 1 ||
	    d > clock_month_days(y, m))
		return -1;
	return days_of_date(y, m, d);
}

/* "HH:MM:SS" at p (8 bytes) to seconds; -1. */
static int
parse_time(const char *p)
{
	int h = digits(p, 2), m = digits(p + 3, 2), s = digits(p + 6, 2);

	if (p[2] != ':' || p[5] != ':' || h < 0 || h > 23 || m < 0 || m > 59 ||
	    s < 0 || s > 59)
		return -1;
	return h * 3600 + m * 60 + s;
}

/* Date and time without a zone, as seconds since 1970-01-01 of that zone. */
static int
parse_naive(struct span text, int64_t *seconds)
{
	int64_t days;
	int s;

	if (text.n != 19 || (text.p[10] != ' ' && text.p[10] != 'T'))
		return -1;
	days = parse_date(text.p);
	s = parse_time(text.p + 11);
	if (days < 0 || s < 0)
		return -1;
	*seconds = days * DAY_S + s;
	return 0;
}

int
clock_parse_utc(struct span text, int64_t *ms)
{
	int64_t s;

	if (parse_naive(text, &s) == -1)
		return -1;
	*ms = s * 1000;
	return 0;
}

/*
 * Seconds that New York is behind UTC at a naive local time.  Summer time is
 * asked for first: 01:30 on the autumn day, which comes twice, is its first
 * coming; 02:30 on the spring day, which never comes, counts as winter time
 * (03:30 on the clocks).
 */
static int
ny_behind(int64_t naive)
{
	time_t t = (time_t)(naive + EDT_S);
	struct tm tm;

	set_zone();
	if (localtime_r(&t, &tm) != NULL && tm.tm_isdst > 0)
		return EDT_S;
	return EST_S;
}

/*
 * The same, remembered by day: a document has tens of thousands of times, but
 * they lie on some hundred days.  A day that begins and ends differently is
 * one of the two on which the clocks change, and is asked about every time.
 */
static int
ny_behind_memo(int64_t naive)
{
	static struct {
		int64_t day; /* + 1, so that 0 is empty */
		int behind;
	} memo[128], *m;
	int64_t day = naive / DAY_S;
	int first;

	m = &memo[day % 128];
	if (m->day == day + 1)
		return m->behind;
	first = ny_behind(day * DAY_S);
	if (first != ny_behind(day * DAY_S + DAY_S - 1))
		return ny_behind(naive);
	m->day = day + 1;
	m->behind = first;
	return first;
}

int
clock_parse_ny(struct span text, int64_t *ms)
{
	int64_t s;

	if (parse_naive(text, &s) == -1)
		return -1;
	*ms = (s + ny_behind_memo(s)) * 1000;
	return 0;
}

bool
clock_date_valid(struct span text)
{
	return text.n == 10 && parse_date(text.p) >= 0;
}

/* n decimal digits at p. */
static char *
put_digits(char *p, int v, int n)
{
	int i;

	for (i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

/* The date of a day since 1970 at p; 10 bytes, no NUL. */
static char *
put_date(char *p, int64_t days)
{
	int y, m, d;

	date_of_days(days, &y, &m, &d);
	p = put_digits(p, y, 4);
	*p++ = '-';
	p = put_digits(p, m, 2);
	*p++ = '-';
	return put_digits(p, d, 2);
}

static int64_t
clamp(int64_t v, int64_t max)
{
	return v < 0 ? 0 : v > max ? max : v;
}

void
clock_ny_date(int64_t ms, int days, char out[DATE_TEXT])
{
	time_t t = (time_t)(clamp(ms, TIME_MAX_MS) / 1000);
	struct tm tm;
	int64_t n = 0;

	set_zone();
	if (localtime_r(&t, &tm) != NULL)
		n = days_of_date(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	n = clamp(n + days, TIME_MAX_MS / 1000 / DAY_S);
	*put_date(out, n) = '\0';
}

void
clock_utc_text(int64_t ms, char out[20])
{
	int64_t s = clamp(ms, TIME_MAX_MS) / 1000;
	int in_day = (int)(s % DAY_S);
	char *p = put_date(out, s / DAY_S);

	*p++ = ' ';
	p = put_digits(p, in_day / 3600, 2);
	*p++ = ':';
	p = put_digits(p, in_day / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, in_day % 60, 2);
	*p = '\0';
}

int64_t
clock_zone_naive(const char *zone, int64_t s)
{
	time_t t = (time_t)s;
	struct tm tm;

	set_zone(); /* so that it is done, and what follows undoes no more */
	use_zone(zone);
	if (localtime_r(&t, &tm) != NULL)
		s = days_of_date(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) *
			DAY_S +
		    tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	use_zone(NEW_YORK);
	return s;
}

/* "Z", "+HH:MM" or "-HH:MM" to seconds east of UTC; -1 when it is none. */
static int
parse_zone(const char *p, int *east)
{
	int h, m;

	*east = 0;
	if (strcmp(p, "Z") == 0)
		return 0;
	if ((*p != '+' && *p != '-') || strlen(p) != 6 || p[3] != ':')
		return -1;
	h = digits(p + 1, 2);
	m = digits(p + 4, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return -1;
	*east = (h * 3600 + m * 60) * (*p == '-' ? -1 : 1);
	return 0;
}

int
clock_parse_operand(const char *text, int64_t *ms)
{
	int64_t s;
	int east, i, milli = 0, place = 100;

	if (span_int(span_str(text), &s) == 0) {
		if (s > TIME_MAX_MS)
			return -1;
		*ms = s;
		return 0;
	}
	if (strlen(text) < 20 || parse_naive((struct span){text, 19}, &s) == -1)
		return -1;
	text += 19;
	if (*text == '.') {
		text++;
		for (i = 0; i < 9 && *text >= '0' && *text <= '9'; i++) {
			milli += (*text++ - '0') * place;
			place /= 10;
		}
		if (i == 0)
			return -1;
	}
	if (parse_zone(text, &east) == -1)
		return -1;
	*ms = (s - east) * 1000 + milli;
	return *ms < 0 ? -1 : 0;
}
