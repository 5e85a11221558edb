/* SPDX-License-Identifier: ISC */
/*
 * check: the least that unit tests need.  A program is a main of
 *
 *	test_begin("what holds");
 *	CHECK(…);
 *	…
 *	return test_done();
 *
 * and prints TAP: one "ok" or "not ok" a test, diagnostics ("# file:line: …")
 * before it, the plan at the end.  A failed CHECK does not end the test.
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static struct {
	const char *name; /* of the running test; NULL before the first */
	int tests, failed_tests;
	int failures; /* in the running test */
} check_state;

#define CHECK(cond) check_that((cond), #cond, __FILE__, __LINE__)
#define CHECK_STR(a, b) check_str((a), (b), #a, __FILE__, __LINE__)
#define CHECK_INT(a, b) check_int((a), (b), #a, __FILE__, __LINE__)

/* Enough is shown to see what happens; a property may fail a million times. */
#define CHECK_SHOWN 10

static inline bool
check_that(bool ok, const char *what, const char *file, int line)
{
	if (!ok && check_state.failures++ < CHECK_SHOWN)
		printf("# %s:%d: failed: %s\n", file, line, what);
	return ok;
}

static inline bool
check_str(
    const char *a, const char *b, const char *what, const char *file, int line)
{
	bool ok = a != NULL && b != NULL && strcmp(a, b) == 0;

	if (!check_that(ok, what, file, line) &&
	    check_state.failures <= CHECK_SHOWN)
		printf("#   is  \"%s\"\n#   not \"%s\"\n",
		    a == NULL ? "(null)" : a, b == NULL ? "(null)" : b);
	return ok;
}

static inline bool
check_int(int64_t a, int64_t b, const char *what, const char *file, int line)
{
	if (!check_that(a == b, what, file, line) &&
	    check_state.failures <= CHECK_SHOWN)
		printf(
		    "#   is  %lld\n#   not %lld\n", (long long)a, (long long)b);
	return a == b;
}

static inline void
check_end(void)
{
	if (check_state.name == NULL)
		return;
	check_state.tests++;
	check_state.failed_tests += check_state.failures > 0;
	printf("%s %d - %s\n", check_state.failures > 0 ? "not ok" : "ok",
	    check_state.tests, check_state.name);
	fflush(stdout); /* tests fork */
	check_state.failures = 0;
	check_state.name = NULL;
}

/* Ends the running test, if any. */
static inline void
test_begin(const char *name)
{
	check_end();
	check_state.name = name;
}

/* What main returns. */
static inline int
test_done(void)
{
	check_end();
	printf("1..%d\n", check_state.tests);
	return check_state.failed_tests > 0 || check_state.tests == 0;
}

/* A small generator of numbers for properties: same everywhere, no clock. */
static inline uint32_t
check_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) +
		 UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

#endif
