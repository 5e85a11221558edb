/* SPDX-License-Identifier: ISC */
/*
 * What the scanner takes, jansson takes, with the same values.
 */
#include <stdint.h>
#include <stdlib.h>

#include "rec.h"
#include "scan.h"
#include "shape.h"

static const struct scan_key keys[] = {
    SCAN_KEY("id", -1),
    SCAN_KEY("bid", -1),
    SCAN_KEY("details", -1),
    SCAN_KEY("ticker", 2),
    SCAN_KEY("bid", 2),
    SCAN_KEY("ask", -1),
};

#define KEYS ((int)(sizeof(keys) / sizeof(keys[0])))

static const struct scan_shape shape = {keys, KEYS};

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct scan_value fast[KEYS], slow[KEYS];
	struct buf own = {0};
	struct rec r;
	struct err e;

	if (scan_object(&shape, text, fast)) {
		expect(shape_read_slow(&shape, text, &own, slow, &e) ==
		       SHAPE_SLOW);
		for (int i = 0; i < KEYS; i++) {
			expect(fast[i].type == slow[i].type);
			if (fast[i].type != SCAN_OBJECT &&
			    fast[i].type != SCAN_ARRAY)
				expect(span_eq(fast[i].text, slow[i].text));
		}
	}
	if (scan_number(text)) {
		buf_str(&own, "{\"n\":");
		buf_span(&own, text);
		buf_char(&own, '}');
		expect(rec_parse(&r, buf_view(&own), &e) == 0);
		expect(span_eq(rec_num(&r, "n"), text));
		rec_free(&r);
	}
	buf_free(&own);
	return 0;
}
