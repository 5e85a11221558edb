/* SPDX-License-Identifier: ISC */
/*
 * scan: see scan.h.
 *
 * Whatever happens in here must hold: what is accepted, jansson accepts too
 * and reads alike.  In doubt the answer is "not mine", which only costs time.
 *
 * Each step takes the place where it starts and returns the place behind what
 * it read, NULL for "not mine".  The text is known to end in a brace, and no
 * step but a string can step over one unasked: so the place is always before
 * the end, except behind the outermost object (scan_nested sees to that), and
 * only strings and words need to look for the end.
 */
#include <stdint.h>
#include <string.h>

#include "scan.h"

#define UNKNOWN_MAX 16 /* keys outside the shape, in one object */
#define NOBODY (-2)    /* parent of keys in objects outside the shape */

#define NUMBER_MAX 40
/* Digits before the point; so many only below 9e18, which is below 2^63. */
#define WHOLE_MAX 19

/* Classes of bytes. */
#define PLAIN 1 /* may stand in a string: printable ASCII but " and \ */
#define DIGIT 2
#define BLANK 4

#define P4 PLAIN, PLAIN, PLAIN, PLAIN
#define P16 P4, P4, P4, P4
#define D5                                                                     \
	PLAIN | DIGIT, PLAIN | DIGIT, PLAIN | DIGIT, PLAIN | DIGIT,            \
	    PLAIN | DIGIT

static const unsigned char class[256] = {
    ['\t'] = BLANK,
    ['\n'] = BLANK,
    ['\r'] = BLANK,
    [' '] = PLAIN | BLANK,
    ['!'] = PLAIN,
    ['#'] = P4, /* to & */
    ['\''] = P4,
    ['+'] = P4,
    ['/'] = PLAIN,
    ['0'] = D5,
    ['5'] = D5,
    [':'] = PLAIN,
    [';'] = PLAIN,
    ['<'] = P4,
    ['@'] = P16,
    ['P'] = P4, /* to S */
    ['T'] = P4,
    ['X'] = P4,
    [']'] = PLAIN,
    ['^'] = PLAIN,
    ['_'] = PLAIN,
    ['`'] = P16,
    ['p'] = P4, /* to s */
    ['t'] = P4,
    ['x'] = P4,
    ['|'] = PLAIN,
    ['}'] = PLAIN,
    ['~'] = PLAIN,
};

struct scanner {
	const struct scan_key *keys; /* of the shape */
	struct scan_value *out;
	const char *end;
	int n;
	int next; /* the key that is expected */
};

/* Of one object: keys that the shape does not have. */
struct seen {
	struct span names[UNKNOWN_MAX];
	int n;
	struct scan_value ignored;
};

static const char *scan_other(struct scanner *s, const char *p, int self,
    int depth, struct scan_value *v);

static inline bool
is(const char *p, int wanted)
{
	return (class[(unsigned char)*p] & wanted) != 0;
}

static inline const char *
skip_blanks(const char *p)
{
	while ((unsigned char)*p <= ' ' && is(p, BLANK))
		p++;
	return p;
}

/* By fours, as the next: most bytes come by here. */
static inline const char *
skip_digits(const char *p)
{
	for (;; p += 4) {
		if (!is(p, DIGIT))
			return p;
		if (!is(p + 1, DIGIT))
			return p + 1;
		if (!is(p + 2, DIGIT))
			return p + 2;
		if (!is(p + 3, DIGIT))
			return p + 3;
	}
}

static inline const char *
skip_plain(const char *p, const char *end)
{
	for (; end - p >= 4; p += 4) {
		if (!is(p, PLAIN))
			return p;
		if (!is(p + 1, PLAIN))
			return p + 1;
		if (!is(p + 2, PLAIN))
			return p + 2;
		if (!is(p + 3, PLAIN))
			return p + 3;
	}
	while (p < end && is(p, PLAIN))
		p++;
	return p;
}

/* At a quote; *text is what it encloses. */
static inline const char *
scan_string(const char *p, const char *end, struct span *text)
{
	text->p = ++p;
	p = skip_plain(p, end);
	text->n = (size_t)(p - text->p);
	return p < end && *p == '"' ? p + 1 : NULL;
}

static const char *
scan_exponent(const char *p)
{
	const char *from;

	if (*p == '+' || *p == '-')
		p++;
	from = p;
	p = skip_digits(p);
	return p == from || p - from > 2 ? NULL : p;
}

/* Without a call for the usual number: half of the bytes come by here. */
static const char *
scan_digits(const char *p, struct span *text)
{
	const char *from;
	size_t n;

	text->p = p;
	p += *p == '-';
	from = p;
	p = skip_digits(p);
	n = (size_t)(p - from);
	if (n - 1 >= WHOLE_MAX - 1 && (n != WHOLE_MAX || *from == '9'))
		return NULL; /* none, too many, or perhaps too great */
	if (*from == '0' && n > 1)
		return NULL;
	if (*p == '.') {
		from = ++p;
		p = skip_digits(p);
		if (p == from)
			return NULL;
	}
	if ((*p | 0x20) == 'e') {
		p = scan_exponent(p + 1);
		if (p == NULL)
			return NULL;
	}
	text->n = (size_t)(p - text->p);
	return text->n <= NUMBER_MAX ? p : NULL;
}

static const char *
scan_word(const char *p, const char *end, const char *word, struct span *text)
{
	*text = (struct span){p, strlen(word)};
	if ((size_t)(end - p) < text->n || memcmp(p, word, text->n) != 0)
		return NULL;
	return p + text->n;
}

/* memcmp() == 0, for texts so short that a call would cost more than it does:
 * by words, the last of which may overlap the one before. */
static inline bool
is_same(const char *a, const char *b, size_t n)
{
	uint64_t x, y;
	uint32_t v, w;
	size_t i = 0;

	if (n < sizeof(v))
		return memcmp(a, b, n) == 0;
	if (n < sizeof(x)) {
		memcpy(&v, a, sizeof(v));
		memcpy(&w, b, sizeof(w));
		if (v != w)
			return false;
		memcpy(&v, a + n - sizeof(v), sizeof(v));
		memcpy(&w, b + n - sizeof(w), sizeof(w));
		return v == w;
	}
	for (; i + sizeof(x) < n; i += sizeof(x)) {
		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		if (x != y)
			return false;
	}
	memcpy(&x, a + n - sizeof(x), sizeof(x));
	memcpy(&y, b + n - sizeof(y), sizeof(y));
	return x == y;
}

/* Is it, behind its quote, this key of an object that is parent's, with n of
 * the bytes that are written? */
static inline bool
is_key(const struct scanner *s, const char *p, const struct scan_key *key,
    int parent, size_t n)
{
	return key->parent == parent && (size_t)(s->end - p) >= n &&
	       is_same(p, key->written, n);
}

/* At the quote of a key.  Behind it if the shape has it; its index is *at. */
static const char *
find_key(struct scanner *s, const char *p, int parent, int *at)
{
	int n = parent == NOBODY ? 0 : s->n, i = s->next;

	for (int left = n; left > 0; left--) {
		const struct scan_key *key = &s->keys[i];
		size_t name = key->n - 1; /* with the quote */

		*at = i++;
		if (i == n)
			i = 0;
		if (is_key(s, p + 1, key, parent, name)) {
			s->next = i;
			return p + 1 + name;
		}
	}
	return NULL;
}

/* The usual ones without a call. */
static inline const char *
scan_value(
    struct scanner *s, const char *p, int self, int depth, struct scan_value *v)
{
	if (is(p, DIGIT)) {
		v->type = SCAN_NUMBER;
		return scan_digits(p, &v->text);
	}
	if (*p == '"') {
		v->type = SCAN_STRING;
		return scan_string(p, s->end, &v->text);
	}
	return scan_other(s, p, self, depth, v);
}

/* Behind a key that the shape does not have. */
static const char *
scan_unknown(const struct scanner *s, const char *p, struct seen *seen)
{
	struct span *name = &seen->names[seen->n];

	if (seen->n == UNKNOWN_MAX)
		return NULL;
	p = scan_string(p, s->end, name);
	for (int i = 0; p != NULL && i < seen->n; i++)
		if (span_eq(seen->names[i], *name))
			return NULL;
	seen->n++;
	return p;
}

/* At the quote of a key.  Behind the colon; *v is where its value goes. */
static const char *
scan_key(struct scanner *s, const char *p, int self, struct seen *seen, int *at,
    struct scan_value **v)
{
	const char *key = p;

	p = find_key(s, key, self, at);
	if (p != NULL) {
		*v = &s->out[*at];
		if ((*v)->type != SCAN_ABSENT)
			return NULL;
	} else {
		*v = &seen->ignored;
		*at = NOBODY;
		p = scan_unknown(s, key, seen);
		if (p == NULL)
			return NULL;
	}
	p = skip_blanks(p);
	return *p == ':' ? p + 1 : NULL;
}

/* At a brace.  self: this object's key in the shape, -1 the top. */
static const char *
scan_members(struct scanner *s, const char *p, int self, int depth)
{
	struct seen seen;
	struct scan_value *v;
	int at;

	seen.n = 0;
	p = skip_blanks(p + 1);
	if (*p == '}')
		return p + 1;
	for (;;) {
		const struct scan_key *key = &s->keys[s->next];

		if (*p != '"')
			return NULL;
		if (is_key(s, p + 1, key, self, key->n)) {
			p += 1 + key->n;
			at = s->next;
			v = &s->out[at];
			s->next = at + 1 < s->n ? at + 1 : 0;
			if (v->type != SCAN_ABSENT)
				return NULL;
		} else {
			p = scan_key(s, p, self, &seen, &at, &v);
			if (p == NULL)
				return NULL;
		}
		p = scan_value(s, p, at, depth, v);
		if (p == NULL)
			return NULL;
		p = skip_blanks(p);
		if (*p == '}')
			return p + 1;
		if (*p != ',')
			return NULL;
		p = skip_blanks(p + 1);
	}
}

static const char *
scan_elements(struct scanner *s, const char *p, int depth)
{
	struct scan_value ignored;

	p = skip_blanks(p + 1);
	if (*p == ']')
		return p + 1;
	for (;; p++) {
		p = scan_value(s, p, NOBODY, depth, &ignored);
		if (p == NULL)
			return NULL;
		p = skip_blanks(p);
		if (*p == ']')
			return p + 1;
		if (*p != ',')
			return NULL;
	}
}

/* An object or array; depth counts those around it.  Only the outermost one
 * may reach the end. */
static const char *
scan_nested(
    struct scanner *s, const char *p, int self, int depth, struct scan_value *v)
{
	v->text.p = p;
	if (depth == SCAN_DEPTH_MAX)
		return NULL;
	if (*p == '{') {
		v->type = SCAN_OBJECT;
		p = scan_members(s, p, self, depth + 1);
	} else {
		v->type = SCAN_ARRAY;
		p = scan_elements(s, p, depth + 1);
	}
	if (p == NULL || (p == s->end && depth > 0))
		return NULL;
	v->text.n = (size_t)(p - v->text.p);
	return p;
}

/* Any value, behind blanks. */
static const char *
scan_other(
    struct scanner *s, const char *p, int self, int depth, struct scan_value *v)
{
	p = skip_blanks(p);
	switch (*p) {
	case '"':
		v->type = SCAN_STRING;
		return scan_string(p, s->end, &v->text);
	case 'n':
		v->type = SCAN_NULL;
		return scan_word(p, s->end, "null", &v->text);
	case 't':
		v->type = SCAN_TRUE;
		return scan_word(p, s->end, "true", &v->text);
	case 'f':
		v->type = SCAN_FALSE;
		return scan_word(p, s->end, "false", &v->text);
	case '{':
	case '[':
		return scan_nested(s, p, self, depth, v);
	default:
		v->type = SCAN_NUMBER;
		return scan_digits(p, &v->text);
	}
}

size_t
scan_prefix(
    const struct scan_shape *shape, struct span text, struct scan_value *out)
{
	struct scanner s = {shape->keys, out, text.p + text.n, shape->n, 0};
	struct scan_value whole;
	const char *p = text.p;

	if (text.n == 0 || *p != '{')
		return 0;
	/* all SCAN_ABSENT */
	memset(out, 0, (size_t)shape->n * sizeof(*out));
	p = scan_nested(&s, p, -1, 0, &whole);
	return p == NULL ? 0 : (size_t)(p - text.p);
}

bool
scan_object(
    const struct scan_shape *shape, struct span text, struct scan_value *out)
{
	while (text.n > 0 && is(text.p + text.n - 1, BLANK))
		text.n--;
	while (text.n > 0 && is(text.p, BLANK)) {
		text.p++;
		text.n--;
	}
	return text.n > 0 && text.p[text.n - 1] == '}' &&
	       scan_prefix(shape, text, out) == text.n;
}

bool
scan_number(struct span text)
{
	char copy[NUMBER_MAX + 1];
	struct span number;

	if (text.n == 0 || text.n > NUMBER_MAX)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '}'; /* what scan_digits relies on */
	return scan_digits(copy, &number) == copy + text.n;
}
