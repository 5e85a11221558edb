/* SPDX-License-Identifier: ISC */
/* ranges: see ranges.h. */
#include "ranges.h"
#include "geom.h"

#define DAY_MS (86400 * INT64_C(1000))
#define FAR 3650      /* days: beyond, an open range is not cut again */
#define OPEN_STEP 365 /* days that are cut from an open range */

/* Where a board is cut: boards are dense near by and sparse far away. */
static const int cuts[] = {2, 6, 9, 13, 16, 20, 27, 34, 45, 58, 75, 100, 120,
    148, 180, 215, 250, 310, 400, 600};

#define CUTS (sizeof(cuts) / sizeof(cuts[0]))

/* Days from one date to another, both 00:00 UTC as it were. */
static int
days_between(int64_t now_ms, struct span date)
{
	char today[DATE_TEXT], text[32];
	int64_t a, b;

	clock_ny_date(now_ms, 0, today);
	memcpy(text, today, DATE_TEXT - 1);
	memcpy(text + DATE_TEXT - 1, "T00:00:00", 9);
	if (clock_parse_utc((struct span){text, 19}, &a) != 0)
		return 0;
	memcpy(text, date.p, DATE_TEXT - 1);
	if (clock_parse_utc((struct span){text, 19}, &b) != 0)
		return 0;
	return (int)((b - a) / DAY_MS);
}

struct range
range_of(const struct filter *at, int64_t now_ms)
{
	struct range r = {RANGE_OPEN, RANGE_OPEN};

	if (at->first[0] != '\0')
		r.from = days_between(now_ms, span_str(at->first));
	if (at->last[0] != '\0')
		r.to = days_between(now_ms, span_str(at->last)) + 1;
	return r;
}

size_t
range_plan(struct range whole, struct range *out)
{
	size_t n = 0;
	int from = whole.from;

	for (size_t i = 0; i < CUTS; i++) {
		if ((from != RANGE_OPEN && cuts[i] <= from) ||
		    (whole.to != RANGE_OPEN && cuts[i] >= whole.to))
			continue;
		out[n++] = (struct range){from, cuts[i]};
		from = cuts[i];
	}
	out[n++] = (struct range){from, whole.to};
	return n;
}

/* The first day that any contract seen expires on. */
static int
first_day(const struct board *seen, int64_t now_ms)
{
	char first[DATE_TEXT] = "9999";
	struct geom_id id;

	for (size_t i = 0; i < seen->n; i++)
		if (geom_id_parse(seen->rows[i].id, &id) == 0 &&
		    strcmp(id.expiration, first) < 0)
			memcpy(first, id.expiration, DATE_TEXT);
	return first[4] == '\0' ? 0 : days_between(now_ms, span_str(first));
}

bool
range_halve(struct range r, const struct board *seen, int64_t now_ms,
    struct range half[2])
{
	int from = r.from == RANGE_OPEN ? first_day(seen, now_ms) : r.from;
	int middle;

	if (r.to == RANGE_OPEN) {
		if (from >= FAR)
			return false;
		middle = from + OPEN_STEP;
	} else {
		if (r.to - from < 2)
			return false;
		middle = from + (r.to - from) / 2;
	}
	half[0] = (struct range){r.from, middle};
	half[1] = (struct range){middle, r.to};
	return true;
}

static void
add_date(struct buf *url, const char *name, int day, int64_t now_ms)
{
	char date[DATE_TEXT];

	if (day == RANGE_OPEN)
		return;
	clock_ny_date(now_ms, day, date);
	buf_fmt(url, "&expiration_date.%s=%s", name, date);
}

static void
add_strike(struct buf *url, const char *name, int32_t strike)
{
	char text[STRIKE_TEXT];

	if (strike == 0)
		return;
	geom_strike_text(strike, text);
	buf_fmt(url, "&strike_price.%s=%s", name, text);
}

void
range_query(
    struct buf *url, struct range r, const struct filter *at, int64_t now_ms)
{
	add_date(url, "gte", r.from, now_ms);
	add_date(url, "lt", r.to, now_ms);
	add_strike(url, "gte", at->lowest);
	add_strike(url, "lte", at->highest);
}
