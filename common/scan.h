/* SPDX-License-Identifier: ISC */
/*
 * scan: the fast path through JSON objects whose shape is known.
 *
 * It accepts a strict subset: no escapes, no byte outside printable ASCII in
 * strings, no repeated key, depth ≤ 8, numbers that cannot overflow; wanted
 * values come back as spans of the text, without copying.  To all else it
 * says "not mine", and the caller asks jansson (rec.h).  On what it accepts
 * it agrees with jansson: tests/unit and tests/fuzz hold the two together.
 *
 * Layer: knows buf.
 */
#ifndef EPOCH_SCAN_H
#define EPOCH_SCAN_H

#include <stdbool.h>

#include "buf.h"

#define SCAN_DEPTH_MAX 8
#define SCAN_KEYS_MAX 64

/*
 * The keys that a shape knows.  parent is the index of the key whose object
 * holds this one, -1 for the top.  List keys in their usual order: the next
 * expected one is tried first.  Known but unwanted keys belong in the table
 * too: they cost nothing, while unknown ones are kept to be compared with
 * each other (at most 16 an object, else "not mine").
 */
struct scan_key {
	const char *name;
	const char *written; /* as it usually is: the name, quote and colon */
	int parent;
	size_t n; /* bytes of that */
};

#define SCAN_KEY(name, parent)                                                 \
	{                                                                      \
		name, name "\":", (parent), sizeof(name) + 1                   \
	}

enum scan_type {
	SCAN_ABSENT = 0,
	SCAN_STRING, /* text without the quotes */
	SCAN_NUMBER, /* text as written */
	SCAN_NULL,
	SCAN_TRUE,
	SCAN_FALSE,
	SCAN_OBJECT,     /* text from { to } */
	SCAN_ARRAY,      /* text from [ to ] */
	SCAN_ODD_NUMBER, /* too long for a record; never from scan itself */
};

struct scan_value {
	enum scan_type type;
	struct span text;
};

struct scan_shape {
	const struct scan_key *keys;
	int n;
};

/* true: the text is one valid object and out[0..n-1] are set.  false: not
 * mine, out is undefined. */
bool scan_object(
    const struct scan_shape *shape, struct span text, struct scan_value *out);

/*
 * The same for an object that begins the text; what follows it does not
 * matter, but the last byte must be a brace '}'.  Returns the object's length,
 * 0 for not mine.
 */
size_t scan_prefix(
    const struct scan_shape *shape, struct span text, struct scan_value *out);

/* Is text a number of JSON's grammar that scan accepts?  The longest is 40
 * bytes, below 9e18 before the point, exponent of ≤ 2 digits. */
bool scan_number(struct span text);

#endif
