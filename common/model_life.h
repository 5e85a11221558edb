/* SPDX-License-Identifier: ISC */
/*
 * model_life: how a model lives, in parts that share one struct.  Private to
 * model.
 *
 * Layer: knows err, buf, clock, sig, symbol, key, db, view, act, ack, hear,
 * stream, slot, model.
 */
#ifndef EPOCH_MODEL_LIFE_H
#define EPOCH_MODEL_LIFE_H

#include "hear.h"
#include "model.h"

#define MODEL_ACT_MS 30000 /* for one script, or one look around */

struct model {
	const struct model_conf *c;
	struct keys keys;
	struct slot_worker w;
	struct hear hear;
	struct out *out;
	const char **symbols; /* served … */
	struct symbol *names; /* … which these are */
	size_t n_symbols;
	bool all; /* every symbol is served */
	struct slot **slots;
	size_t n_slots;
	uint64_t looks, reconnects;
	int64_t failing; /* since when Redis is away; 0: it is not */
	int status;
};

/* Report *e and remember its status. */
void model_fail(struct model *m, const char *subject, const struct err *e);

struct slot *model_slot_add(struct model *m, struct span symbol);
struct slot *model_slot_find(struct model *m, struct span symbol); /* or NULL */
void model_slot_drop(struct model *m, size_t i);

/* Which epochs are active, and which of them are dirty.  -1 and *e. */
int model_look_around(struct model *m, struct err *e);

struct model_did {
	size_t done, lost; /* how many epochs; see enum slot_did */
	size_t left;       /* not looked at: we are told to stop */
};

/*
 * Work once on every dirty epoch; with --once on every one that we have not
 * acknowledged.  -1 and *e when the connection, or our registration, is lost;
 * an epoch that cannot be computed is reported, once for each of its changes,
 * and stays dirty.
 */
int model_look(struct model *m, struct model_did *did, struct err *e);

#endif
