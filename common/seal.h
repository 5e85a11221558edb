/* SPDX-License-Identifier: ISC */
/*
 * seal: the values digest of a superseded epoch, kept in its meta, so that
 * any later change of it can be seen.
 *
 * An epoch's values are final once it is superseded: every script that
 * changes values requires that the epoch is active.
 *
 * Source: docs/REDIS.md, "Acts".
 * Layer: knows err, buf, geom, key, db, view, words, act, sha, sum.
 */
#ifndef EPOCH_SEAL_H
#define EPOCH_SEAL_H

#include "act.h"
#include "sha.h"

/*
 * The values digest, as epoch-inspect --digest --values gives it: 1; 0 when
 * there is no geometry, or it is no canonical one, or not all of its contracts
 * are there; -1 and *e.
 */
int seal_compute(const struct view *v, struct span id, char hash[SHA256_TEXT],
    struct err *e);

/* Keep a seal that was computed: 1; 0 when the epoch is active, sealed,
 * retired, or of another life; -1 and *e. */
int seal_keep(struct act *act, const char *symbol, const char *id,
    struct span incarnation, const char *hash, struct err *e);

/*
 * Compute it and keep it: 1 sealed now, and *hash; 0 it is active, sealed
 * already, retired, of another life of the database (incarnation), or not
 * whole: then *whole is false.  -1 and *e.
 */
int seal_epoch(struct act *act, const char *symbol, const char *id,
    struct span incarnation, char hash[SHA256_TEXT], bool *whole,
    struct err *e);

#endif
