/* SPDX-License-Identifier: ISC */
/* geom: ids, strikes, the canonical geometry and its hashes. */
#include <stdlib.h>

#include "check.h"
#include "geom.h"

static void
test_ids(void)
{
	static const char *const bad[] = {"", "O:", "SPX260821C00200000",
	    "O:260821C00200000", "O:ABCDEFGHIJKLM260821C00200000",
	    "O:spx260821C00200000", "O:SPX260821X00200000",
	    "O:SPX260230C00200000", "O:SPX261321C00200000",
	    "O:SPX260800C00200000", "O:SPX260832C00200000",
	    "O:SPX000000C00200000", "O:SPX260821C00000000",
	    "O:SPX260821C0020000x", "O:SPX26082xC00200000",
	    "O:SPX260821C-0200000", "O:SP X260821C00200000",
	    "O:SPX260821C002000000", "X:SPX260821C00200000"};
	struct geom_id id;
	size_t i;

	test_begin("ids are read from the right");
	CHECK(geom_id_parse(SPAN_LIT("O:SPXW260821P07001500"), &id) == 0);
	CHECK(span_eq(id.root, SPAN_LIT("SPXW")));
	CHECK_STR(id.expiration, "2026-08-21");
	CHECK(id.right == 'P' && id.strike_milli == 7001500);
	CHECK(geom_id_parse(SPAN_LIT("O:GOOG1280229C00000001"), &id) == 0);
	CHECK(span_eq(id.root, SPAN_LIT("GOOG1")));
	CHECK_STR(id.expiration, "2028-02-29");
	CHECK(id.right == 'C' && id.strike_milli == 1);
	CHECK(geom_id_parse(SPAN_LIT("O:A991231C99999999"), &id) == 0);
	CHECK(id.strike_milli == 99999999);
	CHECK(geom_id_parse(SPAN_LIT("O:BRK.B2608260821C00200000"), &id) == 0);
	CHECK(span_eq(id.root, SPAN_LIT("BRK.B2608")));

	test_begin("what is no id is refused");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(geom_id_parse(span_str(bad[i]), &id) == -1))
			printf("#   %s\n", bad[i]);
	CHECK(geom_id_parse(SPAN_LIT("O:SPX260821C00\0\0000\0"), &id) == -1);
	CHECK(geom_id_parse(SPAN_LIT("O:SPX270229C00200000"), &id) == -1);
}

static void
test_strikes(void)
{
	static const char *const bad[] = {"", "0", "0.0", "-5", "+5", "1e3",
	    "5.", ".5", "1.0005", "100000", "01", "1 ", "1,5", "nan"};
	uint64_t seed = 11;
	char text[STRIKE_TEXT];
	int32_t milli;
	size_t i;

	test_begin("strikes print without trailing zeros, and read back");
	geom_strike_text(7000000, text);
	CHECK_STR(text, "7000");
	geom_strike_text(4987500, text);
	CHECK_STR(text, "4987.5");
	geom_strike_text(1, text);
	CHECK_STR(text, "0.001");
	geom_strike_text(99999999, text);
	CHECK_STR(text, "99999.999");
	geom_strike_text(10, text);
	CHECK_STR(text, "0.01");
	for (i = 0; i < 50000; i++) {
		int32_t want = 1 + (int32_t)(check_random(&seed) % 99999999);

		if (i % 3 == 0)
			want = want / 1000 * 1000 + 1000 * (want < 1000);
		geom_strike_text(want, text);
		CHECK(geom_strike_parse(span_str(text), &milli) == 0);
		CHECK_INT(milli, want);
	}
	CHECK(geom_strike_parse(SPAN_LIT("7000.10"), &milli) == 0 &&
	      milli == 7000100);

	test_begin("what is no strike is refused");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK(geom_strike_parse(span_str(bad[i]), &milli) == -1))
			printf("#   %s\n", bad[i]);
	CHECK(geom_strike_parse(SPAN_NONE, &milli) == -1);
}

static void
test_sha256(void)
{
	char hash[GEOM_HASH_TEXT];

	test_begin("SHA-256, by the standard's own examples");
	sha256_hex(SPAN_LIT("abc"), hash);
	CHECK_STR(hash, "ba7816bf8f01cfea414140de5dae2223"
			"b00361a396177a9cb410ff61f20015ad");
	sha256_hex(SPAN_LIT(""), hash);
	CHECK_STR(hash, "e3b0c44298fc1c149afbf4c8996fb924"
			"27ae41e4649b934ca495991b7852b855");
}

/* A board of n distinct ids, sorted; the texts live in own. */
static struct span *
make_board(uint64_t seed, size_t n, struct buf *own)
{
	static const char *const roots[] = {"AB1", "AB", "ABW", "ABX"};
	struct span *ids = mem_alloc(n * sizeof(*ids));
	size_t i, at = 0;

	buf_clear(own);
	buf_reserve(own, n * 32);
	for (i = 0; i < n; i++) {
		/* ascending by construction: one counter, high digits first */
		at += 1 + check_random(&seed) % 3;
		ids[i].p = own->p + own->n;
		buf_fmt(own, "O:%s26%02zu15%c%05zu500", roots[at / 4000],
		    1 + at / 400 % 10, "CP"[at / 200 % 2], 1 + at % 200);
		ids[i].n = (size_t)(own->p + own->n - ids[i].p);
	}
	return ids;
}

static size_t
count_distinct(const struct span *ids, size_t n, bool strikes)
{
	static unsigned char seen[100000];
	struct geom_id id;
	size_t i, count = 0, at;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < n; i++) {
		geom_id_parse(ids[i], &id);
		at = strikes ? (size_t)id.strike_milli / 1000
			     : (size_t)atoi(id.expiration + 5);
		count += !seen[at];
		seen[at] = 1;
	}
	return count;
}

static void
test_summary(void)
{
	static const char *const few[] = {"O:SPX260821C04987500",
	    "O:SPX260821P00200000", "O:SPXW260821C00200000",
	    "O:SPXW260918C10000000"};
	struct span ids[4];
	struct geom_summary sum;
	struct buf text = {0};
	char hash[GEOM_HASH_TEXT];
	struct err e;
	size_t i;

	test_begin("geometry is the ids, the grid is strikes and dates");
	for (i = 0; i < 4; i++)
		ids[i] = span_str(few[i]);
	CHECK_INT(geom_summarize(ids, 4, &text, &sum, &e), 0);
	CHECK_STR(text.p, "O:SPX260821C04987500\nO:SPX260821P00200000\n"
			  "O:SPXW260821C00200000\nO:SPXW260918C10000000\n");
	sha256_hex(buf_view(&text), hash);
	CHECK_STR(sum.geometry_hash, hash);
	sha256_hex(SPAN_LIT("200000\n4987500\n10000000\n--\n"
			    "2026-08-21\n2026-09-18\n"),
	    hash);
	CHECK_STR(sum.grid_hash, hash);
	CHECK(sum.contracts == 4 && sum.strikes == 3 && sum.expirations == 2);

	test_begin("no ids at all have a summary too");
	CHECK_INT(geom_summarize(ids, 0, &text, &sum, &e), 0);
	sha256_hex(SPAN_LIT("--\n"), hash);
	CHECK_STR(sum.grid_hash, hash);
	CHECK(text.n == 0 && sum.strikes == 0 && sum.expirations == 0);

	test_begin("bad, unsorted and repeated ids are refused");
	ids[1] = ids[0];
	CHECK(geom_summarize(ids, 4, NULL, &sum, &e) == -1 && e.exit == 70);
	ids[1] = ids[2];
	ids[2] = span_str(few[1]);
	CHECK(geom_summarize(ids, 4, NULL, &sum, &e) == -1 && e.exit == 70);
	ids[2] = SPAN_LIT("O:SPXW260821C00000000");
	CHECK(geom_summarize(ids, 4, NULL, &sum, &e) == -1 && e.exit == 65);
	CHECK_STR(e.code, "BAD_ID");
	buf_free(&text);
}

static void
test_summary_properties(void)
{
	struct geom_summary sum, other;
	struct buf own = {0}, text = {0};
	struct span *ids, *again;
	struct err e;
	size_t n, drop;
	uint64_t seed;

	test_begin("one id less is another hash; counts are those of the set");
	for (seed = 1; seed <= 60; seed++) {
		n = 2 + seed * 53 % 4000;
		ids = make_board(seed, n, &own);
		CHECK_INT(geom_summarize(ids, n, &text, &sum, &e), 0);
		CHECK(sum.contracts == n);
		CHECK(sum.strikes == count_distinct(ids, n, true));
		CHECK(sum.expirations == count_distinct(ids, n, false));
		CHECK_INT(geom_split(buf_view(&text), &again), (int64_t)n);
		CHECK_INT(geom_summarize(again, n, NULL, &other, &e), 0);
		CHECK_STR(sum.geometry_hash, other.geometry_hash);
		CHECK_STR(sum.grid_hash, other.grid_hash);
		free(again);
		drop = seed * 7919 % n;
		memmove(
		    &ids[drop], &ids[drop + 1], (n - drop - 1) * sizeof(*ids));
		CHECK_INT(geom_summarize(ids, n - 1, NULL, &other, &e), 0);
		CHECK(strcmp(sum.geometry_hash, other.geometry_hash) != 0);
		free(ids);
	}
	buf_free(&own);
	buf_free(&text);
}

static void
test_split(void)
{
	static const char *const bad[] = {
	    "a", "a\nb", "\n", "a\n\nb\n", "b\na\n", "a\na\n"};
	struct span *ids;
	size_t i;

	test_begin("only a canonical text is split");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(geom_split(span_str(bad[i]), &ids), -1);
	CHECK_INT(geom_split(SPAN_LIT(""), &ids), 0);
	free(ids);
	CHECK_INT(geom_split(SPAN_LIT("a\nab\nb\n"), &ids), 3);
	CHECK(span_eq(ids[1], SPAN_LIT("ab")));
	free(ids);
}

static void
add_name(struct span id, void *ctx)
{
	struct buf *b = ctx;

	buf_span(b, id);
	buf_char(b, ' ');
}

static void
add_minus(struct span id, void *ctx)
{
	buf_char(ctx, '-');
	add_name(id, ctx);
}

static void
check_diff(const char *a, const char *b, const char *want)
{
	struct span *x, *y;
	long nx = geom_split(span_str(a), &x);
	long ny = geom_split(span_str(b), &y);
	struct buf got = {0};

	CHECK(nx >= 0 && ny >= 0);
	geom_diff(x, (size_t)nx, y, (size_t)ny, add_minus, add_name, &got);
	CHECK_STR(buf_view(&got).p, want);
	buf_clear(&got);
	geom_diff(x, (size_t)nx, y, (size_t)ny, NULL, NULL, &got);
	CHECK(got.n == 0);
	buf_free(&got);
	free(x);
	free(y);
}

static void
test_diff(void)
{
	test_begin("a diff names what left and what entered, in order");
	check_diff("", "", "");
	check_diff("a\nb\n", "a\nb\n", "");
	check_diff("a\nb\n", "", "-a -b ");
	check_diff("", "a\nb\n", "a b ");
	check_diff("a\nc\nd\n", "b\nd\ne\n", "-a b -c e ");
}

int
main(void)
{
	test_ids();
	test_strikes();
	test_sha256();
	test_summary();
	test_summary_properties();
	test_split();
	test_diff();
	return test_done();
}
