/* SPDX-License-Identifier: ISC */
/* canon: the short cut agrees with line_read. */
#include <stdlib.h>

#include "canon.h"
#include "check.h"
#include "line.h"

/* A contract of random values, most of them there. */
static void
make_line(struct buf *b, uint64_t *seed)
{
	static const char *const values[] = {"0", "1.50", "-0.25", "0.0",
	    "7195.6", "12345678901234567", "100", "99999.999",
	    "0.30000000000000000001", "1784931945000", "-7", "1e-2", "-0.0",
	    "01", "1.", "x"};
	struct contract c = {.symbol = SPAN_LIT("SPX")};
	bool put = check_random(seed) & 1, bad = check_random(seed) % 4 == 0;
	int i;

	c.ts = 1 + check_random(seed);
	c.id = put ? SPAN_LIT("O:SPX260821P00200500")
		   : SPAN_LIT("O:SPXW260821C00200000");
	for (i = CF_MULTIPLIER; i < CF_COUNT; i++) {
		if (contract_fields[i].in_line && check_random(seed) % 8 > 0)
			do
				c.f[i] = span_str(values[check_random(seed) %
							 (bad ? 16 : 11)]);
			while (!bad && !contract_value_ok(
					   contract_fields[i].kind, c.f[i]));
	}
	c.f[CF_EXPIRATION] = SPAN_LIT("2026-08-21");
	c.f[CF_STRIKE] = put ? SPAN_LIT("200.5") : SPAN_LIT("200");
	c.f[CF_RIGHT] = put ? SPAN_LIT("put") : SPAN_LIT("call");
	buf_clear(b);
	line_write(b, &c);
	b->n--;
}

static void
change(struct buf *b, uint64_t *seed)
{
	static const char bytes[] = "0123456789.-eE\"{}:, abcPC\n\\";
	size_t at = check_random(seed) % b->n;

	switch (check_random(seed) % 3) {
	case 0:
		b->p[at] = bytes[check_random(seed) % (sizeof(bytes) - 1)];
		break;
	case 1:
		memmove(b->p + at, b->p + at + 1, --b->n - at);
		break;
	default:
		b->n -= check_random(seed) % 20;
	}
}

static bool
same(const struct contract *a, const struct contract *b)
{
	int i;

	if (a->ts != b->ts || a->symbol.p != b->symbol.p ||
	    a->symbol.n != b->symbol.n || a->id.p != b->id.p ||
	    a->id.n != b->id.n)
		return false;
	for (i = 0; i < CF_COUNT; i++)
		if (a->f[i].p != b->f[i].p || a->f[i].n != b->f[i].n)
			return false;
	return true;
}

/* The line in a place of exactly its size: a sanitizer sees what is read
 * beyond. */
static bool
check_line(struct line_reader *cr, struct span line)
{
	struct contract a, b;
	struct err e;
	char *exact = malloc(line.n == 0 ? 1 : line.n);
	bool taken;

	memcpy(exact, line.p, line.n);
	line.p = exact;
	taken = canon_read(line, &a);
	if (taken) {
		CHECK_INT(line_read(cr, line, &b, &e), 0);
		CHECK(same(&a, &b));
	}
	free(exact);
	return taken;
}

int
main(void)
{
	struct line_reader cr = {0};
	struct buf line = {0};
	uint64_t seed = 1;
	int i, k, taken = 0, changed = 0;

	test_begin("a line of line_write reads as by line_read");
	for (i = 0; i < 20000; i++) {
		make_line(&line, &seed);
		taken += check_line(&cr, buf_view(&line));
	}
	CHECK(taken > 4000 && taken < 16000);

	test_begin("and so does whatever is accepted of damaged ones");
	for (i = 0; i < 20000; i++) {
		make_line(&line, &seed);
		for (k = 0; k < 1 + i % 2; k++)
			change(&line, &seed);
		changed += check_line(&cr, buf_view(&line));
	}
	CHECK(changed > 200 && changed < taken);

	test_begin("a cut line is never accepted");
	do
		make_line(&line, &seed);
	while (!check_line(&cr, buf_view(&line)));
	while (line.n-- > 0)
		CHECK(!check_line(&cr, (struct span){line.p, line.n}));
	buf_free(&line);
	line_reader_free(&cr);
	return test_done();
}
