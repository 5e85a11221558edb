/* SPDX-License-Identifier: ISC */
/* The acts that stand alone: a model is forgotten, an epoch kept or not. */
#include "ack.h"
#include "gc.h"
#include "rec.h"

int
gc_forget(struct gc *g, const char *member, struct err *e)
{
	int64_t gone, cleaned;

	if (ack_forget(&g->act, member, &gone, &cleaned, e) < 0)
		return -1;
	if (gone == 0)
		return err_set(e, EX_NO, "NO_MODEL",
		    "no model of that name is registered");
	gc_begin(g, "forget");
	rec_add_str(&g->line, "model", member);
	rec_add_int(&g->line, "registrations", gone);
	rec_add_int(&g->line, "cleaned", cleaned);
	gc_end(g);
	return 0;
}

int
gc_keep(struct gc *g, const char *id, bool stays, struct err *e)
{
	struct epoch_id parts;
	int rc = retire_keep(&g->act, id, stays, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(e, EX_NO, "NO_EPOCH", "no such epoch");
	if (rc == 2)
		return err_set(
		    e, EX_NO, "RETIRED", "retired: its contracts are gone");
	epoch_id_parse(span_str(id), &parts);
	gc_begin(g, stays ? "keep" : "release");
	rec_add_str(&g->line, "symbol", parts.symbol);
	rec_add_str(&g->line, "epoch_id", id);
	gc_end(g);
	return 0;
}
