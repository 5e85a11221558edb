/* SPDX-License-Identifier: ISC */
/* ranges: see ranges.h. */
#include "ranges.h"
#include <stdlib.h>

#include "geom.h"

#define DAY_MS (86400 * INT64_C(1000))
#define FAR 3650      /* days: beyond, an open range is not cut again */
#define OPEN_STEP 365 /* days that are cut from an open range */

/* Beyond, boards are sparse: days that the plan looks at. */
#define HORIZON 800
/* A range of less is not worth a last page that is not full. */
#define PART_MIN 30

/* Days since 1970 of a date; -1: it is none. */
static int
day_number(const char *date)
{
	char text[] = "YYYY-MM-DDT00:00:00";
	int64_t ms;

	memcpy(text, date, DATE_TEXT - 1);
	if (clock_parse_utc((struct span){text, sizeof(text) - 1}, &ms) != 0)
		return -1;
	return (int)(ms / DAY_MS);
}

/* Days from the New York date of a moment to another date. */
static int
days_between(int64_t now_ms, const char *date)
{
	char today[DATE_TEXT];

	clock_ny_date(now_ms, 0, today);
	return day_number(date) - day_number(today);
}

/*
 * How many tenths of a page expire on a day, about, on an index's board (the
 * mean of some SPX boards): weeklies every day near by, monthlies on third
 * Fridays, quarterlies on a quarter's last day.  Wrong guesses cost time and
 * nothing else.
 */
static int
tenths_expected(int64_t now_ms, int day)
{
	char date[DATE_TEXT], next[DATE_TEXT];
	int weekday, month_day, month;

	clock_ny_date(now_ms, day, date);
	weekday = (day_number(date) + 4) % 7; /* 0: Sunday */
	if (weekday == 0 || weekday == 6)
		return 0;
	month = (date[5] - '0') * 10 + date[6] - '0';
	month_day = (date[8] - '0') * 10 + date[9] - '0';
	if (weekday == 5 && month_day >= 15 && month_day <= 21)
		return day < 60    ? 80
		       : day < 120 ? 60
		       : day < 200 ? 30
		       : day < 400 ? 20
				   : 10;
	clock_ny_date(now_ms, day + (weekday == 5 ? 3 : 1), next);
	if (memcmp(next, date, 7) != 0 && day < 400)
		return day < 60 || month % 3 == 0 ? 40 : 15;
	return day <= 21 ? 20 : day <= 30 ? 15 : day <= 45 ? 8 : 0;
}

struct range
range_of(const struct filter *at, int64_t now_ms)
{
	struct range r = {RANGE_OPEN, RANGE_OPEN};

	if (at->first[0] != '\0')
		r.from = days_between(now_ms, at->first);
	if (at->last[0] != '\0')
		r.to = days_between(now_ms, at->last) + 1;
	return r;
}

struct part {
	struct range range;
	int tenths; /* of a page */
};

/* Those that are long come first: what begins last should be short. */
static int
cmp_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->tenths != y->tenths)
		return x->tenths > y->tenths ? -1 : 1;
	return x->range.from < y->range.from ? -1 : 1;
}

/* Cut days into parts of about as many pages each.  Returns their number. */
static size_t
cut_parts(struct range whole, const int *tenths, int first, int end,
    int64_t share, struct part *parts)
{
	struct part part = {{whole.from, whole.to}, 0};
	size_t n = 0;

	for (int day = first; day < end; day++) {
		int more = tenths[day - first];

		/* before that day, when that is nearer to the share */
		if (part.tenths > 0 && more > 0 && n + 1 < RANGES_MAX &&
		    part.tenths + more / 2 > share) {
			part.range.to = day;
			parts[n++] = part;
			part = (struct part){{day, whole.to}, 0};
		}
		part.tenths += more;
	}
	parts[n++] = part;
	return n;
}

size_t
range_plan(struct range whole, int64_t walks, int64_t now_ms, struct range *out)
{
	struct part parts[RANGES_MAX];
	int tenths[HORIZON];
	int first = whole.from == RANGE_OPEN || whole.from < 0 ? 0 : whole.from;
	int end =
	    whole.to == RANGE_OPEN || whole.to > HORIZON ? HORIZON : whole.to;
	int64_t share = 0;
	size_t n;

	for (int day = first; day < end; day++) {
		tenths[day - first] = tenths_expected(now_ms, day);
		share += tenths[day - first];
	}
	/* more parts than walks, since the guess is rough */
	share /= walks < 13 ? walks * 3 : 40;
	n = cut_parts(whole, tenths, first, end,
	    share < PART_MIN ? PART_MIN : share, parts);
	qsort(parts, n, sizeof(*parts), cmp_parts);
	for (size_t i = 0; i < n; i++)
		out[i] = parts[i].range;
	return n;
}

/* The day that a contract expires on; 0 when it has none. */
static int
day_of(const struct board_row *row, int64_t now_ms)
{
	struct geom_id id;

	if (geom_id_parse(row->id, &id) != 0)
		return 0;
	return days_between(now_ms, id.expiration);
}

/* The first day that any contract seen expires on. */
static int
first_day(const struct board *seen, int64_t now_ms)
{
	int day, first = HORIZON;

	for (size_t i = 0; i < seen->n; i++) {
		day = day_of(&seen->rows[i], now_ms);
		if (day < first)
			first = day;
	}
	return first;
}

bool
range_halve(struct range r, const struct board *seen, int64_t now_ms,
    struct range half[2])
{
	int from = r.from == RANGE_OPEN ? first_day(seen, now_ms) : r.from;
	int middle;

	if (seen->n == 0)
		return false;
	if (r.to == RANGE_OPEN) {
		if (from >= FAR)
			return false;
		middle = from + OPEN_STEP;
	} else {
		if (r.to - from < 2)
			return false;
		middle = from + (r.to - from) / 2;
	}
	if (day_of(&seen->rows[seen->n - 1], now_ms) >= middle)
		return false;
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
