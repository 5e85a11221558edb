/* SPDX-License-Identifier: ISC */
/*
 * pool: the newest tick of each contract and group, bounded, in the order in
 * which the groups first came.
 *
 * This is conflation: whoever cannot pass ticks on as fast as they come (a
 * slow stdout, a Redis that is away, a fence) keeps them here and loses only
 * values that a newer one has replaced.  A group that is replaced keeps its
 * place, so a busy contract cannot push itself behind the others.
 *
 * Layer: knows buf, contract, tick.
 */
#ifndef EPOCH_POOL_H
#define EPOCH_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "tick.h"

struct pool;

enum pool_put {
	POOL_NEW,   /* first of its contract and group */
	POOL_BEAT,  /* it replaced an older one, which is gone */
	POOL_LOST,  /* an older one than what is here; not kept */
	POOL_EQUAL, /* the very same is here; not kept */
	POOL_FULL   /* no room for another group; not kept */
};

/* Room for max groups; memory is taken as they come. */
struct pool *pool_new(size_t max);
void pool_free(struct pool **p);

/* Copies what it keeps. */
enum pool_put pool_put(struct pool *p, const struct tick *t);

size_t pool_count(const struct pool *p);

/*
 * A walk, the group that came first in front:
 *
 *	for (at = pool_first(p); at != POOL_END; at = next) {
 *		next = pool_next(p, at);
 *		pool_get(p, at, &tick);  borrowed until at is put to or dropped
 *		pool_drop(p, at);
 *	}
 *
 * A place stays valid until it is dropped, whatever is put meanwhile.
 */
#define POOL_END UINT32_MAX

uint32_t pool_first(const struct pool *p);
uint32_t pool_next(const struct pool *p, uint32_t at);
void pool_get(const struct pool *p, uint32_t at, struct tick *out);
void pool_drop(struct pool *p, uint32_t at);

/* Where a contract's group is; POOL_END: it is not here. */
uint32_t pool_find(
    const struct pool *p, struct span id, enum contract_group group);

#endif
