/* SPDX-License-Identifier: ISC */
/*
 * Why it is right: the values do not change while they are read, since the
 * epoch is superseded, which the script looks at last.  Contracts vanish only
 * after the epoch was marked retired, which the script refuses, too: so what
 * was read was the whole epoch, or nothing is kept.
 */
#include <stdlib.h>

#include "geom.h"
#include "seal.h"
#include "sum.h"

extern const char lua_seal[];
static struct db_script script_seal = {.name = "seal", .text = lua_seal};

/* Ids become parts of names in Redis: each one is looked at. */
static bool
are_ids(const struct span *ids, long n)
{
	struct geom_id parts;

	for (long i = 0; i < n; i++)
		if (geom_id_parse(ids[i], &parts) < 0)
			return false;
	return n >= 0;
}

int
seal_compute(
    const struct view *v, struct span id, char hash[SHA256_TEXT], struct err *e)
{
	char name[EPOCH_ID_MAX];
	struct buf text = {0};
	struct span *ids = NULL;
	struct epoch_id parts;
	struct sum s;
	long n = -1;
	int rc;

	if (epoch_id_parse(id, &parts) < 0)
		return 0;
	epoch_id_text(&parts, name);
	rc = view_geometry(v, id, &text, e);
	if (rc > 0)
		n = geom_split(buf_view(&text), &ids);
	if (rc > 0 && !are_ids(ids, n))
		rc = 0;
	if (rc > 0) {
		sum_start(&s, v);
		if (sum_board(
			&s, name, buf_view(&text), ids, (size_t)n, true, e) < 0)
			rc = -1;
		else
			rc = s.missing == 0;
		sum_end(&s, hash);
	}
	free(ids);
	buf_free(&text);
	return rc;
}

int
seal_keep(struct act *act, const char *symbol, const char *id,
    struct span incarnation, const char *hash, struct err *e)
{
	act_clear(act);
	act_key(act, KEY_ACTIVE, SPAN_NONE);
	act_key(act, KEY_META, span_str(id));
	words_str(&act->args, symbol);
	words_str(&act->args, id);
	words_span(&act->args, incarnation);
	words_str(&act->args, hash);
	if (act_script(act, &script_seal, e) < 0)
		return -1;
	if (act_said(act, "ok"))
		return 1;
	if (act_said(act, "kept"))
		return 0;
	act_refusal(act, "seal", e);
	return -1;
}

int
seal_epoch(struct act *act, const char *symbol, const char *id,
    struct span incarnation, char hash[SHA256_TEXT], bool *whole, struct err *e)
{
	int rc = seal_compute(&act->view, span_str(id), hash, e);

	*whole = rc != 0;
	return rc <= 0 ? rc : seal_keep(act, symbol, id, incarnation, hash, e);
}
