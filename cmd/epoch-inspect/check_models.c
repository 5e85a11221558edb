/* SPDX-License-Identifier: ISC */
/*
 * Is a clean epoch clean?  Marks, seq, acknowledgements and registrations
 * move with every tick and are read in one transaction: what does not fit
 * together there is damage, not haste.
 */
#include <stdio.h>

#include "check.h"

/* ack:NAME of meta; 0 when there is none. */
static int64_t
ack_of(const struct hash *meta, struct span name)
{
	char field[80];
	int64_t acked = 0;

	snprintf(field, sizeof(field), "ack:%.*s",
	    (int)(name.n > 60 ? 60 : name.n), name.p);
	hash_int(meta, field, &acked);
	return acked;
}

struct models_look {
	struct check *c;
	const struct seen *s;
};

static void
judge_acks(const struct models_look *l, const struct hash *meta, int64_t seq)
{
	static const char ack[] = "ack:";
	const size_t skip = sizeof(ack) - 1;
	int64_t acked;

	for (size_t i = 0; i < meta->n; i++) {
		struct span name = meta->f[i].name;

		if (name.n <= skip || memcmp(name.p, ack, skip) != 0)
			continue;
		if (span_int(meta->f[i].value, &acked) < 0 || acked > seq)
			check_found(l->c, "ACK",
			    "%s: %.*s is %.*s, seq is %lld", l->s->name,
			    (int)name.n, name.p, (int)meta->f[i].value.n,
			    meta->f[i].value.p, (long long)seq);
	}
}

static void
judge_clean(const struct models_look *l, const struct hash *meta, int64_t seq,
    const struct db_val *models)
{
	for (size_t i = 0; i < db_len(models); i++) {
		struct span name = db_str(db_at(models, i)), of = SPAN_LIT("");
		const char *at =
		    name.n == 0 ? NULL : memchr(name.p, '@', name.n);

		if (at != NULL) {
			of = (struct span){
			    at + 1, name.n - (size_t)(at - name.p) - 1};
			name.n = (size_t)(at - name.p);
		}
		if (of.n > 0 && !span_eq(of, span_str(l->c->symbol)))
			continue;
		if (ack_of(meta, name) < seq)
			check_found(l->c, "FALSE_CLEAN",
			    "%s is clean, but model %.*s has not computed on "
			    "seq %lld",
			    l->s->name, (int)name.n, name.p, (long long)seq);
	}
}

/* HGET active, SISMEMBER clean, SISMEMBER dirty, HGETALL meta, SMEMBERS
 * models: all at one moment. */
static void
on_exec(const struct db_val *v, void *ctx)
{
	const struct models_look *l = ctx;
	struct hash meta = {0};
	int64_t seq;
	bool clean = db_int(db_at(v, 1)) != 0, dirty = db_int(db_at(v, 2)) != 0;

	hash_read(db_at(v, 3), &meta);
	/* Superseded meanwhile: its marks are history. */
	if (span_eq(db_str(db_at(v, 0)), span_str(l->s->name)) &&
	    hash_int(&meta, "seq", &seq) == 0) {
		judge_acks(l, &meta, seq);
		if (clean && dirty)
			check_found(l->c, "FALSE_CLEAN",
			    "%s is both clean and dirty", l->s->name);
		else if (clean)
			judge_clean(l, &meta, seq, db_at(v, 4));
	}
	hash_free(&meta);
}

int
check_models(struct check *c, const struct seen *s, struct err *e)
{
	static const struct {
		const char *verb;
		enum key_name key;
		enum { ALONE, SYMBOL, ID } word;
	} asks[] = {
	    {"HGET", KEY_ACTIVE, SYMBOL},
	    {"SISMEMBER", KEY_CLEAN, ID},
	    {"SISMEMBER", KEY_DIRTY, ID},
	    {"HGETALL", KEY_META, ALONE},
	    {"SMEMBERS", KEY_MODELS, ALONE},
	};
	struct models_look look = {c, s};
	struct span word = SPAN_LIT("MULTI"), id = span_str(s->name);
	struct db *db = c->in->view.db;
	struct buf key = {0};
	struct err drained;
	int rc = db_push(db, &word, 1, NULL, NULL, e);

	for (size_t i = 0; rc == 0 && i < sizeof(asks) / sizeof(asks[0]); i++) {
		struct span argv[3] = {span_str(asks[i].verb)};

		buf_clear(&key);
		key_add(&key, c->in->view.keys, asks[i].key,
		    asks[i].key == KEY_META ? id : SPAN_NONE, SPAN_NONE);
		argv[1] = buf_view(&key);
		argv[2] = asks[i].word == ID ? id : span_str(c->symbol);
		rc = db_push(
		    db, argv, asks[i].word == ALONE ? 2 : 3, NULL, NULL, e);
	}
	word = SPAN_LIT("EXEC");
	if (rc == 0)
		rc = db_push(db, &word, 1, on_exec, &look, e);
	if (db_drain(db, &drained) < 0 && rc == 0) {
		*e = drained;
		rc = -1;
	}
	buf_free(&key);
	return rc;
}
