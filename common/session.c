/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "session.h"
#include "stream.h"

#define DAY_S INT64_C(86400)
#define DAYS_BACK 5 /* a week without a seam is open since Monday … */
#define DAYS_ON 8   /* … and a long weekend's next opening is known */

/* ---- reading ---- */

static int
two_digits(const char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] - '0') * 10 + p[1] - '0';
}

/* "HH:MM" at p to minutes; 24:00 is the last. */
static int
parse_minutes(const char *p)
{
	int h, m;

	if (strlen(p) < 5 || p[2] != ':')
		return -1;
	h = two_digits(p);
	m = two_digits(p + 3);
	if (h < 0 || m < 0 || m > 59 || h > 24 || (h == 24 && m > 0))
		return -1;
	return h * 60 + m;
}

static bool
zone_name_ok(const char *zone)
{
	size_t n = strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"abcdefghijklmnopqrstuvwxyz0123456789_+-/");

	return n > 0 && zone[n] == '\0' && zone[0] != '/' &&
	       n < sizeof(((struct session_hours *)0)->zone) - 1;
}

/* The C library takes what it does not know for UTC, silently. */
static int
check_zone(const char *zone, struct err *e)
{
	const char *dir = getenv("TZDIR");
	char path[512], magic[4] = "";
	int fd;

	if (dir == NULL || dir[0] == '\0')
		dir = "/usr/share/zoneinfo";
	snprintf(path, sizeof(path), "%s/%s", dir, zone);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		if (read(fd, magic, sizeof(magic)) != sizeof(magic))
			magic[0] = '\0';
		close(fd);
	}
	if (memcmp(magic, "TZif", 4) != 0)
		return err_set(e, EX_CONFIG, "ZONE",
		    "no zone %.64s in %.200s (is tzdata installed?)", zone,
		    dir);
	return 0;
}

int
session_add(struct session *s, const char *text, struct err *e)
{
	struct session_hours h;

	h.open = parse_minutes(text);
	h.close = h.open >= 0 && text[5] == '-' ? parse_minutes(text + 6) : -1;
	if (h.close < 0 || h.open == 24 * 60 || text[11] != '@' ||
	    !zone_name_ok(text + 12))
		return err_set(e, EX_USAGE, "USAGE",
		    "\"%.80s\" is not HH:MM-HH:MM@Zone", text);
	if (s->n == SESSION_HOURS_MAX)
		return err_set(e, EX_USAGE, "USAGE", "more than %d sessions",
		    SESSION_HOURS_MAX);
	if (check_zone(text + 12, e) == -1)
		return -1;
	snprintf(h.zone, sizeof(h.zone), ":%s", text + 12);
	s->hours[s->n++] = h;
	return 0;
}

/* A line without its comment and blanks at the end. */
static struct span
content(struct span line)
{
	const char *hash = line.n == 0 ? NULL : memchr(line.p, '#', line.n);

	if (hash != NULL)
		line.n = (size_t)(hash - line.p);
	while (line.n > 0 &&
	       (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	return line;
}

static int
parse_day(struct span line, struct session_day *d)
{
	char text[20] = "1970-01-01 00:00:00";
	int64_t ms;

	if (line.n != 10 && line.n != 16)
		return -1;
	memcpy(text, line.p, 10);
	if (clock_parse_utc((struct span){text, 19}, &ms) == -1)
		return -1;
	d->day = ms / 1000 / DAY_S;
	d->close = -1;
	if (line.n == 10)
		return 0;
	memcpy(text, line.p + 10, 6);
	text[6] = '\0';
	d->close = text[0] == ' ' ? parse_minutes(text + 1) : -1;
	return d->close < 0 ? -1 : 0;
}

static int
bad_day(const struct in *in, const char *why, struct err *e)
{
	return err_set(e, EX_CONFIG, "BAD_LINE", "%.100s: line %llu: %s",
	    in->name, (unsigned long long)in->line_no, why);
}

static int
add_day(struct session *s, const struct in *in, struct span line, struct err *e)
{
	struct session_day d;

	line = content(line);
	if (line.n == 0)
		return 0;
	if (parse_day(line, &d) == -1)
		return bad_day(
		    in, "neither YYYY-MM-DD nor YYYY-MM-DD HH:MM", e);
	if (s->n_days == SESSION_CLOSED_MAX)
		return bad_day(in, "too many days", e);
	s->days = mem_grow(s->days, s->n_days + 1, sizeof(*s->days));
	s->days[s->n_days++] = d;
	return 0;
}

int
session_read_closed(struct session *s, const char *path, struct err *e)
{
	struct span line;
	struct in in;
	int r, rc = 0;

	if (in_open(&in, path, NULL, e) == -1)
		return -1;
	while (rc == 0 && (r = in_next(&in, &line, e)) != 0) {
		if (r == 1)
			rc = add_day(s, &in, line, e);
		else if (r == 2)
			rc = bad_day(&in, "too long", e);
		else
			rc = -1;
	}
	if (rc == 0 && in.torn > 0)
		rc = bad_day(&in, "no newline at its end", e);
	in_close(&in);
	return rc;
}

void
session_free(struct session *s)
{
	free(s->days);
	*s = (struct session){0};
}

/* ---- asking ---- */

/*
 * The instant at which the clocks of a zone show a naive time, all in
 * seconds: tried with the offset of the day before, which before a change is
 * the first coming, then with that of the day after.
 */
static int64_t
instant(const char *zone, int64_t naive)
{
	int64_t before = naive - DAY_S, after = naive + DAY_S, first, second;

	first = naive - (clock_zone_naive(zone, before) - before);
	if (clock_zone_naive(zone, first) == naive)
		return first;
	second = naive - (clock_zone_naive(zone, after) - after);
	return clock_zone_naive(zone, second) == naive ? second : first;
}

struct stretch {
	int64_t from, until; /* seconds */
};

/* When these hours are open, as far as they belong to a day; false: not. */
static bool
hours_of_day(const struct session *s, const struct session_hours *h,
    int64_t day, struct stretch *out)
{
	bool night = h->close <= h->open;
	int64_t weekday = (day + 4) % 7; /* 1970-01-01 was a Thursday */
	int close = h->close;

	if (weekday == 0 || weekday == 6)
		return false;
	for (size_t i = 0; i < s->n_days; i++) {
		if (s->days[i].day != day)
			continue;
		if (s->days[i].close < close)
			close = s->days[i].close;
	}
	if (close < 0 || (!night && close <= h->open))
		return false;
	out->from =
	    instant(h->zone, (day - night) * DAY_S + h->open * INT64_C(60));
	out->until = instant(h->zone, day * DAY_S + close * INT64_C(60));
	return out->from < out->until;
}

/* One stretch that touches another is one with it. */
static void
join(struct stretch *one, const struct stretch *all, size_t n)
{
	struct stretch before;

	do {
		before = *one;
		for (size_t i = 0; i < n; i++) {
			if (all[i].from > one->until ||
			    all[i].until < one->from)
				continue;
			if (all[i].from < one->from)
				one->from = all[i].from;
			if (all[i].until > one->until)
				one->until = all[i].until;
		}
	} while (before.from != one->from || before.until != one->until);
}

static void
look(struct session *s, int64_t now)
{
	struct stretch all[SESSION_HOURS_MAX * (DAYS_BACK + DAYS_ON + 1)];
	struct stretch here = {now - DAY_S, now + DAY_S};
	size_t n = 0;

	s->open = false;
	for (size_t i = 0; i < s->n; i++) {
		int64_t day = clock_zone_naive(s->hours[i].zone, now) / DAY_S;

		for (int64_t d = day - DAYS_BACK; d <= day + DAYS_ON; d++)
			n += hours_of_day(s, &s->hours[i], d, &all[n]);
	}
	for (size_t i = 0; i < n && !s->open; i++) {
		if (all[i].from <= now && now < all[i].until) {
			s->open = true;
			here = all[i];
		}
	}
	if (s->open)
		join(&here, all, n);
	for (size_t i = 0; i < n && !s->open; i++) {
		if (all[i].until <= now && all[i].until > here.from)
			here.from = all[i].until;
		if (all[i].from > now && all[i].from < here.until)
			here.until = all[i].from;
	}
	s->from = here.from * 1000;
	s->until = here.until * 1000;
}

bool
session_is_open(struct session *s, int64_t ms, int64_t *open_ms)
{
	*open_ms = INT64_MAX;
	if (s->n == 0)
		return true;
	if (ms < s->from || ms >= s->until)
		look(s, ms / 1000);
	*open_ms = ms - s->from;
	return s->open;
}
