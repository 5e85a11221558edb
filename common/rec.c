/* SPDX-License-Identifier: ISC */
/*
 * rec: see rec.h.
 *
 * The second reading needs a text in which every number is a string: since
 * jansson accepted the first one, a number starts exactly at a '-' or digit
 * outside strings, and goes on while its characters do.
 */
#include <stdio.h>
#include <string.h>

#include "rec.h"
#include "symbol.h"

static const struct rec_kind {
	const char *type;
	const char *required; /* names separated by blanks */
} kinds[] = {
#define RECORD(type, required, help) {#type, required},
#include "records.def"
#undef RECORD
};

void
rec_free(struct rec *r)
{
	json_decref(r->value);
	json_decref(r->text);
	r->value = NULL;
	r->text = NULL;
}

static bool
is_number_char(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
	       c == 'e' || c == 'E';
}

static size_t
string_end(struct span text, size_t i)
{
	for (i++; i < text.n && text.p[i] != '"'; i++)
		if (text.p[i] == '\\')
			i++;
	return i < text.n ? i + 1 : text.n;
}

/* Rewrite valid JSON; returns its depth. */
static int
quote_numbers(struct span text, struct buf *out)
{
	int depth = 0, deepest = 0;
	size_t i = 0, from;

	buf_reserve(out, text.n + text.n / 4);
	while (i < text.n) {
		char c = text.p[i];

		from = i;
		if (c == '"') {
			i = string_end(text, i);
			buf_add(out, text.p + from, i - from);
			continue;
		}
		if (c == '-' || (c >= '0' && c <= '9')) {
			while (i < text.n && is_number_char(text.p[i]))
				i++;
			buf_char(out, '"');
			buf_add(out, text.p + from, i - from);
			buf_char(out, '"');
			continue;
		}
		if (c == '{' || c == '[')
			deepest = ++depth > deepest ? depth : deepest;
		else if (c == '}' || c == ']')
			depth--;
		buf_char(out, c);
		i++;
	}
	return deepest;
}

int
rec_parse(struct rec *r, struct span text, struct err *e)
{
	struct buf quoted = {0};
	json_error_t why;
	int rc = -1;

	memset(r, 0, sizeof(*r));
	/* jansson 2.14 overlooks a NUL behind a number */
	if (text.n > 0 && memchr(text.p, 0, text.n) != NULL) {
		err_set(e, EX_DATAERR, "BAD_JSON", "a NUL byte");
		goto out;
	}
	r->value = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
	if (r->value == NULL) {
		err_set(e, EX_DATAERR, "BAD_JSON", "at byte %d: %s",
		    why.position, why.text);
		goto out;
	}
	if (!json_is_object(r->value)) {
		err_set(e, EX_DATAERR, "BAD_JSON", "not an object");
		goto out;
	}
	if (quote_numbers(text, &quoted) > REC_DEPTH_MAX) {
		err_set(e, EX_DATAERR, "BAD_JSON", "nested more than %d deep",
		    REC_DEPTH_MAX);
		goto out;
	}
	r->text = json_loadb(quoted.p, quoted.n, JSON_REJECT_DUPLICATES, &why);
	if (r->text == NULL) {
		err_set(e, EX_SOFTWARE, "BAD_JSON",
		    "accepted text does not read twice: %s", why.text);
		goto out;
	}
	rc = 0;
out:
	buf_free(&quoted);
	if (rc != 0)
		rec_free(r);
	return rc;
}

/* Borrowed: the value at a dotted path below an object, or NULL. */
static json_t *
descend(json_t *v, const char *path)
{
	size_t n;

	for (; v != NULL; path += n + 1) {
		n = strcspn(path, ".");
		v = json_object_getn(v, path, n);
		if (path[n] == '\0')
			break;
	}
	return v;
}

static const struct rec_kind *
find_kind(const char *type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return NULL;
}

/* Is the first of the required fields "symbol" itself, not "symbols"? */
static bool
names_symbol(const char *names)
{
	return strcspn(names, " ") == 6 && strncmp(names, "symbol", 6) == 0;
}

static int
check_required(
    const struct rec *r, const char *type, const char *names, struct err *e)
{
	const char *p = names;
	json_t *v;

	while (*p != '\0') {
		size_t n = strcspn(p, " ");

		v = json_object_getn(r->value, p, n);
		if (v == NULL || json_is_null(v))
			return err_set(e, EX_DATAERR, "BAD_RECORD",
			    "%s without %.*s", type, (int)n, p);
		p += n + strspn(p + n, " ");
	}
	v = json_object_get(r->value, "symbol");
	if (names_symbol(names) &&
	    !symbol_valid(span_str(json_string_value(v))))
		return err_set(
		    e, EX_DATAERR, "BAD_RECORD", "%s with a bad symbol", type);
	return 0;
}

int
rec_read(struct rec *r, struct span line, struct err *e)
{
	const struct rec_kind *kind;
	const char *type;
	int64_t ts;

	if (rec_parse(r, line, e) != 0)
		return -1;
	type = rec_str(r, "type");
	if (type == NULL) {
		err_set(e, EX_DATAERR, "BAD_RECORD", "no type");
		goto bad;
	}
	if (rec_int(r, "ts", &ts) != 0) {
		err_set(e, EX_DATAERR, "BAD_RECORD", "no integer ts");
		goto bad;
	}
	kind = find_kind(type);
	if (kind != NULL && check_required(r, type, kind->required, e) != 0)
		goto bad;
	return 0;
bad:
	rec_free(r);
	return -1;
}

struct span
rec_peek_type(struct span line)
{
	static const char start[] = "{\"type\":\"";
	static const char usual[] = "{\"type\":\"contract\"";
	size_t i = sizeof(start) - 1;

	if (line.n >= sizeof(usual) - 1 &&
	    memcmp(line.p, usual, sizeof(usual) - 1) == 0)
		return (struct span){line.p + i, sizeof(usual) - 2 - i};
	if (line.n < i || memcmp(line.p, start, i) != 0)
		return SPAN_NONE;
	while (i < line.n &&
	       ((line.p[i] >= 'a' && line.p[i] <= 'z') || line.p[i] == '_' ||
		   (line.p[i] >= '0' && line.p[i] <= '9')))
		i++;
	if (i == sizeof(start) - 1 || i == line.n || line.p[i] != '"')
		return SPAN_NONE;
	return (struct span){
	    line.p + sizeof(start) - 1, i - (sizeof(start) - 1)};
}

const char *
rec_type(const struct rec *r)
{
	return rec_str(r, "type");
}

int64_t
rec_ts(const struct rec *r)
{
	int64_t ts = 0;

	rec_int(r, "ts", &ts);
	return ts;
}

/* rec_parse refuses NULs; a tree of other origin might hold some. */
static const char *
string_of(const json_t *v)
{
	if (!json_is_string(v) ||
	    strlen(json_string_value(v)) != json_string_length(v))
		return NULL;
	return json_string_value(v);
}

const char *
rec_str(const struct rec *r, const char *path)
{
	return string_of(descend(r->value, path));
}

const char *
rec_item(const struct rec *r, const char *path, size_t i)
{
	return string_of(json_array_get(descend(r->value, path), i));
}

size_t
rec_items(const struct rec *r, const char *path)
{
	return json_array_size(descend(r->value, path));
}

struct span
rec_num(const struct rec *r, const char *path)
{
	json_t *text;

	if (!json_is_number(descend(r->value, path)))
		return SPAN_NONE;
	text = descend(r->text, path);
	return (struct span){json_string_value(text), json_string_length(text)};
}

int
rec_int(const struct rec *r, const char *path, int64_t *out)
{
	json_t *v = descend(r->value, path);

	if (!json_is_integer(v))
		return -1;
	*out = json_integer_value(v);
	return 0;
}

bool
rec_has(const struct rec *r, const char *path)
{
	return descend(r->value, path) != NULL;
}

/* One code point of UTF-8, or -1; *n bytes were taken, at least one. */
static int32_t
decode_utf8(struct span s, size_t *n)
{
	static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)s.p[0];
	size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	int32_t v = c & (0x3f >> more);

	*n = 1;
	if (c < 0xc2 || c > 0xf4 || s.n <= more)
		return -1;
	for (size_t i = 1; i <= more; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return -1;
		v = v << 6 | ((unsigned char)s.p[i] & 0x3f);
	}
	if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return -1;
	*n = more + 1;
	return v;
}

void
rec_quote(struct buf *b, struct span text)
{
	size_t n;

	buf_char(b, '"');
	for (; text.n > 0; text.p += n, text.n -= n) {
		unsigned char c = (unsigned char)text.p[0];
		int32_t v = c;

		n = 1;
		if (c >= 0x80 && (v = decode_utf8(text, &n)) < 0)
			v = 0xfffd;
		if (c == '"' || c == '\\') {
			buf_char(b, '\\');
			buf_char(b, (char)c);
		} else if (c >= 0x20 && c < 0x7f) {
			buf_char(b, (char)c);
		} else if (v >= 0x10000) {
			buf_fmt(b, "\\u%04x\\u%04x",
			    (unsigned)(0xd7c0 + (v >> 10)),
			    (unsigned)(0xdc00 + (v & 0x3ff)));
		} else {
			buf_fmt(b, "\\u%04x", (unsigned)v);
		}
	}
	buf_char(b, '"');
}

static void
add_key(struct buf *b, const char *key)
{
	buf_str(b, ",\"");
	buf_str(b, key);
	buf_str(b, "\":");
}

void
rec_begin(struct buf *b, const char *type, int64_t ts)
{
	buf_str(b, "{\"type\":\"");
	buf_str(b, type);
	buf_str(b, "\",\"ts\":");
	buf_int(b, ts);
}

void
rec_add_str(struct buf *b, const char *key, const char *value)
{
	if (value == NULL)
		return;
	add_key(b, key);
	rec_quote(b, span_str(value));
}

void
rec_add_int(struct buf *b, const char *key, int64_t value)
{
	add_key(b, key);
	buf_int(b, value);
}

void
rec_add_json(struct buf *b, const char *key, struct span json)
{
	if (json.p == NULL)
		return;
	add_key(b, key);
	buf_span(b, json);
}

void
rec_add_num(struct buf *b, const char *key, struct span digits)
{
	rec_add_json(b, key, digits);
}

void
rec_add_bool(struct buf *b, const char *key, bool value)
{
	add_key(b, key);
	buf_str(b, value ? "true" : "false");
}

void
rec_end(struct buf *b)
{
	buf_str(b, "}\n");
}
