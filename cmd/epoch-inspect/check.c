/* SPDX-License-Identifier: ISC */
/*
 * Walk what must always hold, and say what does not: 70 when something is
 * found, 75 when a symbol changed too often under our eyes to be judged.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static void
conclude(struct check *c)
{
	struct err e;
	char text[120];

	if (c->found > 0) {
		err_set(&e, EX_SOFTWARE, "DAMAGED", "%zu finding%s", c->found,
		    c->found == 1 ? "" : "s");
		inspect_fail(c->in, c->symbol, &e);
	} else if (c->symbol != NULL) {
		snprintf(text, sizeof(text),
		    "%s: OK: %zu epochs, %zu contracts whole", c->symbol,
		    c->epochs, c->contracts);
		out_line(&c->in->out, span_str(text));
	}
}

/* 0 done, -1 and *e.  No active epoch and no timeline: there is none. */
static int
check_moment(struct check *c, struct moment *s, struct err *e)
{
	int rc = moment_read(c, s, e);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		err_set(e, EX_TEMPFAIL, "BUSY",
		    "promoted again and again during the walk");
		inspect_fail(c->in, c->symbol, e);
		return 0;
	}
	if (!s->active.there && s->n == 0) {
		/* Reserved once, never committed: no fault, unless asked. */
		if (c->in->n_operands > 0) {
			err_set(e, EX_NO, "NO_EPOCH", "no active epoch");
			inspect_fail(c->in, c->symbol, e);
		}
		return 0;
	}
	check_chain(c, s);
	for (size_t i = 0; i < s->n_epochs; i++) {
		const struct seen *x = &s->epochs[i];
		bool active = span_eq(x->text, buf_view(&s->active.text));

		/* A retired epoch has given its contracts back. */
		if (!x->well_formed || hash_flag(&x->meta, "retired") ||
		    was_damaged(s, i))
			continue;
		if (check_epoch(c, x, active, e) < 0)
			return -1;
	}
	conclude(c);
	return 0;
}

/* Some meta is no hash, and the chain cannot be read: say which. */
static int
name_wrong_types(struct check *c, const struct moment *s, struct err *e)
{
	struct err wrong = *e;

	for (size_t i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].well_formed &&
		    check_types_epoch(c, s->epochs[i].name, e) < 0)
			return -1;
	*e = wrong;
	if (c->found == 0)
		return -1;
	conclude(c);
	return 0;
}

static int
check_symbol(struct inspect *in, const char *symbol, struct err *e)
{
	struct check c = {.in = in, .symbol = symbol};
	struct moment s = {.n = 0};
	int rc = check_types_symbol(&c, e);

	if (rc == 0)
		conclude(&c);
	if (rc > 0)
		rc = check_moment(&c, &s, e);
	if (rc < 0 && strcmp(e->code, "REDIS_WRONGTYPE") == 0)
		rc = name_wrong_types(&c, &s, e);
	moment_free(&s);
	return rc < 0 ? -1 : 0;
}

/* ---- over all symbols ---- */

static void
on_both(const struct db_val *v, void *ctx)
{
	struct check *c = ctx;

	for (size_t i = 0; i < db_len(v); i++) {
		struct span id = db_str(db_at(v, i));

		check_found(
		    c, "DIRTY_AND_CLEAN", "%.*s is both", (int)id.n, id.p);
	}
}

static int
check_marks(struct check *c, struct err *e)
{
	const struct keys *k = c->in->view.keys;
	struct buf dirty = {0}, clean = {0};
	struct span argv[3] = {SPAN_LIT("SINTER")};
	int rc;

	key_add(&dirty, k, KEY_DIRTY, SPAN_NONE, SPAN_NONE);
	key_add(&clean, k, KEY_CLEAN, SPAN_NONE, SPAN_NONE);
	argv[1] = buf_view(&dirty);
	argv[2] = buf_view(&clean);
	rc = db_call(c->in->view.db, argv, 3, on_both, c, e);
	buf_free(&dirty);
	buf_free(&clean);
	return rc;
}

/* Every symbol that is active, or for which an id was ever reserved: one
 * that lost its active epoch must not pass unseen. */
static int
check_all(struct inspect *in, struct err *e)
{
	struct hash active = {0}, last = {0};
	struct buf key = {0};
	struct span argv[2] = {SPAN_LIT("HGETALL")};
	char name[SYMBOL_MAX + 1];
	int rc = view_actives(&in->view, &active, e);

	key_add(&key, in->view.keys, KEY_LAST, SPAN_NONE, SPAN_NONE);
	argv[1] = buf_view(&key);
	if (rc >= 0)
		rc = db_call(in->view.db, argv, 2, hash_read, &last, e);
	for (size_t i = 0; i < active.n + last.n && rc >= 0; i++) {
		bool first = i < active.n;
		struct span s =
		    first ? active.f[i].name : last.f[i - active.n].name;

		if (!symbol_valid(s)) {
			struct check c = {.in = in};

			check_found(
			    &c, "SYMBOL", "no symbol: %.*s", (int)s.n, s.p);
			conclude(&c);
			continue;
		}
		memcpy(name, s.p, s.n);
		name[s.n] = '\0';
		if (first || hash_get(&active, name).p == NULL)
			rc = check_symbol(in, name, e);
	}
	if (rc >= 0 && active.n + last.n == 0)
		out_line(&in->out, SPAN_LIT("-: OK: no epochs"));
	hash_free(&active);
	hash_free(&last);
	buf_free(&key);
	return rc < 0 ? -1 : 0;
}

int
view_check(struct inspect *in, struct err *e)
{
	struct check c = {.in = in};
	int rc = check_types_global(&c, e);

	if (rc > 0 && check_marks(&c, e) < 0)
		rc = -1;
	if (rc >= 0)
		conclude(&c);
	if (rc <= 0)
		return rc;
	if (in->n_operands == 0)
		return check_all(in, e);
	in->n_operands = targets_sort(in->operands, in->n_operands);
	for (size_t i = 0; i < in->n_operands && rc > 0; i++)
		if (check_symbol(in, in->operands[i].symbol, e) < 0)
			rc = -1;
	return rc < 0 ? -1 : 0;
}
