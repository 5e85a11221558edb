/* SPDX-License-Identifier: ISC */
#include "journal.h"

#include <inttypes.h>
#include <stdio.h>

extern const char lua_trim[];
static struct db_script script_trim = {.name = "trim", .text = lua_trim};

static void
command(struct act *act, const char *name, enum key_name key, const char *of)
{
	act_clear(act);
	words_str(&act->keys, name);
	act_key(act, key, of == NULL ? SPAN_NONE : span_str(of));
}

static int
call(struct act *act, db_fn *fn, void *ctx, struct err *e)
{
	return db_call(
	    act->view.db, words_view(&act->keys), act->keys.n, fn, ctx, e);
}

/* The id of an act. */
static void
add_id(struct words *w, int64_t act)
{
	buf_fmt(&w->text, "0-%" PRId64, act);
	words_close(w);
}

int
journal_switch(struct act *act, bool on, int64_t max, struct err *e)
{
	command(act, "HSET", KEY_CONFIG, NULL);
	words_str(&act->keys, "journal");
	words_str(&act->keys, on ? "1" : "0");
	if (max > 0) {
		words_str(&act->keys, "journal_max");
		words_int(&act->keys, max);
	}
	return call(act, NULL, NULL, e);
}

static void
on_config(const struct db_val *v, void *ctx)
{
	struct journal_config *c = ctx;
	struct span on = db_str(db_at(v, 0));

	*c = (struct journal_config){
	    .said = on.n > 0, .on = span_eq(on, SPAN_LIT("1"))};
	if (span_int(db_str(db_at(v, 1)), &c->max) < 0)
		c->max = 0;
}

int
journal_look(struct act *act, struct journal_config *c, struct err *e)
{
	command(act, "HMGET", KEY_CONFIG, NULL);
	words_str(&act->keys, "journal");
	words_str(&act->keys, "journal_max");
	return call(act, on_config, c, e);
}

struct reading {
	const char *symbol;
	journal_fn *fn;
	void *ctx;
	int n;
	char bad[40]; /* the id of an entry that is none of ours */
};

static bool
copy_text(char *out, size_t size, struct span s)
{
	if (s.n >= size || memchr(s.p, '\0', s.n) != NULL)
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

static bool
read_act_id(struct span id, int64_t *act)
{
	return id.n > 2 && memcmp(id.p, "0-", 2) == 0 &&
	       span_int((struct span){id.p + 2, id.n - 2}, act) == 0;
}

/* Fields in the order in which lib.lua writes them. */
static bool
read_entry(const struct db_val *v, const char *symbol, struct tape_line *l)
{
	static const char *const names[] = {"ts", "kind", "id", "args", "rows"};
	const struct db_val *f = db_at(v, 1);

	*l = (struct tape_line){.what = TAPE_ACT};
	if (db_len(v) != 2 || db_len(f) != 10 ||
	    !read_act_id(db_str(db_at(v, 0)), &l->act))
		return false;
	for (size_t i = 0; i < 5; i++)
		if (!span_eq(db_str(db_at(f, 2 * i)), span_str(names[i])))
			return false;
	snprintf(l->symbol, sizeof(l->symbol), "%s", symbol);
	l->args = db_str(db_at(f, 7));
	l->rows = db_str(db_at(f, 9));
	return span_int(db_str(db_at(f, 1)), &l->ts) == 0 &&
	       copy_text(l->kind, sizeof(l->kind), db_str(db_at(f, 3))) &&
	       copy_text(l->id, sizeof(l->id), db_str(db_at(f, 5))) &&
	       tape_act_ok(l);
}

static void
on_entries(const struct db_val *v, void *ctx)
{
	struct reading *r = ctx;
	struct tape_line l;

	for (size_t i = 0; i < db_len(v) && r->bad[0] == '\0'; i++) {
		struct span id = db_str(db_at(db_at(v, i), 0));

		if (read_entry(db_at(v, i), r->symbol, &l)) {
			r->n++;
			r->fn(&l, r->ctx);
		} else {
			snprintf(
			    r->bad, sizeof(r->bad), "%.*s", (int)id.n, id.p);
		}
	}
}

int
journal_read(struct act *act, const char *symbol, int64_t first, int count,
    journal_fn *fn, void *ctx, struct err *e)
{
	struct reading r = {.symbol = symbol, .fn = fn, .ctx = ctx};

	command(act, "XRANGE", KEY_JOURNAL, symbol);
	add_id(&act->keys, first);
	words_str(&act->keys, "+");
	words_str(&act->keys, "COUNT");
	words_int(&act->keys, count);
	if (call(act, on_entries, &r, e) < 0)
		return -1;
	if (r.bad[0] != '\0')
		return err_set(e, EX_DATAERR, "BAD_ACT",
		    "entry %s of the journal is none of ours", r.bad);
	return r.n;
}

static void
on_newest(const struct db_val *v, void *ctx)
{
	if (db_len(v) == 0 || !read_act_id(db_str(db_at(db_at(v, 0), 0)), ctx))
		*(int64_t *)ctx = 0;
}

static void
on_exists(const struct db_val *v, void *ctx)
{
	*(bool *)ctx = db_int(v) == 1;
}

int
journal_newest(struct act *act, const char *symbol, int64_t *newest,
    bool *exists, struct err *e)
{
	*newest = 0;
	command(act, "EXISTS", KEY_JOURNAL, symbol);
	if (call(act, on_exists, exists, e) < 0)
		return -1;
	command(act, "XREVRANGE", KEY_JOURNAL, symbol);
	words_str(&act->keys, "+");
	words_str(&act->keys, "-");
	words_str(&act->keys, "COUNT");
	words_str(&act->keys, "1");
	return call(act, on_newest, newest, e);
}

int
journal_trim(struct act *act, const char *symbol, int64_t before, int64_t ts,
    struct err *e)
{
	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_JOURNAL, span_str(symbol));
	add_id(&act->args, before);
	words_int(&act->args, ts);
	if (act_script(act, &script_trim, e) < 0)
		return -1;
	if (act_said(act, "ok"))
		return 1;
	if (act_said(act, "other"))
		return 0;
	act_refusal(act, "trim", e);
	return -1;
}

static void
on_wake(const struct db_val *v, void *ctx)
{
	*(int *)ctx = db_len(v) > 0;
}

int
journal_wait(struct act *act, const char *const *symbols, const int64_t *last,
    size_t n, int64_t ms, struct err *e)
{
	int woken = 0;

	act_clear(act);
	words_str(&act->keys, "XREAD");
	words_str(&act->keys, "COUNT");
	words_str(&act->keys, "1");
	words_str(&act->keys, "BLOCK");
	words_int(&act->keys, ms);
	words_str(&act->keys, "STREAMS");
	for (size_t i = 0; i < n; i++)
		act_key(act, KEY_JOURNAL, span_str(symbols[i]));
	for (size_t i = 0; i < n; i++)
		add_id(&act->keys, last[i]);
	return call(act, on_wake, &woken, e) < 0 ? -1 : woken;
}
