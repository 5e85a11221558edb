/* SPDX-License-Identifier: ISC */
/* When options settle: by root, across the change of the clocks, on short
 * days. */
#include "settle.h"
#include "check.h"
#include "clock.h"

static const char *
settles(const char *text)
{
	static char when[20];
	struct geom_id id;

	CHECK(geom_id_parse(span_str(text), &id) == 0);
	clock_utc_text(settle_instant(&id), when);
	return when;
}

static enum settle_root
root(const char *text, const char *symbol)
{
	struct geom_id id;

	CHECK(geom_id_parse(span_str(text), &id) == 0);
	return settle_root(&id, symbol);
}

int
main(void)
{
	test_begin("morning and evening of one Friday");
	CHECK_STR(settles("O:SPX260821C05000000"), "2026-08-21 13:30:00");
	CHECK_STR(settles("O:SPXW260821C05000000"), "2026-08-21 20:00:00");
	test_begin("winter time");
	CHECK_STR(settles("O:SPX261120P05000000"), "2026-11-20 14:30:00");
	CHECK_STR(settles("O:SPXW261120P05000000"), "2026-11-20 21:00:00");
	CHECK_STR(settles("O:SPXW260306C05000000"), "2026-03-06 21:00:00");
	CHECK_STR(settles("O:SPXW260309C05000000"), "2026-03-09 20:00:00");
	test_begin("roots");
	CHECK_STR(settles("O:NDX260821C05000000"), "2026-08-21 13:30:00");
	CHECK_STR(settles("O:NDXP260821C05000000"), "2026-08-21 20:00:00");
	CHECK_STR(settles("O:RUT260821C02000000"), "2026-08-21 13:30:00");
	CHECK_STR(settles("O:RUTW260821C02000000"), "2026-08-21 20:00:00");
	CHECK_STR(settles("O:VIX260819C00020000"), "2026-08-19 13:30:00");
	CHECK_STR(settles("O:VIXW260826C00020000"), "2026-08-26 13:30:00");
	CHECK_STR(settles("O:XSP260821C00500000"), "2026-08-21 20:00:00");
	CHECK_STR(settles("O:SPY260821C00500000"), "2026-08-21 20:00:00");
	test_begin("days that close early; the morning is as ever");
	CHECK_STR(settles("O:SPXW261127C05000000"), "2026-11-27 18:00:00");
	CHECK_STR(settles("O:SPXW261224C05000000"), "2026-12-24 18:00:00");
	CHECK_STR(settles("O:SPX261127C05000000"), "2026-11-27 14:30:00");
	test_begin("what is known of a root");
	CHECK(root("O:SPXW260821C05000000", "SPX") == SETTLE_KNOWN);
	CHECK(root("O:SPY260821C00500000", "SPY") == SETTLE_KNOWN);
	CHECK(root("O:OEX260821C00500000", "OEX") == SETTLE_ASSUMED);
	CHECK(root("O:SPY1260821C00500000", "SPY") == SETTLE_ADJUSTED);
	return test_done();
}
