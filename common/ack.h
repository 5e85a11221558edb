/* SPDX-License-Identifier: ISC */
/*
 * ack: the acts of models: register, publish and acknowledge, forget.
 *
 * An epoch is clean when every model that serves its symbol has published
 * what it computed on the epoch's present seq.  Publishing and acknowledging
 * are one script, so there is no moment at which an epoch is clean and its
 * values are not there, and a change that comes while a model computes keeps
 * the epoch dirty: its seq has moved on.
 *
 * Source: docs/REDIS.md, "Models".
 * Layer: knows err, buf, symbol, words, key, db, view, act.
 */
#ifndef EPOCH_ACK_H
#define EPOCH_ACK_H

#include "act.h"

#define MODEL_NAME_MAX 32

/* [a-z0-9][a-z0-9_-]{0,31} */
bool model_name_valid(struct span text);

/* A model: the name that it is registered under is of that kind alone. */
struct ack_model {
	const char *name, *kind;
	const char *options; /* as one text: others make other documents */
};

struct ack {
	const struct ack_model *model;
	const char *symbol, *id;
	struct span incarnation; /* of the epoch as it was read */
	int64_t seq;             /* read before the values */
	int64_t base;            /* what is replaced in part; 0: all of it */
	const char *by;          /* this run of the model (act_nonce) */
	int64_t contracts;       /* in the model */
	int64_t ts;              /* the newest input's */
	struct words *gone;      /* fields that are no more; may be NULL */
	struct words *docs;      /* field value field value … */
};

enum ack_result {
	ACK_DONE,    /* published and acknowledged */
	ACK_OLDER,   /* somebody published a newer seq */
	ACK_BASE,    /* what is stored is not ours: publish all of it */
	ACK_OTHER,   /* another life of the epoch: read it anew */
	ACK_GONE,    /* the epoch is retired, or not there */
	ACK_UNKNOWN, /* we are not registered (any more) */
	ACK_FAILED   /* *e; NAME_TAKEN (78): the name is another kind's now */
};

/* Publish and acknowledge.  *now: the epoch's seq at that moment. */
enum ack_result ack_publish(
    struct act *act, const struct ack *a, int64_t *now, struct err *e);

/*
 * Register a model for symbols (n = 0: for all); makes dirty what it has not
 * acknowledged under these options.  -1 and *e: NAME_TAKEN (78) when the name
 * is another kind's, and then nothing was changed.
 */
int ack_register(struct act *act, const struct ack_model *m,
    const char *const *symbols, size_t n, struct err *e);

/* Is it registered for anything?  1, 0, -1 and *e. */
int ack_is_registered(struct act *act, const char *name, struct err *e);

/* member: NAME, with all its symbols, or NAME@SYMBOL.  *gone: how many
 * registrations, *cleaned: epochs that waited for it alone. */
int ack_forget(struct act *act, const char *member, int64_t *gone,
    int64_t *cleaned, struct err *e);

#endif
