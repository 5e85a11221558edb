/* SPDX-License-Identifier: ISC */
/* tick: what is written is read back; the order is contract's own. */
#include <stdlib.h>

#include "check.h"
#include "tick.h"

static const char *const values[] = {
    "0", "1.50", "0.0", "7195.6", "12.0", "99999.999", "1e2", "7195.60"};

static void
make_tick(struct tick *t, uint64_t *seed)
{
	*t = (struct tick){.id = SPAN_LIT("O:SPXW260821P00200500"),
	    .group = (enum contract_group)(check_random(seed) % 3),
	    .ts = 1 + (int64_t)(check_random(seed) % 3),
	    .recv_ts = 1 + (int64_t)(check_random(seed) % 1000),
	    .seq = (int64_t)(check_random(seed) % 3)};
	do {
		for (size_t i = 0; i < tick_values(t->group); i++)
			t->v[i] =
			    check_random(seed) % 3 == 0
				? SPAN_NONE
				: span_str(values[check_random(seed) % 8]);
	} while (!tick_has(t));
}

static bool
same(const struct tick *a, const struct tick *b)
{
	bool ok = a->group == b->group && span_eq(a->id, b->id) &&
		  a->ts == b->ts && a->recv_ts == b->recv_ts &&
		  a->seq == b->seq;

	for (size_t i = 0; i < TICK_VALUES; i++)
		ok = ok && (a->v[i].p == NULL) == (b->v[i].p == NULL) &&
		     span_eq(a->v[i], b->v[i]);
	return ok;
}

static void
test_round_trip(void)
{
	struct buf line = {0}, own = {0};
	struct tick t, u;
	struct err e;
	uint64_t seed = 1;

	test_begin("what is written is read back");
	for (int i = 0; i < 2000; i++) {
		make_tick(&t, &seed);
		buf_clear(&line);
		tick_write(&line, &t);
		CHECK(line.n > 0 && line.p[line.n - 1] == '\n');
		line.n--;
		CHECK_INT(tick_read(buf_view(&line), &own, &u, &e), 0);
		CHECK(same(&t, &u));
	}
	buf_free(&line);
	buf_free(&own);
}

/* A tick as the contract that it makes. */
static void
as_contract(const struct tick *t, struct contract *c, char text[2][24])
{
	const struct contract_group_info *g = &contract_groups[t->group];

	*c = (struct contract){.id = t->id};
	for (size_t i = 0; i < tick_values(t->group); i++)
		c->f[(size_t)g->first + i] = t->v[i];
	snprintf(text[0], sizeof(text[0]), "%lld", (long long)t->ts);
	snprintf(text[1], sizeof(text[1]), "%lld", (long long)t->seq);
	c->f[g->ts] = span_str(text[0]);
	c->f[g->seq] = span_str(text[1]);
}

static int
sign(int r)
{
	return (r > 0) - (r < 0);
}

static void
test_order(void)
{
	struct contract a, b;
	struct tick t, u;
	char text[2][2][24];
	uint64_t seed = 2;

	test_begin("the order is contract_cmp's");
	for (int i = 0; i < 20000; i++) {
		make_tick(&t, &seed);
		do
			make_tick(&u, &seed);
		while (u.group != t.group);
		as_contract(&t, &a, text[0]);
		as_contract(&u, &b, text[1]);
		CHECK_INT(sign(tick_cmp(&t, &u)),
		    sign(contract_cmp(&a, &b, t.group)));
	}
}

#define HEAD "{\"type\":\"tick\",\"ts\":5,\"id\":\"O:SPX260821C00200000\","

static void
test_refused(void)
{
	static const struct {
		const char *line, *code;
	} bad[] = {
	    {HEAD "\"kind\":\"quote\",\"recv_ts\":6}", "BAD_TICK"},
	    {HEAD "\"kind\":\"quote\",\"recv_ts\":6,\"last\":1}", "BAD_TICK"},
	    {HEAD "\"kind\":\"bid\",\"recv_ts\":6,\"bid\":1}", "BAD_TICK"},
	    {HEAD "\"kind\":\"quote\",\"bid\":1}", "BAD_TICK"},
	    {HEAD "\"kind\":\"quote\",\"recv_ts\":0,\"bid\":1}", "BAD_TICK"},
	    {HEAD "\"kind\":\"quote\",\"recv_ts\":6,\"bid\":-1}", "BAD_TICK"},
	    {HEAD "\"kind\":\"quote\",\"recv_ts\":6,\"bid\":\"1\"}",
		"BAD_TICK"},
	    {HEAD "\"kind\":\"quote\",\"recv_ts\":6,\"bid\":null}", "BAD_TICK"},
	    {HEAD "\"kind\":\"trade\",\"recv_ts\":6,\"feed_seq\":-1,"
		  "\"last\":1}",
		"BAD_TICK"},
	    {HEAD "\"kind\":\"trade\",\"recv_ts\":6,\"last\":1", "BAD_JSON"},
	    {HEAD "\"kind\":\"trade\",\"recv_ts\":6,\"last\":01}", "BAD_JSON"},
	    {"{\"type\":\"tick\",\"ts\":5.0,\"id\":\"O:SPX260821C00200000\","
	     "\"kind\":\"trade\",\"recv_ts\":6,\"last\":1}",
		"BAD_TICK"},
	    {"{\"type\":\"tick\",\"ts\":5,\"id\":\"O:SPX260832C00200000\","
	     "\"kind\":\"trade\",\"recv_ts\":6,\"last\":1}",
		"BAD_TICK"},
	    {"{\"type\":\"tock\",\"ts\":5,\"id\":\"O:SPX260821C00200000\","
	     "\"kind\":\"trade\",\"recv_ts\":6,\"last\":1}",
		"BAD_TICK"},
	};
	struct buf own = {0};
	struct tick t;
	struct err e;

	test_begin("what cannot be is refused");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(tick_read(span_str(bad[i].line), &own, &t, &e), -1);
		CHECK_STR(e.code, bad[i].code);
		CHECK_INT(e.exit, 65);
	}
	buf_free(&own);
}

static void
test_slow(void)
{
	struct buf own = {0};
	struct tick t;
	struct err e;

	test_begin("keys in another order, unknown ones, escapes: jansson");
	CHECK_INT(
	    tick_read(span_str("{ \"recv_ts\":7, \"last_size\":2.0,"
			       "\"x\":{\"y\":[1]}, \"kind\":\"tra\\u0064e\","
			       "\"id\":\"O:SPX260821C00200000\","
			       "\"ts\":5, \"type\":\"tick\"}"),
		&own, &t, &e),
	    0);
	CHECK_INT(t.group, CG_TRADE);
	CHECK_INT(t.recv_ts, 7);
	CHECK(t.v[0].p == NULL && span_eq(t.v[1], SPAN_LIT("2.0")));
	buf_free(&own);
}

int
main(void)
{
	test_round_trip();
	test_order();
	test_refused();
	test_slow();
	return test_done();
}
