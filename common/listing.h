/* SPDX-License-Identifier: ISC */
/*
 * listing: what the active epoch of one symbol lists, from its geometry: does
 * a contract belong to it, does it know a root, does its filter let an id in.
 *
 * Layer: knows err, buf, geom, filter, key, db, view.
 */
#ifndef EPOCH_LISTING_H
#define EPOCH_LISTING_H

#include "filter.h"
#include "geom.h"
#include "view.h"

struct listing {
	char symbol[SYMBOL_MAX + 1];
	char id[EPOCH_ID_MAX]; /* the epoch; "" none is active */
	int64_t begin_ts;      /* of its newest snapshot, as last looked at */
	int64_t seq, last_tick_ts;
	struct filter filter;
	struct buf geometry; /* private from here on */
	uint32_t *table;     /* where an id begins in geometry, + 1; 0 empty */
	uint32_t mask;
	struct span *roots; /* distinct, in geometry */
	size_t n_roots;
};

/* The root of a well-formed id. */
struct span listing_root(struct span id);

/* Read an epoch.  1; 0: it is not (or no longer) all there, and *l lists
 * nothing; -1 and *e. */
int listing_load(
    struct listing *l, const struct view *v, struct span id, struct err *e);
void listing_clear(struct listing *l);

/* Its begin_ts, which a refresh moves on.  0, or -1 and *e. */
int listing_look(struct listing *l, const struct view *v, struct err *e);

bool listing_has(const struct listing *l, struct span id);
bool listing_knows_root(const struct listing *l, struct span root);

/* Might a snapshot of this window hold the id, at that time? */
bool listing_admits(const struct listing *l, struct span id, int64_t ts);

#endif
