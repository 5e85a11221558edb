/* SPDX-License-Identifier: ISC */
/*
 * rows: made-up JSON rows, good, odd and hostile, for tests that hold two
 * readers against each other.  Everything follows from a seed.
 */
#ifndef TESTS_ROWS_H
#define TESTS_ROWS_H

#include <stdlib.h>

#include "buf.h"
#include "check.h"

/* Values that readers disagree about if anything makes them. */
static const char *const rows_odd[] = {"0", "-0", "-0.0", "1e5", "1E+05",
    "2.50e-3", "01", "-01", "1.", "-", ".5", "+1", "1e", "1e+", "0x1f", "NaN",
    "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "1e99", "1e100",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "999999999999999999", "1234567890123456789", "0.0000000000000000000001",
    "123456789012345678901234567890", "1.0000000000000000000000000000000000000",
    "1.000000000000000000000000000000000000000000000000000000000000000000000",
    "0e0", "-0e1", "1_0", "1 0", "true", "false", "null", "tru", "nul", "True",
    "truex", "\"\"", "\"x\"", "\"200\"", "\"\\u0041\"", "\"\\u0000\"",
    "\"\\\"\"", "\"\\\\\"", "\"\\/\"", "\"\\x\"", "\"\\ud800\"",
    "\"\\ud83d\\ude00\"", "\"\xc3\xa9\"", "\"\xff\"", "\"\xc0\xaf\"",
    "\"\xed\xa0\x80\"", "\"a\tb\"", "\"\x7f\"", "\"\x1b[0m\"", "\"", "'x'",
    "{}", "[]", "[1,2]", "[1,]", "[,1]", "[1 2]", "{\"a\":1}", "{\"a\":1,}",
    "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"a\" 1}", "{a:1}",
    "[[[[[[[]]]]]]]", "[[[[[[[[]]]]]]]]", "[[[[[[[[[]]]]]]]]]",
    "{\"a\":{\"b\":{\"c\":[{\"d\":null}]}}}", "[}", "{]", "}", "]", ",", ":",
    "/**/1", "1/**/", " 1 ", "\t\r\n1\r\n\t", "\f1", "\v1", "\xef\xbb\xbf", ""};

#define ROWS_ODD (sizeof(rows_odd) / sizeof(rows_odd[0]))

static inline size_t
rows_below(uint64_t *seed, size_t n)
{
	return check_random(seed) % n;
}

static inline void
rows_number(struct buf *b, uint64_t *seed)
{
	if (rows_below(seed, 4) == 0)
		buf_char(b, '-');
	buf_int(b, (int64_t)rows_below(seed, 20000));
	if (rows_below(seed, 4) != 0)
		buf_fmt(b, ".%0*u", (int)rows_below(seed, 6) + 1,
		    check_random(seed) % 10);
}

/* "key": with, rarely, blanks around the colon. */
static inline void
rows_key(struct buf *b, const char *key, uint64_t *seed)
{
	if (b->p[b->n - 1] != '{')
		buf_char(b, ',');
	buf_fmt(b, rows_below(seed, 200) == 0 ? " \"%s\" : " : "\"%s\":", key);
}

/* A value: as given, or now and then something odd. */
static inline void
rows_value(struct buf *b, const char *value, unsigned one_in, uint64_t *seed)
{
	if (rows_below(seed, one_in) == 0)
		buf_str(b, rows_odd[rows_below(seed, ROWS_ODD)]);
	else if (value != NULL)
		buf_str(b, value);
	else
		rows_number(b, seed);
}

/* Damage a text in up to three places; more often than not, in none. */
static inline void
rows_damage(struct buf *b, uint64_t *seed)
{
	struct buf old = {0};
	size_t at, n;

	for (size_t times = rows_below(seed, 8) / 2; times > 0; times--) {
		if (b->n == 0 || rows_below(seed, 3) != 0)
			continue;
		buf_clear(&old);
		buf_add(&old, b->p, b->n);
		at = rows_below(seed, old.n);
		n = rows_below(seed, 12) + 1;
		if (n > old.n - at)
			n = old.n - at;
		b->n = at;
		switch (rows_below(seed, 5)) {
		case 0: /* a byte becomes another */
			buf_char(b, (char)rows_below(seed, 256));
			at++;
			break;
		case 1: /* some are lost */
			at += n;
			break;
		case 2: /* some come twice */
			buf_add(b, old.p + at, n);
			break;
		case 3: /* something comes between */
			buf_str(b, rows_odd[rows_below(seed, ROWS_ODD)]);
			break;
		default: /* the end is lost */
			if (rows_below(seed, 4) == 0)
				at = old.n;
		}
		buf_add(b, old.p + at, old.n - at);
	}
	buf_free(&old);
}

/* The text with the first "key" spelt with an escape: the same JSON, but no
 * longer the scanner's.  false when there is none. */
static inline bool
rows_escape_key(struct buf *out, struct span text, const char *key)
{
	size_t n = strlen(key) + 2;

	buf_clear(out);
	for (size_t i = 0; i + n <= text.n; i++) {
		if (text.p[i] != '"' || text.p[i + n - 1] != '"' ||
		    memcmp(text.p + i + 1, key, n - 2) != 0)
			continue;
		buf_add(out, text.p, i + 1);
		buf_fmt(out, "\\u%04x", (unsigned char)key[0]);
		buf_add(out, text.p + i + 2, text.n - i - 2);
		return true;
	}
	return false;
}

#endif
