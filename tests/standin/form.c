/* SPDX-License-Identifier: ISC */
/* form: see form.h. */
#include "form.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool
is_plain(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
	       c == '~';
}

void
form_escape(struct buf *b, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (is_plain(text.p[i]))
			buf_char(b, text.p[i]);
		else if (text.p[i] == ' ')
			buf_char(b, '+');
		else
			buf_fmt(b, "%%%02X", (unsigned char)text.p[i]);
	}
}

void
form_add(struct buf *b, size_t start, const char *name, struct span value)
{
	if (b->n > start)
		buf_char(b, '&');
	form_escape(b, span_str(name));
	buf_char(b, '=');
	form_escape(b, value);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int
add_unescaped(struct buf *b, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '+') {
			buf_char(b, ' ');
		} else if (text.p[i] != '%') {
			buf_char(b, text.p[i]);
		} else {
			if (text.n - i < 3 || hex(text.p[i + 1]) < 0 ||
			    hex(text.p[i + 2]) < 0)
				return -1;
			buf_char(b, (char)(hex(text.p[i + 1]) * 16 +
					   hex(text.p[i + 2])));
			i += 2;
		}
	}
	return 0;
}

int
form_parse(struct words *w, struct span text)
{
	const char *p = text.p, *end = text.p + text.n, *stop, *eq;

	for (; p < end; p = stop + 1) {
		stop = memchr(p, '&', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		if (stop == p)
			continue;
		eq = memchr(p, '=', (size_t)(stop - p));
		if (eq == NULL)
			eq = stop;
		if (add_unescaped(
			&w->text, (struct span){p, (size_t)(eq - p)}) != 0)
			return -1;
		words_close(w);
		if (eq < stop &&
		    add_unescaped(&w->text,
			(struct span){eq + 1, (size_t)(stop - eq - 1)}) != 0)
			return -1;
		words_close(w);
	}
	return 0;
}

struct span
form_get(struct words *w, const char *name)
{
	const struct span *v = words_view(w);

	for (size_t i = 0; i + 1 < w->n; i += 2)
		if (span_eq(v[i], span_str(name)))
			return v[i + 1];
	return SPAN_NONE;
}

void
form_base64(struct buf *b, struct span bytes)
{
	unsigned long bits = 0;
	int have = 0;

	for (size_t i = 0; i < bytes.n; i++) {
		bits = (bits << 8 | (unsigned char)bytes.p[i]) & 0xffffff;
		for (have += 8; have >= 6; have -= 6)
			buf_char(b, alphabet[bits >> (have - 6) & 63]);
	}
	if (have > 0)
		buf_char(b, alphabet[bits << (6 - have) & 63]);
}

int
form_unbase64(struct buf *b, struct span text)
{
	unsigned long bits = 0;
	const char *at;
	int have = 0;

	for (size_t i = 0; i < text.n; i++) {
		at = memchr(alphabet, text.p[i], 64);
		if (at == NULL)
			return -1;
		bits = (bits << 6 | (unsigned long)(at - alphabet)) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_char(b, (char)(bits >> have & 0xff));
		}
	}
	return text.n % 4 == 1 ? -1 : 0;
}
