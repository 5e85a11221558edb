/* SPDX-License-Identifier: ISC */
/*
 * The two digests: of the state, and of the values alone.
 *
 * Both are SHA-256 over lines "key TAB field TAB value", sorted bytewise,
 * key names without prefix, bytes made visible as in all our texts.  Nothing
 * is collected to be sorted: keys are visited in the order of their names,
 * and the fields of one key are sorted among themselves, which is the same,
 * since TAB is below every byte of a name.
 */
#include <stdio.h>
#include <stdlib.h>

#include "board_ids.h"
#include "sum.h"

static const struct span none = {NULL, 0};

/* --text: the lines themselves. */
static void
print_line(struct span line, void *ctx)
{
	struct inspect *in = ctx;

	out_write(&in->out, line.p, line.n);
}

static void
start(struct sum *s, struct inspect *in)
{
	sum_start(s, &in->view);
	s->tell = in->text ? print_line : NULL;
	s->ctx = in;
}

/* "sha256  subject", in the form of sha256sum, unless only the text was asked
 * for, or the sum is not whole. */
static void
print_sum(struct sum *s, struct inspect *in, const char *subject, bool whole)
{
	char hash[SHA256_TEXT];
	struct buf line = {0};

	sum_end(s, hash);
	buf_fmt(&line, "%s  %s", hash, subject);
	if (whole && !in->text)
		out_line(&in->out, buf_view(&line));
	buf_free(&line);
}

/* Contracts were not there.  1: that is damage, and the digest shows it, 0:
 * the epoch was retired meanwhile, which was reported; -1 and *e. */
static int
judge_missing(struct inspect *in, const char *id, struct err *e)
{
	int rc = view_retired(&in->view, span_str(id), e);

	if (rc <= 0)
		return rc < 0 ? -1 : 1;
	err_set(e, EX_TEMPFAIL, "RETIRED", "retired while it was read");
	inspect_fail(in, id, e);
	return 0;
}

/* An epoch within a state digest. */
struct part {
	struct target t;
	struct hash meta;
	bool active, first; /* first: of --from, its prev left out */
};

static int
sum_changed(struct sum *s, const char *id, struct err *e)
{
	struct buf key = {0};
	struct hash all = {0}; /* member -> score: sorted as one */
	struct span argv[] = {SPAN_LIT("ZRANGE"), SPAN_NONE, SPAN_LIT("0"),
	    SPAN_LIT("-1"), SPAN_LIT("WITHSCORES")};
	int rc;

	argv[1] = sum_key(s, &key, KEY_CHANGED, span_str(id), none);
	rc = db_call(s->view->db, argv, 5, hash_read, &all, e);
	for (size_t i = 0; rc == 0 && i < all.n; i++)
		sum_line(s, all.f[i].name, all.f[i].value);
	hash_free(&all);
	buf_free(&key);
	return rc;
}

static void
on_had_ws(const struct db_val *v, void *ctx)
{
	struct sum *s = ctx;

	if (db_type(v) == DB_STR)
		sum_line(s, SPAN_LIT(""), db_str(v));
}

/* The keys "epoch:{id}:…", in order. */
static int
sum_epoch(
    struct inspect *in, struct sum *s, const struct part *p, struct err *e)
{
	struct board_ids b = {0};
	struct buf key = {0};
	struct span argv[2] = {SPAN_LIT("GET")};
	int rc = board_ids_read(in, p->t.id, &b, e);

	if (rc > 0 && p->active && sum_changed(s, p->t.id, e) < 0)
		rc = -1;
	if (rc > 0 &&
	    sum_board(s, p->t.id, buf_view(&b.text), b.ids, b.n, false, e) < 0)
		rc = -1;
	if (rc > 0 && s->missing > 0)
		rc = judge_missing(in, p->t.id, e);
	if (rc > 0) {
		argv[1] = sum_key(s, &key, KEY_HAD_WS, span_str(p->t.id), none);
		if (db_call(s->view->db, argv, 2, on_had_ws, s, e) < 0)
			rc = -1;
	}
	board_ids_free(&b);
	buf_free(&key);
	return rc;
}

static void
sum_meta(struct sum *s, const struct part *p)
{
	static const char *const out[] = {
	    "incarnation", "seal", "pinned", "keep"};
	struct buf key = {0};

	sum_key(s, &key, KEY_META, span_str(p->t.id), none);
	buf_free(&key);
	for (size_t i = 0; i < p->meta.n; i++) {
		struct span name = p->meta.f[i].name;
		bool skip = name.n > 4 && memcmp(name.p, "ack:", 4) == 0;

		for (size_t k = 0; k < sizeof(out) / sizeof(out[0]); k++)
			skip |= span_eq(name, span_str(out[k]));
		skip |= p->first && span_eq(name, SPAN_LIT("prev"));
		if (!skip)
			sum_line(s, name, p->meta.f[i].value);
	}
}

/* ---- the whole state ---- */

struct state {
	struct part *parts; /* newest first within a symbol */
	size_t n;
};

/* Epochs of one symbol that are not retired; with --from down to that one. */
static int
add_symbol(
    struct inspect *in, const struct target *t, struct state *st, struct err *e)
{
	struct buf own = {0};
	struct span *ids = NULL;
	struct epoch_id id;
	size_t n = 0;
	bool done = false;
	int rc =
	    view_timeline(&in->view, span_str(t->symbol), &own, &ids, &n, e);

	st->parts = mem_grow(st->parts, st->n + n + 1, sizeof(*st->parts));
	for (size_t i = 0; i < n && rc >= 0 && !done; i++) {
		struct part *p = &st->parts[st->n];

		if (epoch_id_parse(ids[i], &id) < 0)
			continue; /* --check names it */
		*p = (struct part){.t = *t};
		epoch_id_text(&id, p->t.id);
		p->active = strcmp(p->t.id, t->id) == 0;
		done = in->from != NULL && strcmp(in->from, p->t.id) == 0;
		p->first = done;
		rc = view_meta(&in->view, span_str(p->t.id), &p->meta, e);
		if (rc > 0 && !hash_flag(&p->meta, "retired"))
			st->n++;
		else
			hash_free(&p->meta);
	}
	free(ids);
	buf_free(&own);
	return rc < 0 ? -1 : 0;
}

static int
add_epoch(
    struct inspect *in, const struct target *t, struct state *st, struct err *e)
{
	struct part *p;
	struct buf active = {0};
	int rc;

	st->parts = mem_grow(st->parts, st->n + 1, sizeof(*st->parts));
	p = &st->parts[st->n];
	*p = (struct part){.t = *t};
	rc = view_active(&in->view, span_str(t->symbol), &active, e);
	p->active = rc > 0 && span_eq(buf_view(&active), span_str(t->id));
	if (rc >= 0)
		rc = view_meta(&in->view, span_str(t->id), &p->meta, e);
	st->n += rc > 0;
	buf_free(&active);
	return rc < 0 ? -1 : 0;
}

/* As "id:" sorts in the names of keys: a digit is below the colon. */
static int
by_key(const void *a, const void *b)
{
	const struct part *pa = a, *pb = b;
	char ka[EPOCH_ID_MAX + 1], kb[EPOCH_ID_MAX + 1];

	snprintf(ka, sizeof(ka), "%s:", pa->t.id);
	snprintf(kb, sizeof(kb), "%s:", pb->t.id);
	return strcmp(ka, kb);
}

static int
by_id(const void *a, const void *b)
{
	const struct part *pa = a, *pb = b;

	return strcmp(pa->t.id, pb->t.id);
}

/* Newest first: what is active, and the timelines. */
static int
by_time(const void *a, const void *b)
{
	const struct part *pa = a, *pb = b;
	struct epoch_id ia, ib;
	int cmp = strcmp(pa->t.symbol, pb->t.symbol);

	if (cmp != 0 || epoch_id_parse(span_str(pa->t.id), &ia) < 0 ||
	    epoch_id_parse(span_str(pb->t.id), &ib) < 0)
		return cmp;
	return (ia.seconds < ib.seconds) - (ia.seconds > ib.seconds);
}

static void
sum_timelines(struct sum *s, const struct state *st)
{
	struct buf key = {0};
	char place[16];
	size_t at = 0;

	for (size_t i = 0; i < st->n; i++) {
		const struct part *p = &st->parts[i];

		at = i > 0 && strcmp(p[-1].t.symbol, p->t.symbol) == 0 ? at + 1
								       : 0;
		if (p->t.by_id)
			continue; /* one epoch alone has no timeline */
		sum_key(s, &key, KEY_TIMELINE, span_str(p->t.symbol), none);
		snprintf(place, sizeof(place), "%08zu", at);
		sum_line(s, span_str(place), span_str(p->t.id));
	}
	buf_free(&key);
}

static void
sum_actives(struct sum *s, const struct state *st)
{
	struct buf key = {0};

	for (size_t i = 0; i < st->n; i++)
		if (st->parts[i].active) {
			sum_key(s, &key, KEY_ACTIVE, none, none);
			sum_line(s, span_str(st->parts[i].t.symbol),
			    span_str(st->parts[i].t.id));
		}
	buf_free(&key);
}

/* In the order of the keys' names: epoch:{ID}:…, epoch:active,
 * epoch:meta:…, epoch:timeline:… (symbols have no lower case). */
static int
sum_state(struct inspect *in, struct state *st, struct err *e)
{
	struct sum s;
	int rc = 1;

	start(&s, in);
	qsort(st->parts, st->n, sizeof(*st->parts), by_key);
	for (size_t i = 0; i < st->n && rc > 0; i++)
		rc = sum_epoch(in, &s, &st->parts[i], e);
	qsort(st->parts, st->n, sizeof(*st->parts), by_time);
	sum_actives(&s, st);
	qsort(st->parts, st->n, sizeof(*st->parts), by_id);
	for (size_t i = 0; i < st->n; i++)
		sum_meta(&s, &st->parts[i]);
	qsort(st->parts, st->n, sizeof(*st->parts), by_time);
	sum_timelines(&s, st);
	print_sum(&s, in, "state", rc > 0);
	return rc < 0 ? -1 : 0;
}

static int
digest_state(
    struct inspect *in, const struct target *list, size_t n, struct err *e)
{
	struct state st = {NULL, 0};
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = list[i].by_id ? add_epoch(in, &list[i], &st, e)
				   : add_symbol(in, &list[i], &st, e);
	if (rc == 0 && st.n > 0)
		rc = sum_state(in, &st, e);
	for (size_t i = 0; i < st.n; i++)
		hash_free(&st.parts[i].meta);
	free(st.parts);
	return rc;
}

static int
digest_values(struct inspect *in, const struct target *t, struct err *e)
{
	struct board_ids b = {0};
	struct sum s;
	int rc = board_ids_read(in, t->id, &b, e);

	if (rc > 0) {
		start(&s, in);
		if (sum_board(
			&s, t->id, buf_view(&b.text), b.ids, b.n, true, e) < 0)
			rc = -1;
		if (rc > 0 && s.missing > 0)
			rc = judge_missing(in, t->id, e);
		print_sum(&s, in, t->by_id ? t->id : t->symbol, rc > 0);
	}
	board_ids_free(&b);
	return rc < 0 ? -1 : 0;
}

int
view_digest(struct inspect *in, struct err *e)
{
	struct target *list;
	size_t n;
	int rc = 0;

	if (targets_resolve(in, &list, &n, e) < 0)
		return -1;
	n = targets_sort(list, n);
	if (!in->values)
		rc = digest_state(in, list, n, e);
	for (size_t i = 0; in->values && i < n && rc == 0; i++)
		rc = digest_values(in, &list[i], e);
	free(list);
	return rc;
}
