/* SPDX-License-Identifier: ISC */
/*
 * massive_frame: what messages become, and that scanner, brackets and jansson
 * agree with a reading of the whole message by jansson alone.
 */
#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "check.h"
#include "massive_frame.h"

#define ID "O:SPXW251208C06840000"

static struct massive_frame frame;
static struct buf said;

/* All events of a message as words: ticks as their lines, the rest as its
 * kind. */
static const char *
read_message(const char *text)
{
	static const char *const words[] = {[MASSIVE_STATUS] = "status ",
	    [MASSIVE_UNSUPPORTED] = "unsupported ",
	    [MASSIVE_BAD] = "bad ",
	    [MASSIVE_BROKEN] = "broken "};
	enum massive_what what;
	struct massive_event ev;

	buf_clear(&said);
	buf_str(&said, "");
	buf_reserve(&said, 1);
	said.p[said.n] = '\0';
	massive_frame_begin(&frame, span_str(text), 7);
	while ((what = massive_frame_next(&frame, &ev)) != MASSIVE_END) {
		if (what == MASSIVE_TICK)
			tick_write(&said, &ev.tick);
		else
			buf_str(&said, words[what]);
		if (what == MASSIVE_STATUS) {
			buf_span(&said, ev.status);
			buf_char(&said, '/');
			buf_span(&said, ev.message);
			buf_char(&said, ' ');
		}
	}
	return said.p;
}

static void
test_events(void)
{
	static const char *const is[][2] = {
	    {"[]", ""},
	    {" [ ]\n", ""},
	    {"[{\"ev\":\"Q\",\"sym\":\"" ID "\",\"bx\":302,\"ax\":302,"
	     "\"bp\":9.710,\"ap\":9.81,\"bs\":17,\"as\":24.0,"
	     "\"t\":1644506128351,\"q\":844090872}]",
		"{\"type\":\"tick\",\"ts\":1644506128351,\"id\":\"" ID
		"\",\"kind\":\"quote\",\"recv_ts\":7,\"feed_seq\":844090872,"
		"\"bid\":9.710,\"ask\":9.81,\"bid_size\":17,"
		"\"ask_size\":24.0}\n"},
	    {"[{\"ev\":\"T\",\"sym\":\"" ID "\",\"x\":302,\"p\":5.5,\"s\":1,"
	     "\"c\":[236],\"t\":1765227583506.0,\"q\":12.0}]",
		"{\"type\":\"tick\",\"ts\":1765227583506,\"id\":\"" ID
		"\",\"kind\":\"trade\",\"recv_ts\":7,\"feed_seq\":12,"
		"\"last\":5.5,\"last_size\":1}\n"},
	    {"[{\"ev\":\"AM\",\"sym\":\"" ID "\",\"v\":2,\"av\":8,\"op\":2.2,"
	     "\"vw\":2.05,\"o\":2.05,\"c\":2.05,\"h\":2.05,\"l\":2.05,"
	     "\"a\":2.1312,\"z\":2,\"s\":1632419640000,"
	     "\"e\":1632419700000}]",
		"{\"type\":\"tick\",\"ts\":1632419700000,\"id\":\"" ID
		"\",\"kind\":\"agg\",\"recv_ts\":7,\"volume\":8}\n"},
	    {"[{\"ev\":\"status\",\"status\":\"success\",\"message\":"
	     "\"subscribed to: T.*\"},{\"ev\":\"status\",\"status\":\"x\"}]",
		"status success/subscribed to: T.* status x/ "},
	    {"[{\"ev\":\"FMV\",\"fmv\":7.2},{\"ev\":3},{},{\"ev\":\"A\"},1,"
	     "\"a,]\",null]",
		"unsupported bad bad bad bad bad bad "},
	    /* another order, unknown keys, an escape: the same */
	    {"[{\"x\":{\"y\":[1,{}]},\"t\":1765227583506,\"p\":5.5,"
	     "\"ev\":\"\\u0054\",\"sym\":\"" ID "\"}]",
		"{\"type\":\"tick\",\"ts\":1765227583506,\"id\":\"" ID
		"\",\"kind\":\"trade\",\"recv_ts\":7,\"last\":5.5}\n"},
	};

	test_begin("each kind of event, in any spelling");
	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++)
		CHECK_STR(read_message(is[i][0]), is[i][1]);
}

#define TRADE(rest) "[{\"ev\":\"T\",\"sym\":\"" ID "\"" rest "}]"

static void
test_bad(void)
{
	static const char *const bad[] = {
	    TRADE(",\"p\":1"),
	    TRADE(",\"p\":1,\"t\":0"),
	    TRADE(",\"p\":1,\"t\":\"1765227583506\""),
	    TRADE(",\"p\":1,\"t\":-1765227583506"),
	    TRADE(",\"p\":1,\"t\":17652275835060"),
	    TRADE(",\"p\":1,\"t\":1.765227583506e12"),
	    TRADE(",\"t\":1765227583506"),
	    TRADE(",\"p\":null,\"t\":1765227583506"),
	    TRADE(",\"p\":-1,\"t\":1765227583506"),
	    TRADE(",\"p\":\"1\",\"t\":1765227583506"),
	    TRADE(",\"p\":true,\"t\":1765227583506"),
	    TRADE(",\"p\":1,\"s\":[],\"t\":1765227583506"),
	    TRADE(",\"p\":1,\"t\":1765227583506,\"q\":-1"),
	    TRADE(",\"p\":1,\"t\":1765227583506,\"q\":1.5"),
	    TRADE(",\"p\":1,\"t\":1765227583506,\"q\":\"1\""),
	    TRADE(",\"p\":1,\"p\":1,\"t\":1765227583506"),
	    TRADE(",\"p\":1e300,\"t\":1765227583506"),
	    TRADE(",\"p\":0.00000000000000000000000000000000000000000000000000"
		  "00000000000001,\"t\":1765227583506"),
	    "[{\"ev\":\"T\",\"p\":1,\"t\":1765227583506}]",
	    "[{\"ev\":\"T\",\"sym\":\"O:SPXW251308C06840000\",\"p\":1,"
	    "\"t\":1765227583506}]",
	    "[{\"ev\":\"T\",\"sym\":\"O:SPXW 251208C06840000\",\"p\":1,"
	    "\"t\":1765227583506}]",
	    "[{\"ev\":\"T\",\"sym\":\"o:SPXW251208C06840000\",\"p\":1,"
	    "\"t\":1765227583506}]",
	    "[{\"ev\":\"status\",\"status\":3}]",
	    "[[]]",
	};
	static const char *const broken[] = {"", " ", "{}", "[", "[1", "[{",
	    "[{\"ev\":\"T\"", "[}", "[]]", "[] x", "[,]", "[{}{}]", "x",
	    "[{\"a\":[}]}]"};

	test_begin("what cannot be is bad; unmatched brackets end the message");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_STR(read_message(bad[i]), "bad ");
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		CHECK(strstr(read_message(broken[i]), "broken ") != NULL);
	CHECK_STR(read_message("[1,]"), "bad broken ");
	CHECK_STR(read_message("[1 2]"), "bad broken ");
}

static void
test_units(void)
{
	static const struct {
		const char *t;
		unsigned odd;
	} units[] = {{"1765227583", 1}, {"1765227583506", 0},
	    {"1765227583506123", 1}, {"1765227583506123456", 1},
	    {"1765227583.5", 1}};
	struct massive_event ev;
	char text[200];
	uint64_t odd;

	test_begin("a time's unit is told by its size, and counted");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		snprintf(
		    text, sizeof(text), TRADE(",\"p\":1,\"t\":%s"), units[i].t);
		odd = frame.odd_units;
		massive_frame_begin(&frame, span_str(text), 7);
		CHECK_INT(massive_frame_next(&frame, &ev), MASSIVE_TICK);
		CHECK_INT(ev.tick.ts / 1000, 1765227583);
		CHECK_INT((int64_t)(frame.odd_units - odd), units[i].odd);
	}
}

/* ------------------------------------------------------------ differential */

static uint64_t seed = 1;

static const char *
pick(const char *const *from, size_t n)
{
	return from[check_random(&seed) % n];
}

#define PICK(list) pick(list, sizeof(list) / sizeof(list[0]))

static void
make_event(struct buf *b)
{
	static const char *const blanks[] = {"", "", "", " ", "\n", "\t "};
	static const char *const evs[] = {"Q", "T", "A", "AM", "status", "FMV"};
	static const char *const keys[] = {"sym", "t", "e", "p", "s", "bp",
	    "ap", "bs", "as", "av", "q", "x", "c", "status", "message", "t",
	    "p", "new"};
	static const char *const values[] = {"1", "0.0", "12.0", "5.50", "null",
	    "1765227583506", "1765227583506", "\"" ID "\"", "\"a\\\"]}\"",
	    "[1,2]", "{\"a\":{}}", "true", "-1", "844090872",
	    "1765227583506123456"};
	const char *last = "";

	buf_fmt(b, "{\"ev\":\"%s\"%s", PICK(evs), PICK(blanks));
	if (check_random(&seed) % 4 != 0)
		buf_str(b, ",\"sym\":\"" ID "\"");
	for (int i = (int)(check_random(&seed) % 7); i > 0; i--) {
		const char *key = PICK(keys);

		if (strcmp(key, last) == 0)
			continue;
		last = key;
		buf_fmt(b, ",%s\"%s\"%s:%s", PICK(blanks), key, PICK(blanks),
		    strchr("te", key[0]) && key[1] == '\0' &&
			    check_random(&seed) % 4 != 0
			? "1765227583506"
			: PICK(values));
	}
	buf_str(b, "}");
}

static void
make_message(struct buf *b)
{
	static const char damage[] = "\"{}[],:0123456789.-tn \\\x80x";
	static const char *const scalars[] = {"1", "null", "\"x\"", "[]"};
	size_t n = check_random(&seed) % 5;

	buf_clear(b);
	buf_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_str(b, check_random(&seed) % 2 != 0 ? "," : " ,\n");
		if (check_random(&seed) % 20 == 0)
			buf_str(b, PICK(scalars));
		else
			make_event(b);
	}
	buf_char(b, ']');
	if (check_random(&seed) % 3 == 0)
		b->p[check_random(&seed) % b->n] =
		    damage[check_random(&seed) % (sizeof(damage) - 1)];
}

/* A time in ms by its size, 0 when it is none. */
static int64_t
oracle_time(const json_t *v)
{
	double d = json_number_value(v);

	if (!json_is_number(v))
		return 0;
	if (d >= 1e18 && d < 9.3e18 && json_is_integer(v))
		return json_integer_value(v) / 1000000;
	if (d >= 1e15 && d < 1e16)
		return (int64_t)d / 1000;
	if (d >= 1e12 && d < 1e13)
		return (int64_t)d;
	if (d >= 1e9 && d < 1e10)
		return (int64_t)d * 1000;
	return 0;
}

static const char *
oracle_tick(
    const json_t *o, struct buf *b, const char *kind, const char *const *keys)
{
	const json_t *q = json_object_get(o, "q");
	const char *sym = json_string_value(json_object_get(o, "sym"));
	int64_t ts = oracle_time(
	    json_object_get(o, strcmp(kind, "agg") == 0 ? "e" : "t"));
	struct geom_id id;
	int n = 0;

	if (sym == NULL || geom_id_parse(span_str(sym), &id) != 0 || ts == 0)
		return "bad ";
	if (strcmp(kind, "agg") != 0 && q != NULL && !json_is_null(q) &&
	    (!json_is_number(q) || json_number_value(q) < 0 ||
		floor(json_number_value(q)) < json_number_value(q)))
		return "bad ";
	buf_fmt(b, "%s %s %lld", kind, sym, (long long)ts);
	for (; *keys != NULL; keys++) {
		const json_t *v = json_object_get(o, *keys);

		if (v == NULL || json_is_null(v))
			continue;
		if (!json_is_number(v) || json_number_value(v) < 0)
			return "bad ";
		buf_fmt(b, " %s=%.17g", *keys, json_number_value(v));
		n++;
	}
	return n == 0 ? "bad " : NULL;
}

static void
oracle_event(const json_t *o, struct buf *b)
{
	static const char *const quote[] = {"bp", "ap", "bs", "as", NULL};
	static const char *const trade[] = {"p", "s", NULL};
	static const char *const agg[] = {"av", NULL};
	const char *ev = json_string_value(json_object_get(o, "ev"));
	const char *word = NULL;
	size_t from = b->n;

	if (ev == NULL)
		word = "bad ";
	else if (strcmp(ev, "Q") == 0)
		word = oracle_tick(o, b, "quote", quote);
	else if (strcmp(ev, "T") == 0)
		word = oracle_tick(o, b, "trade", trade);
	else if (strcmp(ev, "A") == 0 || strcmp(ev, "AM") == 0)
		word = oracle_tick(o, b, "agg", agg);
	else if (strcmp(ev, "status") == 0)
		word = json_is_string(json_object_get(o, "status")) ? "status "
								    : "bad ";
	else
		word = "unsupported ";
	if (word != NULL) {
		b->n = from;
		buf_str(b, word);
	} else {
		buf_char(b, ' ');
	}
}

/* Ours in the oracle's words. */
static void
our_events(struct span text, struct buf *b, bool *is_bad)
{
	static const char *const names[][TICK_VALUES] = {
	    [CG_QUOTE] = {"bp", "ap", "bs", "as"},
	    [CG_TRADE] = {"p", "s"},
	    [CG_VOLUME] = {"av"}};
	static const char *const words[] = {[MASSIVE_STATUS] = "status ",
	    [MASSIVE_UNSUPPORTED] = "unsupported ",
	    [MASSIVE_BAD] = "bad ",
	    [MASSIVE_BROKEN] = "broken "};
	enum massive_what what;
	struct massive_event ev;

	*is_bad = false;
	massive_frame_begin(&frame, text, 7);
	while ((what = massive_frame_next(&frame, &ev)) != MASSIVE_END) {
		*is_bad =
		    *is_bad || what == MASSIVE_BAD || what == MASSIVE_BROKEN;
		if (what != MASSIVE_TICK) {
			buf_str(b, words[what]);
			continue;
		}
		buf_fmt(b, "%s %.*s %lld", tick_kind(ev.tick.group),
		    (int)ev.tick.id.n, ev.tick.id.p, (long long)ev.tick.ts);
		for (size_t i = 0; i < tick_values(ev.tick.group); i++) {
			char copy[CONTRACT_VALUE_MAX + 1];
			struct span v = ev.tick.v[i];

			if (v.p == NULL)
				continue;
			snprintf(copy, sizeof(copy), "%.*s", (int)v.n, v.p);
			buf_fmt(b, " %s=%.17g", names[ev.tick.group][i],
			    strtod(copy, NULL));
		}
		buf_char(b, ' ');
	}
}

static void
test_oracle(void)
{
	struct buf text = {0}, want = {0}, got = {0};
	int valid = 0, refused = 0;
	json_error_t error;
	bool is_bad;

	test_begin("scanner, brackets and jansson agree with jansson alone");
	for (int i = 0; i < 200000; i++) {
		json_t *all;

		make_message(&text);
		buf_clear(&want);
		buf_clear(&got);
		our_events(buf_view(&text), &got, &is_bad);
		all =
		    json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
		if (all == NULL || !json_is_array(all)) {
			refused++;
			if (!CHECK(is_bad))
				printf("# %s\n", text.p);
			json_decref(all);
			continue;
		}
		valid++;
		for (size_t k = 0; k < json_array_size(all); k++)
			oracle_event(json_array_get(all, k), &want);
		json_decref(all);
		if (!CHECK(span_eq(buf_view(&got), buf_view(&want))))
			printf("# %s\n# %.*s\n# %.*s\n", text.p, (int)got.n,
			    got.p, (int)want.n, want.p);
	}
	CHECK(valid > 50000 && refused > 10000);
	CHECK(frame.fast > 50000 && frame.slow > 1000);
	buf_free(&text);
	buf_free(&want);
	buf_free(&got);
}

int
main(void)
{
	test_events();
	test_bad();
	test_units();
	test_oracle();
	massive_frame_free(&frame);
	buf_free(&said);
	return test_done();
}
