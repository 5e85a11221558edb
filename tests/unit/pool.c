/* SPDX-License-Identifier: ISC */
/* pool: the newest of each, in order, against a plain array. */
#include <stdlib.h>

#include "check.h"
#include "pool.h"

#define IDS 40

struct kept {
	char id[24];
	struct tick t;
};

/* The plain one. */
static struct kept model[3 * IDS];
static size_t count;

static void
make_tick(struct tick *t, char id[24], uint64_t *seed)
{
	static const char *const values[] = {"0", "1.5", "12.0", "7195.6"};

	snprintf(id, 24, "O:SPXW260821%c%08d",
	    check_random(seed) & 1 ? 'C' : 'P',
	    1000 * (1 + (int)(check_random(seed) % (IDS / 2))));
	*t = (struct tick){.id = span_str(id),
	    .group = (enum contract_group)(check_random(seed) % 3),
	    .ts = 1 + (int64_t)(check_random(seed) % 9),
	    .seq = (int64_t)(check_random(seed) % 3)};
	for (size_t i = 0; i < tick_values(t->group); i++)
		t->v[i] = i > 0 && check_random(seed) % 3 == 0
			      ? SPAN_NONE
			      : span_str(values[check_random(seed) % 4]);
}

static enum pool_put
put(const struct tick *t, size_t max)
{
	size_t i;
	int r;

	for (i = 0; i < count; i++)
		if (model[i].t.group == t->group &&
		    span_eq(t->id, span_str(model[i].id)))
			break;
	if (i < count) {
		r = tick_cmp(t, &model[i].t);
		if (r > 0)
			model[i].t = *t;
		return r > 0 ? POOL_BEAT : r < 0 ? POOL_LOST : POOL_EQUAL;
	}
	if (count == max)
		return POOL_FULL;
	memcpy(model[count].id, t->id.p, t->id.n + 1);
	model[count++].t = *t;
	return POOL_NEW;
}

static void
drop(size_t i)
{
	memmove(&model[i], &model[i + 1], (--count - i) * sizeof(model[0]));
}

static void
check_same(const struct pool *p)
{
	size_t i = 0;
	uint32_t at;
	struct tick t;

	CHECK_INT(pool_count(p), count);
	for (at = pool_first(p); at != POOL_END; at = pool_next(p, at), i++) {
		if (!CHECK(i < count))
			return;
		pool_get(p, at, &t);
		CHECK(span_eq(t.id, span_str(model[i].id)));
		CHECK_INT(t.group, model[i].t.group);
		CHECK_INT(tick_cmp(&t, &model[i].t), 0);
		CHECK_INT(pool_find(p, t.id, t.group), at);
	}
	CHECK_INT(i, count);
}

static void
test_model(size_t max, unsigned drops)
{
	struct pool *p = pool_new(max);
	uint64_t seed = max + drops;
	uint32_t at;
	struct tick t;
	char id[24];
	size_t i;

	test_begin("any puts and drops: as the plain one has it");
	count = 0;
	for (int n = 0; n < 20000; n++) {
		if (count > 0 && check_random(&seed) % 100 < drops) {
			i = check_random(&seed) % 3 == 0
				? 0
				: check_random(&seed) % count;
			at = pool_first(p);
			for (size_t k = 0; k < i; k++)
				at = pool_next(p, at);
			pool_drop(p, at);
			drop(i);
		} else {
			make_tick(&t, id, &seed);
			CHECK_INT(pool_put(p, &t), put(&t, max));
		}
		if (n % 97 == 0)
			check_same(p);
	}
	check_same(p);
	pool_free(&p);
	CHECK(p == NULL);
	pool_free(&p);
}

static void
test_many(void)
{
	struct pool *p = pool_new(100000);
	struct tick t = {.group = CG_TRADE, .v = {SPAN_LIT("1")}};
	char id[24];
	int n;

	test_begin("a hundred thousand are found again");
	for (int round = 0; round < 2; round++) {
		for (n = 1; n <= 100000; n++) {
			snprintf(id, sizeof(id), "O:X260821C%08d", n);
			t.id = span_str(id);
			t.ts = n;
			CHECK_INT(pool_put(p, &t), POOL_NEW);
		}
		t.id = SPAN_LIT("O:Y260821C00001000");
		CHECK_INT(pool_put(p, &t), POOL_FULL);
		for (n = 1; n <= 100000; n += 999) {
			snprintf(id, sizeof(id), "O:X260821C%08d", n);
			CHECK(pool_find(p, span_str(id), CG_TRADE) != POOL_END);
			CHECK(pool_find(p, span_str(id), CG_QUOTE) == POOL_END);
		}
		while (pool_count(p) > 0)
			pool_drop(p, pool_first(p));
		CHECK(pool_first(p) == POOL_END);
	}
	pool_free(&p);
}

int
main(void)
{
	test_model(3 * IDS, 0);
	test_model(3 * IDS, 30);
	test_model(3 * IDS, 48);
	test_model(17, 20);
	test_many();
	return test_done();
}
