/* SPDX-License-Identifier: ISC */
/*
 * session: the hours of trade, in the zone of the exchange.
 *
 * "HH:MM-HH:MM@Zone" is open on every day from Monday to Friday.  Hours that
 * end at or before their beginning (20:15-09:15) are a night: they belong to
 * the day on which they end, so Monday's night begins on Sunday.  24:00 is
 * the end of a day.  A holiday closes what belongs to its date, a half day
 * cuts it.  Several hours add up.
 *
 * A local time that comes twice is its first coming; one that a change of the
 * clocks leaves out lies as much later.  Zones are those of tzdata.
 *
 * Layer: knows err, sig, buf, clock, stream.
 */
#ifndef EPOCH_SESSION_H
#define EPOCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define SESSION_HOURS_MAX 8
#define SESSION_CLOSED_MAX 10000

/* {0} is one that is always open. */
struct session {
	struct session_hours {
		int open, close; /* minutes of the day */
		char zone[64];   /* for the C library: ":Zone" */
	} hours[SESSION_HOURS_MAX];
	size_t n;
	struct session_day {
		int64_t day; /* since 1970-01-01 */
		int close;   /* minutes of the day; -1: a holiday */
	} * days;
	size_t n_days;
	bool open;           /* the last answer … */
	int64_t from, until; /* … and for which times it holds */
};

/* Add hours.  -1 and *e: 64 not of that form, 78 no such zone here. */
int session_add(struct session *s, const char *text, struct err *e);

/*
 * Read holidays ("YYYY-MM-DD") and half days ("YYYY-MM-DD HH:MM", the early
 * close), one a line; empty lines and what follows a # are skipped.  -1 and
 * *e: 66 not readable, 78 a line that is neither.
 */
int session_read_closed(struct session *s, const char *path, struct err *e);

/* Is it open at a time, ms, and if so, for how long has it been? */
bool session_is_open(struct session *s, int64_t ms, int64_t *open_ms);

void session_free(struct session *s);

#endif
