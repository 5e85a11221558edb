/* SPDX-License-Identifier: ISC */
/*
 * shape: see shape.h.
 */
#include "shape.h"
#include "rec.h"

/* Copies into own, which was given room for the whole text: no string is
 * longer than what it was written as, so earlier spans stay where they are. */
static struct span
keep(struct buf *own, const json_t *string)
{
	size_t n = json_string_length(string), at = own->n;

	buf_add(own, json_string_value(string), n);
	return (struct span){own->p + at, n};
}

/* May a record carry this valid number?  See contract_value_ok. */
static bool
is_plain(const json_t *number)
{
	const char *e = strpbrk(json_string_value(number), "eE");

	if (json_string_length(number) > SHAPE_NUMBER_MAX)
		return false;
	return e == NULL || strlen(e + 1 + strspn(e + 1, "+-")) <= 2;
}

static struct scan_value
convert(const json_t *value, const json_t *text, struct buf *own)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return (struct scan_value){SCAN_STRING, keep(own, value)};
	case JSON_INTEGER:
	case JSON_REAL:
		return (struct scan_value){
		    is_plain(text) ? SCAN_NUMBER : SCAN_ODD_NUMBER,
		    keep(own, text)};
	case JSON_NULL:
		return (struct scan_value){SCAN_NULL, SPAN_LIT("null")};
	case JSON_TRUE:
		return (struct scan_value){SCAN_TRUE, SPAN_LIT("true")};
	case JSON_FALSE:
		return (struct scan_value){SCAN_FALSE, SPAN_LIT("false")};
	case JSON_OBJECT:
		return (struct scan_value){SCAN_OBJECT, SPAN_LIT("")};
	case JSON_ARRAY:
		break;
	}
	return (struct scan_value){SCAN_ARRAY, SPAN_LIT("")};
}

enum shape_path
shape_read_slow(const struct scan_shape *shape, struct span text,
    struct buf *own, struct scan_value *out, struct err *e)
{
	json_t *values[SCAN_KEYS_MAX], *texts[SCAN_KEYS_MAX];
	struct rec r;

	if (rec_parse(&r, text, e) != 0)
		return SHAPE_BAD;
	buf_clear(own);
	buf_reserve(own, text.n);
	for (int i = 0; i < shape->n; i++) {
		const struct scan_key *key = &shape->keys[i];

		/* json_object_get of what is no object is NULL */
		values[i] = json_object_get(
		    key->parent < 0 ? r.value : values[key->parent], key->name);
		texts[i] = json_object_get(
		    key->parent < 0 ? r.text : texts[key->parent], key->name);
		out[i] = (struct scan_value){SCAN_ABSENT, SPAN_NONE};
		if (values[i] != NULL)
			out[i] = convert(values[i], texts[i], own);
	}
	rec_free(&r);
	return SHAPE_SLOW;
}

enum shape_path
shape_read(const struct scan_shape *shape, struct span text, struct buf *own,
    struct scan_value *out, struct err *e)
{
	if (scan_object(shape, text, out))
		return SHAPE_FAST;
	return shape_read_slow(shape, text, own, out, e);
}

size_t
shape_ahead(
    const struct scan_shape *shape, struct span text, struct shape_ahead *a)
{
	size_t n = scan_prefix(shape, text, a->v);

	a->text = n == 0 ? SPAN_NONE : (struct span){text.p, n};
	return n;
}

enum shape_path
shape_read_ahead(const struct scan_shape *shape, struct span text,
    struct buf *own, struct shape_ahead *a, struct err *e)
{
	bool known = a->text.p == text.p && a->text.n == text.n;

	a->text = SPAN_NONE; /* another row may come to lie there */
	return known ? SHAPE_FAST : shape_read(shape, text, own, a->v, e);
}
