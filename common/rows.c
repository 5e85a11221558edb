/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "rows.h"
#include "tape_row.h"

extern const char lua_rows[];
static struct db_script script_rows = {.name = "rows", .text = lua_rows};

void
rows_init(struct rows *r, struct birth *birth)
{
	*r = (struct rows){.birth = birth};
	for (int f = 0; f < CF_COUNT; f++)
		db_resp_arg(&r->field[f], span_str(contract_fields[f].name));
}

void
rows_free(struct rows *r)
{
	for (int f = 0; f < CF_COUNT; f++)
		buf_free(&r->field[f]);
	buf_free(&r->key);
	buf_free(&r->text);
	buf_free(&r->resp);
	free(r->end);
}

static void
end_command(struct rows *r)
{
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 2 * ROWS_CHUNK : r->cap * 2;
		r->end = mem_grow(r->end, r->cap, sizeof(*r->end));
	}
	r->end[r->n++] = r->resp.n;
}

static void
add_hset(struct rows *r, const struct contract *c)
{
	size_t fields = 0;

	for (int f = 0; f < CF_COUNT; f++)
		fields += c->f[f].p != NULL;
	db_resp_head(&r->resp, 2 + 2 * fields);
	db_resp_arg(&r->resp, SPAN_LIT("HSET"));
	db_resp_arg(&r->resp, buf_view(&r->key));
	for (int f = 0; f < CF_COUNT; f++) {
		if (c->f[f].p == NULL)
			continue;
		buf_span(&r->resp, buf_view(&r->field[f]));
		db_resp_arg(&r->resp, c->f[f]);
	}
	end_command(r);
}

void
rows_add(
    struct rows *r, struct span cid, const struct contract *c, bool replace)
{
	buf_clear(&r->key);
	key_add(&r->key, r->birth->act->view.keys, KEY_CONTRACT,
	    span_str(r->birth->id), cid);
	if (replace) {
		db_resp_head(&r->resp, 2);
		db_resp_arg(&r->resp, SPAN_LIT("DEL"));
		db_resp_arg(&r->resp, buf_view(&r->key));
		end_command(r);
	}
	add_hset(r, c);
	if (r->birth->journalled)
		tape_row_write(&r->text, cid, c);
}

void
rows_drop(struct rows *r)
{
	buf_clear(&r->resp);
	buf_clear(&r->text);
	r->n = 0;
}

/* The journal may be switched off meanwhile: then there are no chunks, and
 * when it is on again at the commit, that refuses. */
static int
send_chunk(struct rows *r, struct err *e)
{
	struct act *act = r->birth->act;

	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_journal(act, r->birth->symbol);
	words_span(&act->args, r->birth->symbol);
	words_str(&act->args, r->birth->id);
	words_span(&act->args, buf_view(&r->text));
	if (act_script(act, &script_rows, e) < 0)
		return -1;
	if (act_said(act, "ok")) {
		r->chunks++;
		return 0;
	}
	if (!act_said(act, "off")) {
		act_refusal(act, "rows", e);
		return -1;
	}
	r->birth->journalled = false;
	r->chunks = 0;
	return 0;
}

int
rows_send(struct rows *r, struct err *e)
{
	size_t start = 0;
	int rc = 0;

	for (size_t i = 0; i < r->n && rc == 0; i++) {
		struct span cmd = {r->resp.p + start, r->end[i] - start};

		rc = db_push_raw(r->birth->act->view.db, cmd, NULL, NULL, e);
		start = r->end[i];
	}
	if (rc == 0 && r->text.n > 0)
		rc = send_chunk(r, e);
	rows_drop(r);
	return rc;
}
