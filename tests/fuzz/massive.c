/* SPDX-License-Identifier: ISC */
/*
 * A row of Massive that is taken becomes a line that reads back as the same
 * contract; the spot it tells is a number; a next_url that is taken is
 * printable and short.
 */
#include <stdint.h>
#include <stdlib.h>

#include "line.h"
#include "massive.h"

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static void
check_row(struct span text)
{
	struct line_reader cr = {0};
	struct massive_rows rows;
	struct contract c, d;
	struct buf a = {0}, b = {0};
	struct err e;

	massive_rows_init(&rows, "SPX", INT64_C(1750000000000));
	if (massive_row(&rows, text, &c, &e) == 0) {
		line_write(&a, &c);
		expect(
		    line_read(&cr, (struct span){a.p, a.n - 1}, &d, &e) == 0);
		line_write(&b, &d);
		expect(span_eq(buf_view(&a), buf_view(&b)));
		expect(c.ts > 0 && c.ts == d.ts);
		expect(rows.spot[0] == '\0' ||
		       contract_value_ok(CK_UNSIGNED, span_str(rows.spot)));
	} else {
		expect(e.exit == EX_DATAERR);
	}
	massive_rows_free(&rows);
	line_reader_free(&cr);
	buf_free(&a);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct massive_page page;
	char error[MASSIVE_TEXT_MAX];
	struct err e;

	check_row(text);
	massive_error_text(text, error);
	expect(strlen(error) < MASSIVE_TEXT_MAX);
	if (massive_page_read(text, &page, &e) == 0) {
		for (const char *p = page.next; *p != '\0'; p++)
			expect(*p > ' ' && *p <= '~');
	} else {
		expect(e.exit == EX_DATAERR || e.exit == EX_PROTOCOL);
	}
	return 0;
}
