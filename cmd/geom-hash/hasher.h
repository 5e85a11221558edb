/* SPDX-License-Identifier: ISC */
/*
 * hasher: records in, the geometry and the contracts of whole snapshots out;
 * what is wrong is told on stderr, and the worst of it is the status.
 */
#ifndef GEOM_HASH_HASHER_H
#define GEOM_HASH_HASHER_H

#include "hold.h"
#include "stream.h"

struct hasher {
	struct hold hold;
	struct out out;
	struct buf text;    /* of records that we write ourselves */
	uint64_t snapshots; /* begun or aborted */
	uint64_t bad;       /* lines, outside of a snapshot that they spoil */
	bool allow_none;    /* somebody may ask for a snapshot, or nobody */
	int status;
};

/* Read these files, up to a NULL, one after the other; none: stdin. */
void hasher_read(struct hasher *h, char *paths[]);
void hasher_free(struct hasher *h);

#endif
