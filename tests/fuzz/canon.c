/* SPDX-License-Identifier: ISC */
/* fuzz/canon: what canon_read accepts, line_read reads alike. */
#include <stdlib.h>

#include "canon.h"
#include "line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct line_reader cr = {0};
	struct span line = {(const char *)data, n};
	struct contract a, b;
	struct err e;
	int i;

	if (!canon_read(line, &a))
		return 0;
	require(line_read(&cr, line, &b, &e) == 0);
	require(a.ts == b.ts && span_eq(a.symbol, b.symbol));
	require(span_eq(a.id, b.id));
	for (i = 0; i < CF_COUNT; i++)
		require(a.f[i].p == b.f[i].p && a.f[i].n == b.f[i].n);
	line_reader_free(&cr);
	return 0;
}
