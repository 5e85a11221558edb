/* SPDX-License-Identifier: ISC */
/*
 * symbol: one name from many spellings, and nothing else passes.
 */
#include "symbol.h"
#include "check.h"

static void
test_spellings(void)
{
	static const struct {
		const char *text, *name;
		bool index, index_if_equity;
	} cases[] = {
	    {"SPX", "SPX", true, false},
	    {"I:SPX", "SPX", true, true},
	    {"_SPX", "SPX", true, true},
	    {"^SPX", "SPX", true, true},
	    {"SPY", "SPY", false, false},
	    {"I:FOO", "FOO", true, true},
	    {"BRK/B", "BRK.B", false, false},
	    {"BRK.B", "BRK.B", false, false},
	    {"BF-B", "BF-B", false, false},
	    {"META", "META", false, false},
	    {"7UP", "7UP", false, false},
	    {"VIX", "VIX", true, false},
	    {"NDX", "NDX", true, false},
	    {"RUT", "RUT", true, false},
	    {"DJX", "DJX", true, false},
	    {"XSP", "XSP", true, false},
	    {"ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP", false, false},
	};
	struct symbol s;

	test_begin("all spellings of a symbol");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span text = span_str(cases[i].text);

		CHECK(symbol_parse(text, false, &s) == 0);
		CHECK_STR(s.name, cases[i].name);
		CHECK(s.is_index == cases[i].index);
		CHECK(symbol_valid(span_str(s.name)));
		CHECK(symbol_parse(text, true, &s) == 0);
		CHECK_STR(s.name, cases[i].name);
		CHECK(s.is_index == cases[i].index_if_equity);
	}
}

static void
test_refused(void)
{
	static const char *const bad[] = {"", "I:", "_", "^", "I:_SPX", "__SPX",
	    "I:I:SPX", "spx", "Spx", "meta", "active", "-x", "-X", ".X", "/X",
	    "A B", " SPX", "SPX ", "SPX\r\nDEL epoch:active", "{x}", "}", "*",
	    "../X", "A:B", "A_B", "A^B", "%s%n", "\xd0\xa1PX", "SPX\x1b",
	    "ABCDEFGHIJKLMNOPQ", "I:ABCDEFGHIJKLMNOPQ", "-", "S\"X", "S,X"};
	struct symbol s;

	test_begin("what is no symbol");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(symbol_parse(span_str(bad[i]), false, &s) == -1))
			printf("# %s\n", bad[i]);
	CHECK(symbol_parse(SPAN_NONE, false, &s) == -1);
	CHECK(symbol_parse((struct span){"SP\0X", 4}, false, &s) == -1);
	CHECK(!symbol_valid(SPAN_NONE) && !symbol_valid(SPAN_LIT("I:SPX")));
	CHECK(!symbol_valid(SPAN_LIT("_SPX")) && symbol_valid(SPAN_LIT("SPX")));
}

/* Byte by byte against the rule as DESIGN writes it. */
static void
test_rule(void)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	test_begin("which bytes may stand first, and which later");
	for (int c = 0; c < 256; c++) {
		char text[2] = {(char)c, 'A'};
		bool ok = memchr(first, c, sizeof(first) - 1) != NULL;

		CHECK(symbol_valid((struct span){text, 2}) == ok);
		text[0] = 'A';
		text[1] = (char)c;
		ok = memchr(rest, c, sizeof(rest) - 1) != NULL;
		CHECK(symbol_valid((struct span){text, 2}) == ok);
	}
}

static void
test_vendors(void)
{
	struct symbol s;
	char text[SYMBOL_MAX + 3];

	test_begin("each vendor's spelling, and back");
	CHECK(symbol_parse(SPAN_LIT("SPX"), false, &s) == 0);
	symbol_cboe(&s, text);
	CHECK_STR(text, "_SPX");
	symbol_massive(&s, text);
	CHECK_STR(text, "I:SPX");
	CHECK(symbol_parse(span_str(text), true, &s) == 0 && s.is_index);
	CHECK(symbol_parse(SPAN_LIT("I:ABCDEFGHIJKLMNOP"), false, &s) == 0);
	symbol_cboe(&s, text);
	CHECK_STR(text, "_ABCDEFGHIJKLMNOP");
	symbol_massive(&s, text);
	CHECK_STR(text, "I:ABCDEFGHIJKLMNOP");
	CHECK(symbol_parse(SPAN_LIT("SPX"), true, &s) == 0);
	symbol_cboe(&s, text);
	CHECK_STR(text, "SPX");
	symbol_massive(&s, text);
	CHECK_STR(text, "SPX");
}

int
main(void)
{
	test_spellings();
	test_refused();
	test_rule();
	test_vendors();
	return test_done();
}
