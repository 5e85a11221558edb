/* SPDX-License-Identifier: ISC */
/*
 * decide: every rule, at its edges, without a server.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "clock.h"
#include "decide.h"
#include "line.h"

#define T INT64_C(1750000000000) /* end of the active snapshot, ms */

static struct policy policy = {.max_shrink_bp = 2000, .confirm = 2};

/* --- what Redis says --- */

static int
by_name(const void *a, const void *b)
{
	const struct hash_field *x = a, *y = b;

	return span_cmp(x->name, y->name);
}

/* pairs: "name=value" …, NULL.  The strings must live. */
static void
set_hash(struct hash *h, const char *const *pairs)
{
	free(h->f);
	h->n = 0;
	while (pairs[h->n] != NULL)
		h->n++;
	h->f = mem_zalloc((h->n + 1) * sizeof(*h->f));
	for (size_t i = 0; i < h->n; i++) {
		const char *eq = strchr(pairs[i], '=');

		h->f[i].name = (struct span){pairs[i], (size_t)(eq - pairs[i])};
		h->f[i].value = span_str(eq + 1);
	}
	qsort(h->f, h->n, sizeof(*h->f), by_name);
}

#define META(now, ...)                                                         \
	set_hash(&(now)->meta, (const char *const[]){__VA_ARGS__, NULL})

/* --- a snapshot of n contracts, from the strike of number first --- */

static void
make_snapshot(struct snapshot *s, int first, int n, int64_t begin, int64_t end,
    const char *extra)
{
	struct rec head = {0}, tail = {0};
	struct line_reader reader = {0};
	struct buf b = {0};
	struct geom_summary sum;
	struct board board = {0};
	struct err e;
	struct span *ids;
	char id[40], hash[GEOM_HASH_TEXT] = "0";

	/* Twice: the first time to learn the hash. */
	for (int round = 0; round < 2; round++) {
		buf_clear(&b);
		buf_fmt(&b,
		    "{\"type\":\"geometry\",\"ts\":%" PRId64
		    ",\"symbol\":\"SPX\",\"geometry_hash\":\"%s\","
		    "\"grid_hash\":\"x\",\"contracts\":%d,\"strikes\":1,"
		    "\"expirations\":1,\"begin_ts\":%" PRId64
		    ",\"end_ts\":%" PRId64 ",\"source\":\"cboe\"%s}",
		    end, hash, n, begin, end, extra);
		CHECK(rec_read(&head, buf_view(&b), &e) == 0);
		CHECK(snapshot_begin(s, &head, &e) == 0);
		for (int i = first; i < first + n; i++) {
			struct contract c;

			snprintf(id, sizeof(id), "O:SPX250620C%08d", i * 1000);
			buf_clear(&b);
			buf_fmt(&b,
			    "{\"type\":\"contract\",\"ts\":1,\"symbol\":"
			    "\"SPX\",\"id\":\"%s\",\"expiration\":"
			    "\"2025-06-20\",\"strike\":%d,\"right\":\"call\"}",
			    id, i);
			CHECK(line_read(&reader, buf_view(&b), &c, &e) == 0);
			if (round == 0)
				CHECK(board_add(&board, &c, buf_view(&b), &e) ==
				      0);
			else
				CHECK(
				    snapshot_add(s, &c, buf_view(&b), &e) == 0);
		}
		if (round == 0) {
			CHECK(board_seal(&board, &e) == 0);
			ids = board_ids(&board);
			CHECK(
			    geom_summarize(ids, board.n, NULL, &sum, &e) == 0);
			memcpy(hash, sum.geometry_hash, sizeof(hash));
			free(ids);
		}
	}
	buf_clear(&b);
	buf_fmt(&b,
	    "{\"type\":\"chain_end\",\"ts\":1,\"symbol\":\"SPX\","
	    "\"contracts\":%d}",
	    n);
	CHECK(rec_read(&tail, buf_view(&b), &e) == 0);
	CHECK(snapshot_finish(s, &tail, &e) == 0);
	rec_free(&tail);
	rec_free(&head);
	board_free(&board);
	line_reader_free(&reader);
	buf_free(&b);
}

/* The active epoch is of that snapshot's board; meta is the caller's. */
static void
make_current(struct current *now, const struct snapshot *s)
{
	*now = (struct current){.exists = true, .now_ms = T + 10000};
	buf_str(&now->id, "SPX:1750000000:abcd");
	buf_span(&now->geometry, buf_view(&s->geometry));
	now->n = (size_t)geom_split(buf_view(&now->geometry), &now->ids);
}

static void
free_current(struct current *now)
{
	free(now->meta.f);
	free(now->pending.f);
	free(now->ids);
	buf_free(&now->id);
	buf_free(&now->geometry);
}

static const char *
kind_of(const struct current *now, const struct snapshot *s,
    const struct policy *p, struct verdict *v)
{
	static const char *const names[] = {[VERDICT_REJECT] = "reject",
	    [VERDICT_SAME] = "same",
	    [VERDICT_REFRESH] = "refresh",
	    [VERDICT_PROMOTE] = "promote"};
	static char text[64];

	decide(now, s, p, v);
	snprintf(text, sizeof(text), "%s %s", names[v->kind],
	    v->reason == NULL ? "-" : v->reason);
	return text;
}

#define PLAIN ",\"reason\":\"scheduled\""

/* --- the tests --- */

static void
test_first_and_times(void)
{
	static char hash[90];
	struct current none = {.now_ms = T}, now;
	struct snapshot a = {0}, s = {0};
	struct verdict v;
	struct policy force = policy;

	force.force = true;
	make_snapshot(&a, 100, 10, T - 2000, T, PLAIN);
	CHECK_STR(kind_of(&none, &a, &policy, &v), "promote first");
	CHECK(v.entered == 10 && v.exited == 0 && !v.forced);
	CHECK_STR(kind_of(&none, &a, &force, &v), "promote first");
	CHECK(!v.forced);
	CHECK(v.asked);
	none.now_ms = T - 60000;
	CHECK_STR(kind_of(&none, &a, &policy, &v), "promote first");
	none.now_ms--;
	CHECK_STR(kind_of(&none, &a, &policy, &v), "reject future");

	make_current(&now, &a);
	snprintf(hash, sizeof(hash), "geometry_hash=%s", a.sum.geometry_hash);
	META(&now, hash, "begin_ts=1749999998000", "snapshot_ts=1750000000000");
	CHECK_STR(kind_of(&now, &a, &policy, &v), "refresh -");
	CHECK_STR(kind_of(&now, &a, &force, &v), "promote forced");
	CHECK(v.forced && !v.by_silence);
	META(&now, hash, "begin_ts=1749999998000", "snapshot_ts=1750000000000",
	    "forced_ts=1750000000000");
	CHECK_STR(kind_of(&now, &a, &force, &v), "same -");
	META(&now, hash, "begin_ts=1749999998000", "snapshot_ts=1750000000000",
	    "forced_ts=1749999999999");
	CHECK_STR(kind_of(&now, &a, &force, &v), "promote forced");

	for (int db = -1; db <= 1; db++) {
		for (int de = -1; de <= 1; de++) {
			make_snapshot(
			    &s, 100, 11, T - 2000 + db, T + de, PLAIN);
			CHECK_STR(kind_of(&now, &s, &policy, &v),
			    db < 0 || de < 0 ? "reject stale"
					     : "promote geometry");
		}
	}
	free_current(&now);
	snapshot_free(&a);
	snapshot_free(&s);
}

static void
test_silence(void)
{
	static char hash[90];
	struct snapshot a = {0}, mine = {0}, other = {0}, plain = {0};
	struct verdict v;
	struct current now;

	make_snapshot(&a, 100, 10, T - 2000, T, PLAIN);
	make_snapshot(&mine, 100, 10, T - 1000, T + 1000,
	    ",\"reason\":\"dormant\",\"for_epoch\":\"SPX:1750000000:abcd\"");
	make_snapshot(&other, 100, 10, T - 1000, T + 1000,
	    ",\"reason\":\"dormant\",\"for_epoch\":\"SPX:1749999999:abcd\"");
	make_snapshot(&plain, 100, 10, T - 1000, T + 1000,
	    ",\"reason\":\"gap\",\"for_epoch\":\"SPX:1750000000:abcd\"");
	make_current(&now, &a);
	snprintf(hash, sizeof(hash), "geometry_hash=%s", a.sum.geometry_hash);
	for (int count = 0; count <= 2; count += 2) {
		for (int ticks = 0; ticks <= 5; ticks += 5) {
			bool silent = count > 0 || ticks == 0;

			META(&now, hash, count ? "dormant_count=2" : "x=",
			    ticks ? "ticks=5" : "ticks=0");
			CHECK_STR(kind_of(&now, &mine, &policy, &v),
			    silent ? "promote forced" : "refresh -");
			CHECK(v.forced == silent && v.by_silence == silent);
			CHECK_STR(
			    kind_of(&now, &other, &policy, &v), "refresh -");
			CHECK_STR(
			    kind_of(&now, &plain, &policy, &v), "refresh -");
		}
	}
	free_current(&now);
	snapshot_free(&a);
	snapshot_free(&mine);
	snapshot_free(&other);
	snapshot_free(&plain);
}

/* Lost contracts against the limit, to the single contract. */
static void
test_shrink_limit(void)
{
	struct snapshot a = {0}, s = {0};
	struct verdict v;
	struct current now;

	make_snapshot(&a, 100, 50, T - 2000, T, PLAIN);
	make_current(&now, &a);
	META(&now, "geometry_hash=other");
	for (int lost = 0; lost < 50; lost++) {
		make_snapshot(&s, 100, 50 - lost, T, T + 1000, PLAIN);
		CHECK_STR(kind_of(&now, &s, &policy, &v),
		    lost * 5 > 50 ? "reject shrink" : "promote geometry");
		CHECK(v.exited == (size_t)lost && v.entered == 0);
	}
	/* Replaced by others: gone all the same. */
	make_snapshot(&s, 111, 50, T, T + 1000, PLAIN);
	CHECK_STR(kind_of(&now, &s, &policy, &v), "reject shrink");
	CHECK(v.exited == 11 && v.entered == 11);
	policy.accept_shrink = true;
	CHECK_STR(kind_of(&now, &s, &policy, &v), "promote geometry");
	policy.accept_shrink = false;
	/* Of 20 June; on the 21st in New York nothing unexpired is lost. */
	make_snapshot(&s, 150, 1, T, INT64_C(1750478400000), PLAIN);
	now.now_ms = INT64_C(1750478400000);
	CHECK_STR(kind_of(&now, &s, &policy, &v), "promote geometry");
	make_snapshot(&s, 150, 1, T, INT64_C(1750478399999), PLAIN);
	CHECK_STR(kind_of(&now, &s, &policy, &v), "reject shrink");
	free_current(&now);
	snapshot_free(&a);
	snapshot_free(&s);
}

static void
test_confirmation(void)
{
	static char hash[90], seen[32], last[40];
	struct snapshot a = {0}, s = {0};
	struct verdict v;
	struct current now;
	struct policy thrice = policy;

	thrice.confirm = 3;
	make_snapshot(&a, 100, 50, T - 2000, T, PLAIN);
	make_current(&now, &a);
	META(&now, "geometry_hash=other");
	now.now_ms = T + 500000;
	make_snapshot(&s, 100, 5, T, T + 1000, PLAIN);
	CHECK_STR(kind_of(&now, &s, &policy, &v), "reject shrink");
	CHECK(v.suspect && v.seen == 1 && v.first_ts == T + 1000);
	snprintf(hash, sizeof(hash), "hash=%s", s.sum.geometry_hash);
	for (int times = 1; times <= 2; times++) {
		snprintf(seen, sizeof(seen), "seen=%d", times);
		snprintf(last, sizeof(last), "last_ts=%" PRId64,
		    T + 1000 + (times - 1) * 60000);
		set_hash(
		    &now.pending, (const char *const[]){hash, seen,
				      "first_ts=1750000001000", last, NULL});
		make_snapshot(
		    &s, 100, 5, T, T + 1000 + times * 60000 - 1, PLAIN);
		CHECK_STR(kind_of(&now, &s, &thrice, &v), "reject shrink");
		CHECK(v.seen == times && v.first_ts == T + 1000);
		make_snapshot(&s, 100, 5, T, T + 1000 + times * 60000, PLAIN);
		CHECK_STR(kind_of(&now, &s, &thrice, &v),
		    times == 2 ? "promote geometry" : "reject shrink");
		CHECK(times == 2 || v.seen == 2);
	}
	make_snapshot(&s, 100, 6, T, T + 300000, PLAIN);
	CHECK_STR(kind_of(&now, &s, &policy, &v), "reject shrink");
	CHECK(v.seen == 1 && v.first_ts == T + 300000);
	free_current(&now);
	snapshot_free(&a);
	snapshot_free(&s);
}

static void
test_filter_pin_damage(void)
{
	static char hash[90];
	struct snapshot a = {0}, w = {0}, s = {0};
	struct verdict v;
	struct current now;
	struct policy accept = policy;

	accept.accept_filter = true;
	make_snapshot(&a, 100, 50, T - 2000, T, PLAIN);
	make_snapshot(&w, 100, 5, T, T + 1000, PLAIN ",\"filter\":\"days=30\"");
	make_current(&now, &a);
	snprintf(hash, sizeof(hash), "geometry_hash=%s", a.sum.geometry_hash);
	META(&now, hash);
	CHECK_STR(kind_of(&now, &w, &policy, &v), "reject filter");
	CHECK_STR(kind_of(&now, &w, &accept, &v), "promote geometry");
	make_snapshot(
	    &w, 100, 50, T, T + 1000, PLAIN ",\"filter\":\"days=30\"");
	CHECK_STR(kind_of(&now, &w, &accept, &v), "promote filter");
	META(&now, hash, "filter=days=30");
	CHECK_STR(kind_of(&now, &w, &policy, &v), "refresh -");
	META(&now, hash, "pinned=1");
	make_snapshot(&s, 100, 50, T, T + 1000, PLAIN);
	CHECK_STR(kind_of(&now, &s, &policy, &v), "refresh -");
	make_snapshot(&s, 100, 51, T, T + 1000, PLAIN);
	CHECK_STR(kind_of(&now, &s, &policy, &v), "reject pinned");
	META(&now, hash, "pinned=0");
	CHECK_STR(kind_of(&now, &s, &policy, &v), "promote geometry");
	now.damaged = true;
	make_snapshot(&s, 100, 50, T, T + 1000, PLAIN);
	CHECK_STR(kind_of(&now, &s, &policy, &v), "promote damaged");
	META(&now, "x=y");
	CHECK_STR(kind_of(&now, &w, &policy, &v), "promote damaged");
	free_current(&now);
	snapshot_free(&a);
	snapshot_free(&w);
	snapshot_free(&s);
}

int
main(void)
{
	struct err e;

	CHECK(clock_init(&e) == 0);
	test_begin("the first snapshot; times that go back, stand, go on");
	test_first_and_times();
	test_begin("a dormant request forces while its epoch is silent");
	test_silence();
	test_begin("the limit of a shrink, and what had expired");
	test_shrink_limit();
	test_begin("confirmations, 60 s apart, of one and the same board");
	test_confirmation();
	test_begin("filters, pins and damage");
	test_filter_pin_damage();
	return test_done();
}
