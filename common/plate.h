/* SPDX-License-Identifier: ISC */
/*
 * plate: what a model has read of one epoch: its meta, its contracts' ids,
 * and a cursor, the seq up to which every change has been taken in.
 *
 * seq is read before the values, so what is read later may be newer than
 * the cursor says, never older: such a change is read once more.  Everything
 * is read for a new epoch, after full_seq moved beyond the cursor, in another
 * life of the database (incarnation, a seq below the cursor), and after
 * plate_forget; otherwise only the contracts in `changed` since the cursor.
 *
 * Layer: knows err, buf, words, sha, geom, contract, key, db, view.
 */
#ifndef EPOCH_PLATE_H
#define EPOCH_PLATE_H

#include "contract.h"
#include "view.h"

struct plate {
	char id[EPOCH_ID_MAX];
	struct epoch_id parts; /* of the id: the symbol … */
	struct hash meta;      /* as it was before the values were read */
	int64_t seq;           /* meta's */
	struct buf geometry;
	struct span *ids; /* of all contracts, sorted bytewise */
	size_t n;
	int64_t cursor; /* every change up to this seq is taken in; 0: none */
};

/* Which fields of the contracts are wanted, and who takes them. */
struct plate_reader {
	const enum contract_field *fields;
	size_t n_fields;
	/* Everything follows: contracts that were taken before are void. */
	int (*begin)(void *ctx, const struct plate *p, struct err *e);
	/* The values of contract p->ids[i]; only the wanted fields are set. */
	void (*take)(void *ctx, size_t i, const struct contract *c);
	void *ctx;
};

void plate_free(struct plate *p);

/* Read everything next time. */
void plate_forget(struct plate *p);

/*
 * Read an epoch's meta.  1; 0 when it is retired or not there; -1 and *e.
 */
int plate_look(
    struct plate *p, const struct view *v, const char *id, struct err *e);

/*
 * After plate_look: take in what changed, or everything.  *taken: contracts
 * read.  1; 0 when the epoch is gone meanwhile; -1 and *e (65, DAMAGED, when
 * contracts are missing or the geometry is not meta's).
 */
int plate_read(struct plate *p, const struct view *v,
    const struct plate_reader *r, size_t *taken, struct err *e);

#endif
