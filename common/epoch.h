/* SPDX-License-Identifier: ISC */
/*
 * epoch: the acts on an epoch, one function an act, so that a live tool and
 * a replay cannot differ.
 *
 * epoch_apply reads what is active, decides, and promotes or refreshes; when
 * somebody else was faster it decides again on what it then finds.  A lost
 * connection is opened again within the deadline: a half-staged id is
 * abandoned for a new one, a commit of unknown outcome is repeated.
 *
 * Source: docs/REDIS.md, "Acts".
 * Layer: knows err, buf, clock, sig, db, key, view, snapshot, decide, sha,
 * geom, words, act, promote, refresh.
 */
#ifndef EPOCH_EPOCH_H
#define EPOCH_EPOCH_H

#include "act.h"
#include "decide.h"
#include "promote.h"
#include "snapshot.h"

/*
 * Redis, for who writes epochs: db_open, and NULL and *e (78, EVICTING) also
 * when the server may evict keys: it would eat epochs, epoch:active included.
 * *unchecked: it may not be asked, which is worth a warning.
 */
struct db *epoch_open(
    const char *url, int64_t timeout_ms, bool *unchecked, struct err *e);

/* Decide on a whole snapshot and carry the decision out.  -1 and *e when
 * that could not be done; whatever is active is whole then, too. */
int epoch_apply(struct act *act, const struct snapshot *s,
    const struct policy *p, struct outcome *out, struct err *e);

/* One look at what is active, and one act on it. */
typedef enum act_result epoch_try_fn(
    void *ctx, struct outcome *out, struct err *e);

/* Once more, within the deadline, while others were faster (ACT_AGAIN), the
 * epoch is fenced, or the connection was lost.  0: *out; -1 and *e. */
int epoch_until(struct act *act, epoch_try_fn *once, void *ctx,
    struct outcome *out, struct err *e);

/*
 * The snapshot asked for by a dormant request could not be had: the epoch
 * that stays is marked forced and fully dirty, unless for_epoch (may be NULL)
 * names another one.  out->id is the epoch that stays.
 */
int epoch_keep(struct act *act, const char *symbol, const char *for_epoch,
    bool dormant, struct outcome *out, struct err *e);

/* That epoch, while it is active, is marked forced and fully dirty.  ACT_DONE
 * also when it is not: act_said "ok" tells. */
enum act_result epoch_force(
    struct act *act, const char *symbol, struct span id, struct err *e);

/* What is active; fill *now, freed by current_free. */
int epoch_load(
    struct act *act, const char *symbol, struct current *now, struct err *e);
void current_free(struct current *now);

#endif
