/* SPDX-License-Identifier: ISC */
#include "settle.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "symbol.h"

/* Cboe's product pages.  Morning: on the opening prices of the day. */
static const struct {
	const char *root;
	bool morning;
} roots[] = {
    {"SPX", true},
    {"SPXW", false},
    {"XSP", false},
    {"XSPW", false},
    {"NDX", true},
    {"NDXP", false},
    {"XND", false},
    {"RUT", true},
    {"RUTW", false},
    {"MRUT", false},
    {"DJX", true},
    {"VIX", true},
    {"VIXW", true},
};

/* Closed at 13:00: the day before Independence Day, the day after
 * Thanksgiving, Christmas Eve, where these are trading days. */
static const char early[][DATE_TEXT] = {
    "2024-07-03",
    "2024-11-29",
    "2024-12-24",
    "2025-07-03",
    "2025-11-28",
    "2025-12-24",
    "2026-11-27",
    "2026-12-24",
    "2027-11-26",
    "2028-07-03",
    "2028-11-24",
    "2029-07-03",
    "2029-11-23",
    "2029-12-24",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *
time_of_day(const struct geom_id *id)
{
	for (size_t i = 0; i < COUNT(roots); i++)
		if (roots[i].morning &&
		    span_eq(id->root, span_str(roots[i].root)))
			return "09:30:00";
	for (size_t i = 0; i < COUNT(early); i++)
		if (strcmp(early[i], id->expiration) == 0)
			return "13:00:00";
	return "16:00:00";
}

int64_t
settle_instant(const struct geom_id *id)
{
	char text[DATE_TEXT + 10];
	int64_t ms = 0;

	snprintf(text, sizeof(text), "%s %s", id->expiration, time_of_day(id));
	clock_parse_ny(span_str(text), &ms);
	return ms;
}

enum settle_root
settle_root(const struct geom_id *id, const char *symbol)
{
	struct symbol s;
	char last = id->root.n > 0 ? id->root.p[id->root.n - 1] : '\0';

	for (size_t i = 0; i < COUNT(roots); i++)
		if (span_eq(id->root, span_str(roots[i].root)))
			return SETTLE_KNOWN;
	if (last >= '0' && last <= '9')
		return SETTLE_ADJUSTED;
	if (symbol_parse(span_str(symbol), false, &s) == 0 && s.is_index)
		return SETTLE_ASSUMED;
	return SETTLE_KNOWN;
}
