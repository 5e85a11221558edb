/* SPDX-License-Identifier: ISC */
/*
 * A row that is taken becomes a line that reads back as the same contract
 * and is written the same; a header that is taken is in range.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cboe.h"
#include "line.h"

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static void
check_row(struct span text)
{
	static const struct cboe_header header = {
	    .symbol = {.name = "SPX", .is_index = true},
	    .ts = INT64_C(1750000000000)};
	struct line_reader cr = {0};
	struct cboe_rows rows;
	struct contract c, d;
	struct buf a = {0}, b = {0};
	struct err e;

	cboe_rows_init(&rows, &header);
	if (cboe_row(&rows, text, &c, &e) == 0) {
		line_write(&a, &c);
		expect(
		    line_read(&cr, (struct span){a.p, a.n - 1}, &d, &e) == 0);
		line_write(&b, &d);
		expect(span_eq(buf_view(&a), buf_view(&b)));
		expect(c.ts > 0 && c.ts == d.ts);
	} else {
		expect(e.exit == EX_DATAERR);
	}
	cboe_rows_free(&rows);
	line_reader_free(&cr);
	buf_free(&a);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct line_reader cr = {0};
	struct cboe_header h;
	struct contract c;
	struct buf b = {0};
	struct err e;

	check_row(text);
	if (cboe_header_read(text, &h, &e) == 0) {
		expect(symbol_valid(span_str(h.symbol.name)));
		expect(h.ts > CBOE_DELAY_MS);
		expect(h.spot[0] == '\0' ||
		       contract_value_ok(CK_UNSIGNED, span_str(h.spot)));
	}
	/* the contract line itself, straight from outside */
	if (line_read(&cr, text, &c, &e) == 0)
		line_write(&b, &c);
	buf_free(&b);
	line_reader_free(&cr);
	return 0;
}
