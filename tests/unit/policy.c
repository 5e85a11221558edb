/* SPDX-License-Identifier: ISC */
/* epoch-gc's policy: all facts against all limits, by what must hold. */
#include <stdio.h>
#include <string.h>

#include "../../cmd/epoch-gc/policy.h"
#include "check.h"

#define NOW 1000000

static const int64_t limits[] = {0, 1, 50, 100, 200};
static const int64_t ages[] = {-10, 0, 1, 49, 50, 51, 100, 150, 200, 201};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static enum gc_plan
plan_of(const struct gc_policy *p, const struct gc_facts *f)
{
	const char *why;
	enum gc_plan plan = gc_decide(p, f, NOW, &why);

	CHECK((plan == GC_STAY || plan == GC_RETIRE) == (why != NULL));
	return plan;
}

/* What must never go, whatever the limits. */
static void
check_guards(const struct gc_policy *p, struct gc_facts f)
{
	enum gc_plan plan = plan_of(p, &f);
	bool guarded = f.active || !f.superseded || f.dirty || f.kept;

	if (f.retired) {
		CHECK(plan == (f.indexed ? GC_RESUME : GC_GONE));
		return;
	}
	CHECK(plan == GC_STAY || plan == GC_RETIRE);
	if (guarded || NOW - f.superseded_ts < p->grace_ms)
		CHECK(plan == GC_STAY);
	else if (f.newer >= p->keep)
		CHECK(plan == GC_RETIRE);
	else if (p->max_age_ms == 0 || NOW - f.superseded_ts < p->max_age_ms)
		CHECK(plan == GC_STAY);
	else
		CHECK(plan == GC_RETIRE);
}

/* Stricter limits keep no more, an older epoch stays no longer. */
static void
check_monotone(const struct gc_policy *p, struct gc_facts f)
{
	struct gc_policy stricter = *p;

	if (plan_of(p, &f) != GC_RETIRE)
		return;
	stricter.keep -= stricter.keep > 0;
	stricter.grace_ms /= 2;
	CHECK(plan_of(&stricter, &f) == GC_RETIRE);
	f.superseded_ts -= 7;
	CHECK(plan_of(p, &f) == GC_RETIRE);
	f.newer++;
	CHECK(plan_of(p, &f) == GC_RETIRE);
}

static void
each_facts(const struct gc_policy *p)
{
	for (size_t a = 0; a < COUNT(ages); a++)
		for (int bits = 0; bits < 64; bits++)
			for (int64_t newer = 0; newer < 4; newer++) {
				struct gc_facts f = {
				    .active = bits & 1,
				    .superseded = bits & 2,
				    .dirty = bits & 4,
				    .kept = bits & 8,
				    .retired = bits & 16,
				    .indexed = bits & 32,
				    .superseded_ts = NOW - ages[a],
				    .newer = newer,
				};

				check_guards(p, f);
				check_monotone(p, f);
			}
}

int
main(void)
{
	struct gc_policy p;

	test_begin("all facts under all limits");
	for (p.keep = 0; p.keep < 4; p.keep++)
		for (size_t g = 0; g < COUNT(limits); g++)
			for (size_t m = 0; m < COUNT(limits); m++) {
				p.grace_ms = limits[g];
				p.max_age_ms = limits[m];
				each_facts(&p);
			}
	return test_done();
}
