/* SPDX-License-Identifier: ISC */
/* edit: see edit.h. */
#include "edit.h"

/* Behind the string, number, word, object or array that begins at p. */
static const char *
skip_value(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '"') {
			for (p++; p < end && *p != '"'; p++)
				p += *p == '\\';
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0)
				return p;
			depth--;
		} else if (depth == 0 && (*p == ',' || *p == ':')) {
			return p;
		}
	}
	return end;
}

static void
add_member(struct buf *out, size_t start, struct span key, struct span value)
{
	if (out->n > start + 1)
		buf_char(out, ',');
	buf_char(out, '"');
	buf_span(out, key);
	buf_str(out, "\":");
	buf_span(out, value);
}

void
edit_object(
    struct buf *out, struct span object, struct span path, struct span json)
{
	const char *p = object.p + 1, *end = object.p + object.n, *from;
	const char *dot = memchr(path.p, '.', path.n);
	struct span key = path, rest = SPAN_NONE, name, value;
	struct buf inner = {0};
	size_t start = out->n;
	bool found = false;

	if (dot != NULL) {
		key.n = (size_t)(dot - path.p);
		rest = (struct span){dot + 1, path.n - key.n - 1};
	}
	buf_char(out, '{');
	while (p < end && *p == '"') {
		from = p;
		p = skip_value(p, end);
		name = (struct span){from + 1, (size_t)(p - from) - 2};
		from = ++p;
		p = skip_value(p, end);
		value = (struct span){from, (size_t)(p - from)};
		p += p < end && *p == ',';
		if (span_eq(name, key)) {
			found = true;
			if (rest.p != NULL && *value.p == '{')
				edit_object(&inner, value, rest, json);
			value = rest.p != NULL ? buf_view(&inner) : json;
			if (value.p == NULL || value.n == 0)
				continue;
		}
		add_member(out, start, name, value);
	}
	if (!found && json.p != NULL) {
		if (rest.p != NULL)
			edit_object(&inner, SPAN_LIT("{}"), rest, json);
		add_member(
		    out, start, key, rest.p != NULL ? buf_view(&inner) : json);
	}
	buf_char(out, '}');
	buf_free(&inner);
}
