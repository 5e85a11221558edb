/* SPDX-License-Identifier: ISC */
/*
 * slot: one symbol that a model serves: its active epoch, what was read of
 * it, the model's own state, and how the two become what is published.
 * Private to model, but for the two structs that a model fills in.
 *
 * Layer: knows err, buf, symbol, words, contract, view, act, ack, stream,
 * plate.
 */
#ifndef EPOCH_SLOT_H
#define EPOCH_SLOT_H

#include "ack.h"
#include "plate.h"
#include "stream.h"

/* What a model makes of an epoch.  What is lent stays as it is until the next
 * build, or close. */
struct model_docs {
	struct words docs; /* for its hash: field value field value … */
	struct words gone; /* fields that are no more, when not whole */
	struct words out;  /* for stdout, one after the other */
	int64_t contracts; /* how many are in it */
	int64_t ts;        /* the newest time among its inputs */
};

struct model_ops {
	/* Fields of a contract that it reads (CF_RIGHT comes with them). */
	const enum contract_field *fields;
	size_t n_fields;
	/*
	 * A board: p->ids stays as it is until close.  The values of every
	 * contract follow.  Returns the model's state of this epoch; NULL and
	 * *e when it cannot.
	 */
	void *(*open)(void *conf, const struct plate *p, struct err *e);
	/* The values of contract p->ids[i] as they are now; borrowed. */
	void (*take)(void *state, size_t i, const struct contract *c);
	/*
	 * Compute.  p->meta may have changed, too (spot, spot_ts).  whole: all
	 * documents; otherwise those that differ from the last build's (all is
	 * right, too).  -1 and *e: nothing is published, the epoch stays dirty.
	 */
	int (*build)(void *state, const struct plate *p, bool whole,
	    struct model_docs *d, struct err *e);
	void (*close)(void *state);
};

struct slot {
	char symbol[SYMBOL_MAX + 1];
	char id[EPOCH_ID_MAX]; /* the active one at the last look */
	bool there, dirty;     /* at that look */
	bool fixed;            /* of this id, whatever is active */
	struct plate plate;
	void *state;       /* the model's; NULL: none */
	int64_t published; /* seq of what we published last; 0: publish all */
	int64_t failed;    /* seq of the last failure that was reported */
	int64_t retry_ms;  /* after a failure: not before that moment */
};

/* Who works on slots. */
struct slot_worker {
	const struct model_ops *ops;
	void *conf; /* handed to ops->open */
	struct ack_model model;
	char by[ACT_NONCE];
	struct act act;
	struct model_docs docs; /* the last build's */
	/* counters */
	uint64_t whole, changed, contracts, published, again;
};

void slot_worker_free(struct slot_worker *w);

/* Forget what was read and computed, not the symbol. */
void slot_close(const struct slot_worker *w, struct slot *s);

/*
 * The epoch s->id may wait for us: read what changed, compute, publish and
 * acknowledge.  out gets what the model prints, once it is published.  A
 * slot_did, or -1 and *e.
 */
enum slot_did {
	SLOT_NOTHING, /* it does not wait for us */
	SLOT_DONE,    /* or somebody else did */
	SLOT_LOST /* what was to be computed is gone, or lives another life */
};
int slot_work(
    struct slot_worker *w, struct slot *s, struct out *out, struct err *e);

/* Compute, write nothing: 1, 0 the epoch is not there, -1 and *e. */
int slot_show(
    struct slot_worker *w, struct slot *s, struct out *out, struct err *e);

#endif
