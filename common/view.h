/* SPDX-License-Identifier: ISC */
/*
 * view: reading epochs, for whoever looks: the decision of a promotion, the
 * table, later the models.  Reads only, always by epoch id, so that a switch
 * between two reads never mixes two epochs.
 *
 * Returns everywhere: 1 there, 0 not there, -1 and *e.  A key of the wrong
 * type is an error (78).
 *
 * Layer: knows err, buf, db, key, contract.
 */
#ifndef EPOCH_VIEW_H
#define EPOCH_VIEW_H

#include <stdbool.h>

#include "buf.h"
#include "contract.h"
#include "db.h"
#include "err.h"
#include "key.h"

/* A whole Redis hash, copied.  {0} is a valid empty one. */
struct hash {
	struct buf own;
	struct hash_field {
		struct span name, value;
	} * f; /* sorted by name, bytewise */
	size_t n;
};

void hash_free(struct hash *h);
struct span hash_get(const struct hash *h, const char *name); /* or NONE */
/* 0 and *out, -1 when absent or not an integer (*out untouched). */
int hash_int(const struct hash *h, const char *name, int64_t *out);
/* A mark: there, and neither empty nor 0. */
bool hash_flag(const struct hash *h, const char *name);

/* A db_fn for HGETALL: ctx is a struct hash, whose old content goes. */
void hash_read(const struct db_val *v, void *ctx);

struct view {
	struct db *db;
	const struct keys *keys;
};

/* symbol -> epoch id of every symbol with an active epoch. */
int view_actives(const struct view *v, struct hash *out, struct err *e);
int view_active(
    const struct view *v, struct span symbol, struct buf *id, struct err *e);
int view_meta(
    const struct view *v, struct span id, struct hash *out, struct err *e);
/* Has the epoch been retired, or has even its meta gone? */
int view_retired(const struct view *v, struct span id, struct err *e);
int view_pending(
    const struct view *v, struct span symbol, struct hash *out, struct err *e);
int view_geometry(
    const struct view *v, struct span id, struct buf *text, struct err *e);
int view_timeline(const struct view *v, struct span symbol, struct buf *own,
    struct span **ids, size_t *n, struct err *e);

/*
 * The stored contracts of an epoch, pipelined; fn is called once per id, in
 * order, i its index; c is NULL when that contract is not there.
 */
typedef void view_contract_fn(size_t i, const struct contract *c, void *ctx);
int view_contracts(const struct view *v, struct span id,
    const struct span *cids, size_t n, view_contract_fn *fn, void *ctx,
    struct err *e);

/* The same, of some fields: the others of c are absent, its ts 0.  c is NULL
 * when none of these is there: ask for one that always is (CF_RIGHT). */
int view_fields(const struct view *v, struct span id, const struct span *cids,
    size_t n, const enum contract_field *fields, size_t n_fields,
    view_contract_fn *fn, void *ctx, struct err *e);

#endif
