/* SPDX-License-Identifier: ISC */
/* raw: see raw.h. */
#include "raw.h"

/* Of a body in one record: six times as much, the worst of escaping, stays
 * below the limit of a line. */
#define PART (128 * 1024)

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
write_base64(struct buf *b, struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	char four[4];

	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		unsigned v = (unsigned)p[i] << 16;

		if (left > 1)
			v |= (unsigned)p[i + 1] << 8;
		if (left > 2)
			v |= p[i + 2];
		four[0] = digits[v >> 18];
		four[1] = digits[v >> 12 & 63];
		four[2] = left > 1 ? digits[v >> 6 & 63] : '=';
		four[3] = left > 2 ? digits[v & 63] : '=';
		buf_add(b, four, sizeof(four));
	}
}

static int
read_base64(struct buf *b, const char *text)
{
	unsigned v = 0, bits = 0;
	const char *at;
	size_t n = strcspn(text, "=");

	if ((n + strspn(text + n, "=")) % 4 != 0 || strlen(text + n) > 2)
		return -1;
	for (size_t i = 0; i < n; i++) {
		at = strchr(digits, text[i]);
		if (at == NULL)
			return -1;
		v = v << 6 | (unsigned)(at - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_char(b, (char)(v >> bits & 255));
		}
	}
	return 0;
}

/* As text it can be searched and compressed; that must lose nothing. */
static bool
is_ascii(struct span body)
{
	for (size_t i = 0; i < body.n; i++)
		if (body.p[i] == '\0' || (unsigned char)body.p[i] > 127)
			return false;
	return true;
}

void
raw_write(struct out *out, const struct raw_page *page, struct span body)
{
	struct buf b = {0};
	bool as_text = is_ascii(body);
	int64_t parts = (int64_t)((body.n + PART - 1) / PART);

	for (int64_t i = 0; i < parts; i++) {
		struct span part = {
		    body.p + i * PART, body.n < PART ? body.n : PART};

		body.n -= part.n;
		buf_clear(&b);
		rec_begin(&b, "chain_page", page->ts);
		rec_add_str(&b, "symbol", page->symbol);
		rec_add_str(&b, "source", page->source);
		rec_add_str(&b, "reason", page->reason);
		rec_add_str(&b, "filter", page->filter);
		rec_add_str(&b, "run", page->run);
		rec_add_int(&b, "page", page->page);
		if (page->walk > 1)
			rec_add_int(&b, "walk", page->walk);
		if (page->is_divided)
			rec_add_bool(&b, "divided", true);
		rec_add_str(&b, "url", page->url);
		rec_add_int(&b, "part", i + 1);
		rec_add_int(&b, "parts", parts);
		if (page->is_last && i + 1 == parts)
			rec_add_bool(&b, "last", true);
		buf_str(&b, as_text ? ",\"body\":" : ",\"base64\":\"");
		if (as_text)
			rec_quote(&b, part);
		else
			write_base64(&b, part);
		buf_str(&b, as_text ? "" : "\"");
		rec_end(&b);
		out_write(out, b.p, b.n);
	}
	buf_free(&b);
}

int
raw_read(const struct rec *r, struct buf *body, struct err *e)
{
	const char *text = rec_str(r, "body");

	if (text != NULL)
		buf_str(body, text);
	else if ((text = rec_str(r, "base64")) == NULL ||
		 read_base64(body, text) != 0)
		return err_set(e, EX_DATAERR, "BAD_RECORD",
		    "a chain_page without a body that can be read");
	if (body->n > RAW_BODY_MAX)
		return err_set(e, EX_DATAERR, "TOO_LONG",
		    "a body of more than %d MiB", RAW_BODY_MAX / 1024 / 1024);
	return 0;
}
