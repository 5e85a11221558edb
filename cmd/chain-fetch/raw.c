/* SPDX-License-Identifier: ISC */
/* raw: see raw.h. */
#include "raw.h"
#include "base64.h"

/* Of a body in one record: six times as much, the worst of escaping, stays
 * below the limit of a line. */
#define PART (128 * 1024)

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
		if (page->into > 0) {
			rec_add_bool(&b, "divided", true);
			rec_add_int(&b, "into", page->into);
		}
		rec_add_str(&b, "url", page->url);
		rec_add_int(&b, "part", i + 1);
		rec_add_int(&b, "parts", parts);
		if (page->is_last && i + 1 == parts)
			rec_add_bool(&b, "last", true);
		buf_str(&b, as_text ? ",\"body\":" : ",\"base64\":\"");
		if (as_text)
			rec_quote(&b, part);
		else
			base64_write(&b, part);
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
		 base64_read(body, span_str(text)) != 0)
		return err_set(e, EX_DATAERR, "BAD_RECORD",
		    "a chain_page without a body that can be read");
	if (body->n > RAW_BODY_MAX)
		return err_set(e, EX_DATAERR, "TOO_LONG",
		    "a body of more than %d MiB", RAW_BODY_MAX / 1024 / 1024);
	return 0;
}
