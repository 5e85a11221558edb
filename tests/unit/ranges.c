/* SPDX-License-Identifier: ISC */
/*
 * ranges: whatever is asked for, by however many walks, on whatever day: the
 * parts are the whole, every day once.
 */
#include <stdlib.h>

#include "../../cmd/chain-fetch/ranges.h"
#include "check.h"

#define DAY_MS (86400 * INT64_C(1000))

static uint64_t seed = 3;

static int
random_in(int from, int to)
{
	return from + (int)(check_random(&seed) % (uint32_t)(to - from));
}

/* A moment of 2024 to 2029: any, or within a minute of a midnight there. */
static int64_t
random_moment(void)
{
	int64_t ms = INT64_C(1704067200000) + DAY_MS * random_in(0, 6 * 365) +
		     random_in(0, (int)DAY_MS);

	if (random_in(0, 2) == 0)
		return ms;
	ms -= ms % DAY_MS;
	return ms + random_in(4, 6) * 3600000 + random_in(-60000, 60000);
}

static struct range
random_whole(void)
{
	struct range r = {RANGE_OPEN, RANGE_OPEN};

	if (random_in(0, 2) == 0)
		r.from = random_in(-20, 1200);
	if (random_in(0, 2) == 0)
		r.to = random_in(r.from == RANGE_OPEN ? 0 : r.from, 1500) + 1;
	return r;
}

static int
cmp_from(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Do parts, in any order, make up the whole, each day once? */
static bool
is_whole(struct range whole, struct range *parts, size_t n)
{
	bool ok = n >= 1 && n <= RANGES_MAX;

	if (!ok)
		return false;
	/* an open start is the least int: it sorts first */
	qsort(parts, n, sizeof(*parts), cmp_from);
	ok = parts[0].from == whole.from && parts[n - 1].to == whole.to;
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n)
			ok = ok && parts[i].to != RANGE_OPEN &&
			     parts[i].to == parts[i + 1].from;
		if (parts[i].to != RANGE_OPEN)
			ok = ok && parts[i].from < parts[i].to;
	}
	return ok;
}

static void
test_plan(void)
{
	struct range parts[RANGES_MAX], whole;
	size_t n;

	test_begin("the parts of a plan are the whole, every day once");
	for (int i = 0; i < 4000; i++) {
		whole = random_whole();
		n = range_plan(whole, random_in(1, 33), random_moment(), parts);
		CHECK(is_whole(whole, parts, n));
	}

	test_begin("a board without a filter is cut for each of the walks");
	for (int walks = 2; walks <= 32; walks++) {
		whole = (struct range){RANGE_OPEN, RANGE_OPEN};
		n = range_plan(whole, walks, random_moment(), parts);
		CHECK(n >= (size_t)walks);
	}

	test_begin("one day is not cut");
	whole = (struct range){3, 4};
	CHECK_INT(
	    (int64_t)range_plan(whole, 8, INT64_C(1794511000000), parts), 1);
}

/* A board of one contract that expires days after now. */
static void
seen_until(struct board *b, int64_t now_ms, int days)
{
	char date[DATE_TEXT], line[64];
	struct contract c = {0};
	struct err e;
	int n;

	clock_ny_date(now_ms, days, date);
	n = snprintf(line, sizeof(line),
	    "{\"id\":\"O:SPXW%.2s%.2s%.2sC05000000\"}", date + 2, date + 5,
	    date + 8);
	c.id = (struct span){line + 7, (size_t)n - 9};
	CHECK(board_add(b, &c, (struct span){line, (size_t)n}, &e) == 0);
}

static void
test_halves(void)
{
	struct range whole, half[2];
	struct board b = {0}, none = {0};
	int64_t now = INT64_C(1794511000000);
	int cuts = 0;

	test_begin("two halves are the whole, and smaller");
	for (int i = 0; i < 4000; i++) {
		now = random_moment();
		whole = random_whole();
		board_clear(&b);
		seen_until(&b, now, random_in(0, 1000));
		if (!range_halve(whole, &b, now, half))
			continue;
		cuts++;
		CHECK_INT(half[0].from, whole.from);
		CHECK_INT(half[0].to, half[1].from);
		CHECK_INT(half[1].to, whole.to);
		CHECK(half[0].from < half[0].to);
		CHECK(half[1].to == RANGE_OPEN || half[1].from < half[1].to);
	}
	CHECK(cuts > 200);

	test_begin("cut again and again, a range has an end");
	board_clear(&b);
	seen_until(&b, now, 0);
	for (int side = 0; side < 2; side++) {
		whole = (struct range){RANGE_OPEN, RANGE_OPEN};
		for (cuts = 0; range_halve(whole, &b, now, half); cuts++)
			whole = half[side];
		CHECK(cuts > 3 && cuts < 60);
	}

	test_begin("not cut: a day, what nothing is known of, what is near "
		   "its end");
	whole = (struct range){5, 6};
	CHECK(!range_halve(whole, &b, now, half));
	whole = (struct range){0, 100};
	CHECK(!range_halve(whole, &none, now, half));
	CHECK(range_halve(whole, &b, now, half));
	CHECK_INT(half[0].to, 50);
	board_clear(&b);
	seen_until(&b, now, 49);
	CHECK(range_halve(whole, &b, now, half));
	board_clear(&b);
	seen_until(&b, now, 50);
	CHECK(!range_halve(whole, &b, now, half));
	board_free(&b);
}

/* Does the query ask for that date?  Dates compare as text. */
static bool
asks_for(const char *query, const char *date)
{
	const char *gte = strstr(query, "&expiration_date.gte=");
	const char *lt = strstr(query, "&expiration_date.lt=");

	return (gte == NULL || strncmp(date, gte + 21, 10) >= 0) &&
	       (lt == NULL || strncmp(date, lt + 20, 10) < 0);
}

static void
test_dates(void)
{
	struct range parts[RANGES_MAX];
	struct filter open = {0};
	struct buf query[RANGES_MAX] = {0};
	char date[DATE_TEXT];

	test_begin("every date is asked for by one part's query");
	for (int i = 0; i < 20; i++) {
		int64_t now = random_moment();
		size_t n = range_plan(
		    (struct range){RANGE_OPEN, RANGE_OPEN}, 8, now, parts);

		for (size_t k = 0; k < n; k++) {
			buf_clear(&query[k]);
			range_query(&query[k], parts[k], &open, now);
		}
		for (int day = -3; day < 1100; day++) {
			int times = 0;

			clock_ny_date(now, day, date);
			for (size_t k = 0; k < n; k++)
				times += asks_for(query[k].p, date);
			CHECK_INT(times, 1);
		}
	}
	for (size_t k = 0; k < RANGES_MAX; k++)
		buf_free(&query[k]);
}

static void
test_filter(void)
{
	struct filter f, at;
	struct buf query = {0};
	char arg[32], first[DATE_TEXT], last[DATE_TEXT], date[DATE_TEXT];

	test_begin("what a filter lets pass is asked for, and nothing else");
	for (int i = 0; i < 400; i++) {
		int64_t now = random_moment();
		int from = random_in(-5, 400), to = random_in(from, 500);

		f = (struct filter){0};
		clock_ny_date(now, from, first);
		clock_ny_date(now, to, last);
		snprintf(arg, sizeof(arg), "%s:%s",
		    random_in(0, 4) == 0 ? "" : first,
		    random_in(0, 4) == 0 ? "" : last);
		if (strlen(arg) > 1)
			CHECK(filter_set_expirations(&f, arg) == 0);
		if (random_in(0, 3) == 0) {
			snprintf(arg, sizeof(arg), "%d", random_in(0, 90));
			CHECK(filter_set_days(&f, arg) == 0);
		}
		at = filter_at(&f, now);
		buf_clear(&query);
		buf_str(&query, "?");
		range_query(&query, range_of(&at, now), &at, now);
		for (int day = from - 3; day < to + 3; day++) {
			bool passes;

			clock_ny_date(now, day, date);
			passes =
			    (at.first[0] == '\0' ||
				strcmp(date, at.first) >= 0) &&
			    (at.last[0] == '\0' || strcmp(date, at.last) <= 0);
			CHECK(asks_for(query.p, date) == passes);
		}
	}

	test_begin("strikes are asked for in dollars, to the thousandth");
	f = (struct filter){0};
	CHECK(filter_set_strikes(&f, "2.5:7000.005") == 0);
	buf_clear(&query);
	range_query(&query, (struct range){RANGE_OPEN, RANGE_OPEN}, &f, 0);
	CHECK_STR(query.p, "&strike_price.gte=2.5&strike_price.lte=7000.005");
	buf_free(&query);
}

int
main(void)
{
	test_plan();
	test_halves();
	test_dates();
	test_filter();
	return test_done();
}
