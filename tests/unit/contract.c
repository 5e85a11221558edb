/* SPDX-License-Identifier: ISC */
/*
 * contract: the line's form, the two ways of reading it, newer wins.
 */
#include "contract.h"
#include "line.h"
#include "rows.h"

static const char full[] =
    "{\"type\":\"contract\",\"ts\":1750000000000,\"symbol\":\"SPX\","
    "\"id\":\"O:SPXW250620C04987500\",\"expiration\":\"2025-06-20\","
    "\"strike\":4987.5,\"right\":\"call\",\"multiplier\":100,\"bid\":1.10,"
    "\"ask\":1.2,\"bid_size\":0.0,\"ask_size\":3.0,"
    "\"quote_ts\":1749999100000,\"last\":-0.0,\"last_size\":2,"
    "\"trade_ts\":1749999000000,\"iv\":0,\"delta\":-0.5,\"gamma\":1e-4,"
    "\"theta\":-0.0,\"vega\":12E+1,\"oi\":2960.0,\"volume\":17}\n";

/* A line with one part of the full one replaced. */
static struct span
vary(struct buf *b, const char *old, const char *new)
{
	const char *at = strstr(full, old);

	buf_clear(b);
	if (!CHECK(at != NULL))
		return SPAN_NONE;
	buf_add(b, full, (size_t)(at - full));
	buf_str(b, new);
	buf_str(b, at + strlen(old));
	b->n--; /* the newline */
	return buf_view(b);
}

static void
test_line(void)
{
	struct line_reader cr = {0};
	struct contract c;
	struct buf b = {0};
	struct err e;

	test_begin("a line with all fields reads and is written the same");
	CHECK(
	    line_read(&cr, (struct span){full, sizeof(full) - 2}, &c, &e) == 0);
	CHECK_INT(cr.fast, 1);
	CHECK_INT(cr.slow, 0);
	CHECK_INT(c.ts, 1750000000000);
	CHECK(span_eq(c.symbol, SPAN_LIT("SPX")));
	CHECK(span_eq(c.id, SPAN_LIT("O:SPXW250620C04987500")));
	CHECK(span_eq(c.f[CF_EXPIRATION], SPAN_LIT("2025-06-20")));
	CHECK(span_eq(c.f[CF_BID], SPAN_LIT("1.10")));
	CHECK(span_eq(c.f[CF_VEGA], SPAN_LIT("12E+1")));
	for (int i = 0; i < CF_COUNT; i++)
		CHECK((c.f[i].p != NULL) == contract_fields[i].in_line);
	line_write(&b, &c);
	CHECK_STR(b.p, full);

	test_begin(
	    "absent fields are left out, stored-only ones never written");
	c.f[CF_ASK] = c.f[CF_VOLUME] = SPAN_NONE;
	c.f[CF_QUOTE_SEQ] = SPAN_LIT("7");
	c.f[CF_VOLUME_TS] = SPAN_LIT("8");
	buf_clear(&b);
	line_write(&b, &c);
	CHECK(strstr(b.p, "ask\"") == NULL && strstr(b.p, "volume") == NULL);
	CHECK(strstr(b.p, "seq") == NULL && strstr(b.p, "bid_size") != NULL);

	test_begin(
	    "keys in any order, unknown keys, blanks: the same contract");
	CHECK(
	    line_read(&cr,
		SPAN_LIT("{ \"right\" : \"put\", \"id\":\"O:A250620P00000500\","
			 "\"x\":{\"bid\":\"y\"},\"strike\":0.5,\"ts\":5,"
			 "\"expiration\":\"2025-06-20\",\"symbol\":\"A\","
			 "\"quote_seq\":\"z\",\"type\":\"contract\" }"),
		&c, &e) == 0);
	CHECK(span_eq(c.f[CF_RIGHT], SPAN_LIT("put")));
	CHECK(c.f[CF_BID].p == NULL && c.f[CF_QUOTE_SEQ].p == NULL);
	buf_free(&b);
	line_reader_free(&cr);
}

static void
test_identity(void)
{
	static const char *const good[] = {"4987.50", "4987.500000", "49875e-1",
	    "4.9875e3", "4.9875E+03", "0.49875e4"};
	static const char *const bad[] = {"4987", "4987.5001", "-4987.5",
	    "\"4987.5\"", "null", "0", "49875", "4987.5e1", "1e99", "1e-99"};
	struct line_reader cr = {0};
	struct contract c;
	struct buf b = {0};
	struct err e;
	struct span line;

	test_begin("the strike agrees with the id in thousandths");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		line = vary(&b, "4987.5", good[i]);
		CHECK(line_read(&cr, line, &c, &e) == 0);
		CHECK(span_eq(c.f[CF_STRIKE], span_str(good[i])));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(line_read(&cr, vary(&b, "4987.5", bad[i]), &c, &e) ==
			       -1 &&
			   e.exit == EX_DATAERR))
			printf("# %s\n", bad[i]);
	buf_free(&b);
	line_reader_free(&cr);
}

static void
test_bad_lines(void)
{
	static const char *const parts[][2] = {
	    {"\"contract\"", "\"contracts\""}, {"\"contract\"", "1"},
	    {"\"type\":\"contract\",", ""}, {"1750000000000", "0"},
	    {"1750000000000", "-5"}, {"1750000000000", "1.5"},
	    {"1750000000000", "\"5\""}, {"1750000000000", "1e5"},
	    {"\"ts\":1750000000000,", ""}, {"\"SPX\"", "\"spx\""},
	    {"\"SPX\"", "\"I:SPX\""}, {"\"SPX\"", "null"},
	    {"\"symbol\":\"SPX\",", ""}, {"O:SPXW", "SPXW"},
	    {"250620C", "250631C"}, {"250620C", "250620X"},
	    {"C04987500", "C00000000"}, {"2025-06-20", "2025-06-21"},
	    {"\"2025-06-20\"", "20250620"}, {"\"call\"", "\"put\""},
	    {"\"call\"", "\"C\""}, {"\"right\":\"call\",", ""},
	    {"\"strike\":4987.5,", ""}, {"\"expiration\":\"2025-06-20\",", ""},
	    {"\"bid\":1.10", "\"bid\":-0.01"}, {"\"bid\":1.10", "\"bid\":null"},
	    {"\"bid\":1.10", "\"bid\":\"1.10\""},
	    {"\"bid\":1.10", "\"bid\":1e100"}, {"\"bid\":1.10", "\"bid\":1,"},
	    {"\"bid\":1.10", "\"ask\":1.10"}, {"\"bid\":1.10", "\"bid\":true"},
	    {"\"iv\":0", "\"iv\":-1e-9"}, {"1749999100000", "0"},
	    {"1749999100000", "1749999100000.0"}, {"1749999100000", "-1"},
	    {"1749999100000", "99999999999999999999"},
	    {"\"delta\":-0.5", "\"delta\":\"x\""},
	    {"\"multiplier\":100", "\"multiplier\":-100"},
	    {"\"volume\":17}", "\"volume\":17"}};
	struct line_reader cr = {0};
	struct contract c;
	struct buf b = {0};
	struct err e;

	test_begin("bad lines are refused");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!CHECK(line_read(&cr, vary(&b, parts[i][0], parts[i][1]),
			       &c, &e) == -1 &&
			   e.exit == EX_DATAERR))
			printf("# %s -> %s\n", parts[i][0], parts[i][1]);
	CHECK(line_read(&cr, vary(&b, "\"bid\":1.10", "\"bid\":-0.0e5"), &c,
		  &e) == 0);
	buf_free(&b);
	line_reader_free(&cr);
}

static void
test_kinds(void)
{
	static const struct {
		enum contract_kind kind;
		const char *text;
		bool ok;
	} cases[] = {{CK_DATE, "2024-02-29", true},
	    {CK_DATE, "2026-02-29", false}, {CK_DATE, "20240229", false},
	    {CK_DATE, "", false}, {CK_RIGHT, "call", true},
	    {CK_RIGHT, "put", true}, {CK_RIGHT, "Call", false},
	    {CK_RIGHT, "", false}, {CK_UNSIGNED, "0", true},
	    {CK_UNSIGNED, "-0.00", true}, {CK_UNSIGNED, "-0e5", true},
	    {CK_UNSIGNED, "-0.01", false}, {CK_UNSIGNED, "1e5", true},
	    {CK_UNSIGNED, "1e100", false}, {CK_UNSIGNED, "01", false},
	    {CK_UNSIGNED, "1.", false}, {CK_UNSIGNED, ".1", false},
	    {CK_UNSIGNED, "+1", false}, {CK_UNSIGNED, "nan", false},
	    {CK_UNSIGNED, "", false}, {CK_UNSIGNED, "-", false},
	    {CK_UNSIGNED, "1 ", false}, {CK_SIGNED, "-1.5", true},
	    {CK_SIGNED, "-1.5e-99", true}, {CK_SIGNED, "-1.5e-100", false},
	    {CK_SIGNED, "--1", false}, {CK_TIME, "1", true},
	    {CK_TIME, "0", false}, {CK_TIME, "-1", false},
	    {CK_TIME, "1.0", false}, {CK_TIME, "1e3", false},
	    {CK_TIME, "9223372036854775807", true},
	    {CK_TIME, "9223372036854775808", false}, {CK_SEQ, "0", true},
	    {CK_SEQ, "-1", false}, {CK_SEQ, "1.0", false}};
	char digits[66];

	test_begin("values are of their kind");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!CHECK(contract_value_ok(cases[i].kind,
			       span_str(cases[i].text)) == cases[i].ok))
			printf("# kind %d: %s\n", (int)cases[i].kind,
			    cases[i].text);
	memset(digits, '1', sizeof(digits));
	CHECK(contract_value_ok(CK_UNSIGNED, (struct span){digits, 64}));
	CHECK(!contract_value_ok(CK_UNSIGNED, (struct span){digits, 65}));
	CHECK(!contract_value_ok(CK_UNSIGNED, SPAN_NONE));
	CHECK(!contract_value_ok(CK_DATE, SPAN_NONE));
}

static void
make_line(struct buf *b, uint64_t *seed)
{
	unsigned day = check_random(seed) % 28 + 1;
	unsigned strike = check_random(seed) % 9999 + 1;
	bool call = rows_below(seed, 2) == 0;

	buf_clear(b);
	buf_fmt(b,
	    "{\"type\":\"contract\",\"ts\":1750000000000,\"symbol\":\"SPX\","
	    "\"id\":\"O:SPX2506%02u%c%08u\",\"expiration\":\"2025-06-%02u\","
	    "\"strike\":%u%s,\"right\":\"%s\"",
	    day, call ? 'C' : 'P', strike * 1000, day, strike,
	    rows_below(seed, 3) == 0 ? ".0" : "", call ? "call" : "put");
	for (int i = CF_MULTIPLIER; i < CF_COUNT; i++) {
		const struct contract_field_info *f = &contract_fields[i];

		if (rows_below(seed, 6) == 0 ||
		    (!f->in_line && rows_below(seed, 9) != 0))
			continue;
		rows_key(b, f->name, seed);
		if (f->kind == CK_TIME)
			rows_value(b, "1749999100000", 99, seed);
		else if (f->kind == CK_UNSIGNED)
			rows_value(b, "12.50", 99, seed);
		else
			rows_value(b, NULL, 99, seed);
	}
	buf_char(b, '}');
	rows_damage(b, seed);
}

static bool
same_contract(const struct contract *a, const struct contract *b)
{
	bool same = a->ts == b->ts && span_eq(a->symbol, b->symbol) &&
		    span_eq(a->id, b->id);

	for (int i = 0; i < CF_COUNT; i++)
		same = same && (a->f[i].p == NULL) == (b->f[i].p == NULL) &&
		       span_eq(a->f[i], b->f[i]);
	return same;
}

static void
test_differential(void)
{
	struct line_reader cr = {0}, forced = {0};
	unsigned good = 0, bad = 0;
	struct buf line = {0}, same = {0}, written = {0};
	uint64_t seed = 7;

	test_begin("fast and slow reading agree on 40,000 lines");
	for (int i = 0; i < 40000; i++) {
		struct contract a, b;
		struct err e;
		int rc;

		make_line(&line, &seed);
		if (!rows_escape_key(&same, buf_view(&line), "type"))
			continue;
		rc = line_read(&cr, buf_view(&line), &a, &e);
		if (rc == 0)
			good++;
		else
			bad++;
		if (!CHECK(line_read(&forced, buf_view(&same), &b, &e) == rc &&
			   (rc != 0 || same_contract(&a, &b))))
			printf("# %s\n", line.p);
		if (rc != 0)
			continue;
		buf_clear(&written);
		line_write(&written, &a);
		written.n--;
		CHECK(line_read(&forced, buf_view(&written), &b, &e) == 0 &&
		      same_contract(&a, &b));
	}
	printf("# good %u (by the scanner %llu, by jansson %llu), bad %u\n",
	    good, (unsigned long long)cr.fast, (unsigned long long)cr.slow,
	    bad);
	CHECK(good > 5000 && bad > 5000 && cr.fast > 5000 && cr.slow > 300);
	CHECK(forced.slow > 5000);
	buf_free(&line);
	buf_free(&same);
	buf_free(&written);
	line_reader_free(&cr);
	line_reader_free(&forced);
}

/* What the rule compares, built the slow and obvious way. */
static int
expected_cmp(
    const struct contract *a, const struct contract *b, enum contract_group g)
{
	const struct contract_group_info *info = &contract_groups[g];
	const struct contract *c[2] = {a, b};
	struct buf joined[2] = {{0}, {0}};
	int64_t ts[2], seq[2];
	int r;

	for (int i = 0; i < 2; i++) {
		ts[i] = seq[i] = -1;
		if (info->ts >= 0)
			span_int(c[i]->f[info->ts], &ts[i]);
		if (info->seq >= 0)
			span_int(c[i]->f[info->seq], &seq[i]);
		for (int f = (int)info->first; f <= (int)info->last; f++) {
			buf_span(&joined[i], c[i]->f[f]);
			if (f < (int)info->last)
				buf_char(&joined[i], '\t');
		}
	}
	r = span_cmp(buf_view(&joined[0]), buf_view(&joined[1]));
	if (seq[0] != seq[1])
		r = seq[0] < seq[1] ? -1 : 1;
	if (ts[0] != ts[1])
		r = ts[0] < ts[1] ? -1 : 1;
	buf_free(&joined[0]);
	buf_free(&joined[1]);
	return r;
}

static struct contract
make_group(enum contract_group g, uint64_t *seed)
{
	static const char *const some[] = {
	    "", "0", "1", "1.0", "10", "-1", "9", "\t", "1\t", "\x01", "\xff"};
	static const char *const times[] = {"9", "10", "100"};
	const struct contract_group_info *info = &contract_groups[g];
	struct contract c = {0};

	for (int f = (int)info->first; f <= (int)info->last; f++)
		if (rows_below(seed, 3) != 0)
			c.f[f] = span_str(some[rows_below(seed, 11)]);
	if (info->ts >= 0 && rows_below(seed, 4) != 0)
		c.f[info->ts] = span_str(times[rows_below(seed, 3)]);
	if (info->seq >= 0 && rows_below(seed, 2) == 0)
		c.f[info->seq] = span_str(times[rows_below(seed, 3)]);
	return c;
}

static int
sign(int v)
{
	return (v > 0) - (v < 0);
}

static void
test_order(void)
{
	uint64_t seed = 99;
	unsigned less = 0, equal = 0;

	test_begin("newer wins: time, origin, seq, bytes; one total order");
	for (int i = 0; i < 60000; i++) {
		enum contract_group g =
		    (enum contract_group)rows_below(&seed, CG_COUNT);
		struct contract a = make_group(g, &seed);
		struct contract b = make_group(g, &seed);
		struct contract c = make_group(g, &seed);
		int ab = sign(contract_cmp(&a, &b, g));
		int bc = sign(contract_cmp(&b, &c, g));

		CHECK(ab == sign(expected_cmp(&a, &b, g)));
		CHECK(ab == -sign(contract_cmp(&b, &a, g)));
		if (ab <= 0 && bc <= 0)
			CHECK(sign(contract_cmp(&a, &c, g)) <= 0);
		less += ab < 0;
		equal += ab == 0;
	}
	printf("# less %u, equal %u of 60000\n", less, equal);
	CHECK(less > 10000 && equal > 100);
}

static void
test_groups(void)
{
	struct contract a = {0}, b = {0};

	test_begin("a group is taken whole, and only that group");
	a.f[CF_BID] = SPAN_LIT("1");
	a.f[CF_ASK] = SPAN_LIT("2");
	a.f[CF_QUOTE_SEQ] = SPAN_LIT("5");
	a.f[CF_OI] = SPAN_LIT("3");
	b.f[CF_ASK] = SPAN_LIT("4");
	b.f[CF_QUOTE_TS] = SPAN_LIT("9");
	b.f[CF_OI] = SPAN_LIT("8");
	contract_take(&a, &b, CG_QUOTE);
	CHECK(a.f[CF_BID].p == NULL && a.f[CF_QUOTE_SEQ].p == NULL);
	CHECK(span_eq(a.f[CF_ASK], SPAN_LIT("4")));
	CHECK(span_eq(a.f[CF_QUOTE_TS], SPAN_LIT("9")));
	CHECK(span_eq(a.f[CF_OI], SPAN_LIT("3")));
	CHECK(contract_has(&a, CG_QUOTE) && contract_has(&a, CG_CHAIN));
	CHECK(!contract_has(&a, CG_TRADE) && !contract_has(&a, CG_VOLUME));

	test_begin("times by default: for groups with a value and no time");
	a = (struct contract){0};
	a.f[CF_BID] = SPAN_LIT("1");
	a.f[CF_QUOTE_TS] = SPAN_LIT("7");
	a.f[CF_LAST] = SPAN_LIT("1");
	a.f[CF_VOLUME] = SPAN_LIT("1");
	a.f[CF_VOLUME_TS] = SPAN_LIT("7");
	contract_default_times(&a, SPAN_LIT("9"));
	CHECK(span_eq(a.f[CF_QUOTE_TS], SPAN_LIT("7")));
	CHECK(span_eq(a.f[CF_TRADE_TS], SPAN_LIT("9")));
	CHECK(span_eq(a.f[CF_VOLUME_TS], SPAN_LIT("9")));
	a = (struct contract){0};
	a.f[CF_TRADE_TS] = SPAN_LIT("7"); /* a time is no value */
	contract_default_times(&a, SPAN_LIT("9"));
	CHECK(a.f[CF_QUOTE_TS].p == NULL && a.f[CF_VOLUME_TS].p == NULL);
	CHECK(!contract_has(&a, CG_TRADE));
	CHECK(a.f[CF_TRADE_TS].p == NULL);
}

int
main(void)
{
	test_line();
	test_identity();
	test_bad_lines();
	test_kinds();
	test_differential();
	test_order();
	test_groups();
	return test_done();
}
