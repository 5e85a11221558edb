/* SPDX-License-Identifier: ISC */
/*
 * One epoch, by its id: nothing here can be disturbed by a promotion.  Only
 * retiring removes contracts (hence the second look at meta at the end), and
 * seq only grows (hence it is read after what it bounds).
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "geom.h"
#include "line.h"
#include "seal.h"

#define NAMED_MAX 5 /* of many findings of one kind, so many are named */

static const char *const numbers[] = {"contract_count", "strike_count",
    "expiration_count", "created_ts", "begin_ts", "snapshot_ts", "forced_dirty",
    "dormant_count", "entered", "exited", "carried", "seq", "full_seq",
    "ticks"};

static const char *const texts[] = {
    "symbol", "geometry_hash", "grid_hash", "source", "reason"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
check_seq(struct check *c, const struct seen *s)
{
	int64_t seq, full;

	if (hash_int(&s->meta, "seq", &seq) < 0 ||
	    hash_int(&s->meta, "full_seq", &full) < 0)
		return; /* named as META_FIELD */
	if (full < 1 || seq < full)
		check_found(c, "SEQ", "%s: seq %lld, full_seq %lld", s->name,
		    (long long)seq, (long long)full);
}

void
check_meta(struct check *c, const struct seen *s)
{
	int64_t v, created;

	if (s->meta.n == 0) {
		check_found(c, "META_MISSING", "%s has no meta", s->name);
		return;
	}
	for (size_t i = 0; i < COUNT(texts); i++)
		if (hash_get(&s->meta, texts[i]).n == 0)
			check_found(c, "META_FIELD", "%s: meta lacks %s",
			    s->name, texts[i]);
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (hash_int(&s->meta, numbers[i], &v) < 0)
			check_found(c, "META_FIELD",
			    "%s: meta lacks %s, or it is no number", s->name,
			    numbers[i]);
	if (!span_eq(hash_get(&s->meta, "symbol"), span_str(s->id.symbol)))
		check_found(
		    c, "META_SYMBOL", "%s: meta is of another symbol", s->name);
	if (hash_int(&s->meta, "created_ts", &created) == 0 &&
	    created != s->id.seconds)
		check_found(c, "CREATED_TS", "%s: created_ts is %lld", s->name,
		    (long long)created);
	check_seq(c, s);
}

/* ---- the board ---- */

struct board_walk {
	struct check *c;
	const struct seen *s;
	struct line_reader reader;
	struct buf line;
	size_t missing, bad;
};

static void
bad_contract(
    struct board_walk *w, struct span cid, const char *code, const char *what)
{
	if (w->bad++ < NAMED_MAX)
		check_found(w->c, code, "%s: %.*s: %s", w->s->name, (int)cid.n,
		    cid.p, what);
}

/* A group with values has a time, and a sequence only beside a time. */
static void
check_groups(struct board_walk *w, const struct contract *k)
{
	char what[64];

	for (int g = 0; g < CG_COUNT; g++) {
		const struct contract_group_info *info = &contract_groups[g];

		if (info->ts < 0 || k->f[info->ts].p != NULL)
			continue;
		snprintf(what, sizeof(what), "%s without time", info->name);
		if (contract_has(k, (enum contract_group)g))
			bad_contract(w, k->id, "CONTRACT_TS", what);
		if (info->seq >= 0 && k->f[info->seq].p != NULL)
			bad_contract(w, k->id, "CONTRACT_SEQ", what);
	}
}

static void
on_contract(size_t i, const struct contract *k, void *ctx)
{
	struct board_walk *w = ctx;
	struct contract copy, read;
	struct span line;
	struct err e;

	(void)i;
	w->c->contracts++;
	if (k == NULL) {
		w->missing++;
		return;
	}
	for (int f = 0; f < CF_COUNT; f++)
		if (k->f[f].p != NULL &&
		    !contract_value_ok(contract_fields[f].kind, k->f[f])) {
			bad_contract(w, k->id, "CONTRACT_VALUE",
			    contract_fields[f].name);
			return;
		}
	/* Whether id and fields agree is for the reader of lines to say. */
	copy = *k;
	if (copy.ts <= 0)
		copy.ts = 1;
	buf_clear(&w->line);
	line_write(&w->line, &copy);
	line = (struct span){w->line.p, w->line.n - 1};
	if (line_read(&w->reader, line, &read, &e) < 0)
		bad_contract(w, k->id, "CONTRACT_ID", e.text);
	check_groups(w, k);
}

static int
check_contracts(struct check *c, const struct seen *s, const struct span *ids,
    size_t n, struct err *e)
{
	struct board_walk w = {.c = c, .s = s};
	int rc = view_contracts(
	    &c->in->view, span_str(s->name), ids, n, on_contract, &w, e);

	if (rc < 0 && strcmp(e->code, "REDIS_WRONGTYPE") == 0)
		rc = check_types_contracts(c, s->name, ids, n, e);
	if (rc >= 0 && w.missing > 0) {
		rc = view_retired(&c->in->view, span_str(s->name), e);
		if (rc == 0)
			check_found(c, "CONTRACT_MISSING",
			    "%s: %zu of %zu contracts are not there", s->name,
			    w.missing, n);
	}
	if (w.bad > NAMED_MAX)
		check_found(c, "CONTRACT", "%s: %zu contracts more like these",
		    s->name, w.bad - NAMED_MAX);
	line_reader_free(&w.reader);
	buf_free(&w.line);
	return rc < 0 ? -1 : 0;
}

/* ---- what the geometry says against what meta says ---- */

static void
same_text(
    struct check *c, const struct seen *s, const char *field, const char *is)
{
	struct span says = hash_get(&s->meta, field);

	if (!span_eq(says, span_str(is)))
		check_found(c, "GEOMETRY_HASH",
		    "%s: %s is %.*s, the geometry "
		    "gives %s",
		    s->name, field, (int)says.n, says.p == NULL ? "" : says.p,
		    is);
}

static void
same_count(struct check *c, const struct seen *s, const char *field, size_t is)
{
	int64_t says = -1;

	hash_int(&s->meta, field, &says);
	if (says != (int64_t)is)
		check_found(c, "COUNT",
		    "%s: %s is %lld, the geometry gives "
		    "%zu",
		    s->name, field, (long long)says, is);
}

/* 1: *ids are the ids, 0: found to be damaged. */
static int
check_geometry(struct check *c, const struct seen *s, struct span text,
    struct span **ids, size_t *n)
{
	struct geom_summary sum;
	struct err e;
	long count = geom_split(text, ids);

	if (count < 0 ||
	    geom_summarize(*ids, (size_t)count, NULL, &sum, &e) < 0) {
		check_found(
		    c, "GEOMETRY", "%s: geometry is not canonical", s->name);
		return 0;
	}
	*n = (size_t)count;
	same_text(c, s, "geometry_hash", sum.geometry_hash);
	same_text(c, s, "grid_hash", sum.grid_hash);
	same_count(c, s, "contract_count", sum.contracts);
	same_count(c, s, "strike_count", sum.strikes);
	same_count(c, s, "expiration_count", sum.expirations);
	return 1;
}

/* A superseded epoch's values never change again.  After retiring began, what
 * is missing tells nothing. */
static int
check_seal(struct check *c, const struct seen *s, bool active, struct err *e)
{
	struct span seal = hash_get(&s->meta, "seal");
	char hash[SHA256_TEXT];
	int rc;

	if (seal.n == 0)
		return 0;
	if (active) {
		check_found(c, "SEAL", "%s is active and sealed", s->name);
		return 0;
	}
	rc = seal_compute(&c->in->view, span_str(s->name), hash, e);
	if (rc < 0 || (rc > 0 && span_eq(seal, span_str(hash))))
		return rc < 0 ? -1 : 0;
	if (rc > 0)
		check_found(c, "SEAL",
		    "%s was changed since it was sealed: its values give %s, "
		    "the seal is %.*s",
		    s->name, hash, (int)seal.n, seal.p);
	return 0; /* what is missing is told already */
}

int
check_epoch(struct check *c, const struct seen *s, bool active, struct err *e)
{
	struct buf text = {0};
	struct span *ids = NULL;
	size_t n = 0;
	int rc = check_types_epoch(c, s->name, e);

	if (rc <= 0)
		return rc;
	c->epochs++;
	rc = view_geometry(&c->in->view, span_str(s->name), &text, e);
	if (rc == 0) {
		rc = view_retired(&c->in->view, span_str(s->name), e);
		if (rc == 0)
			check_found(c, "GEOMETRY_MISSING", "%s has no geometry",
			    s->name);
	} else if (rc > 0 && check_geometry(c, s, buf_view(&text), &ids, &n)) {
		rc = check_contracts(c, s, ids, n, e);
		if (rc == 0 && active)
			rc = check_changed(c, s, ids, n, e);
		if (rc == 0 && active)
			rc = check_models(c, s, e);
		if (rc == 0)
			rc = check_had_ws(c, s, e);
		if (rc == 0)
			rc = check_seal(c, s, active, e);
	}
	free(ids);
	buf_free(&text);
	return rc < 0 ? -1 : 0;
}
