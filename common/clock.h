/* SPDX-License-Identifier: ISC */
/*
 * clock: the only place that asks what time it is, and calendar arithmetic
 * in the two zones of the trade: UTC and New York.
 *
 * All times are int64 milliseconds since 1970-01-01 UTC.  The New York rule
 * (second Sunday of March to first Sunday of November, in force since 2007)
 * is given to the C library as a POSIX TZ string, so results depend neither
 * on the TZ variable nor on installed zone files.
 *
 * Layer: knows err, buf.
 */
#ifndef EPOCH_CLOCK_H
#define EPOCH_CLOCK_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

#define DATE_TEXT 11 /* "YYYY-MM-DD" and its NUL */

/*
 * Reads EPOCH_NOW_MS (tests: freezes the wall clock) and sets the process's
 * zone to New York.  -1 and *e (78) when the variable is not a time.
 */
int clock_init(struct err *e);

/* Wall clock, ms; the frozen value when EPOCH_NOW_MS is set. */
int64_t clock_now_ms(void);

/* True when EPOCH_NOW_MS froze the wall clock. */
bool clock_is_frozen(void);

/* Monotonic clock for intervals, ms; never frozen. */
int64_t clock_mono_ms(void);

/* Sleep up to ms; returns early on a signal. */
void clock_sleep_ms(int64_t ms);

/*
 * The first beat after both the last one and now, all monotonic ms.  Beats are
 * counted from the start, so nothing drifts; those that were missed are left
 * out.
 */
int64_t clock_next_beat(int64_t last, int64_t every, int64_t now);

/*
 * "YYYY-MM-DD HH:MM:SS" or with a 'T', naive, read in UTC or New York time.
 * -1 when it is not a valid date and time.
 */
int clock_parse_utc(struct span text, int64_t *ms);
int clock_parse_ny(struct span text, int64_t *ms);

/* Is text a real calendar date YYYY-MM-DD between 1970 and 2099? */
bool clock_date_valid(struct span text);

/* Days in a month (1 to 12) of a year; 0 when there is no such month. */
int clock_month_days(int year, int month);

/* The New York calendar date of an instant, moved by days. */
void clock_ny_date(int64_t ms, int days, char out[DATE_TEXT]);

/* "YYYY-MM-DD HH:MM:SS" UTC of an instant, for people; out holds 20 bytes. */
void clock_utc_text(int64_t ms, char out[20]);

/*
 * What the clocks of a zone show at an instant (seconds since 1970 UTC), as
 * seconds since 1970-01-01 of that zone.  zone: a name that the C library
 * knows, "America/New_York"; one that it does not know is UTC.
 */
int64_t clock_zone_naive(const char *zone, int64_t s);

/* A time operand: ms, or ISO-8601 with zone (Z or +HH:MM). */
int clock_parse_operand(const char *text, int64_t *ms);

#endif
