/* SPDX-License-Identifier: ISC */
/*
 * sum: SHA-256 over lines "key TAB field TAB value", keys without prefix,
 * bytes made visible as in all our texts.  Who calls brings the lines in the
 * order of their bytes.
 *
 * The digest of the state, that of the values, and the seal of a superseded
 * epoch (which is the digest of its values) are sums of such lines.
 *
 * Layer: knows err, buf, text, sha, key, db, view.
 */
#ifndef EPOCH_SUM_H
#define EPOCH_SUM_H

#include <stdbool.h>

#include "sha.h"
#include "view.h"

struct sum {
	const struct view *view;
	struct sha256 sha;
	struct buf line, name; /* name: of the key at hand, without prefix */
	size_t missing;        /* contracts that were not there */
	/* May be NULL: sees every line, its newline included. */
	void (*tell)(struct span line, void *ctx);
	void *ctx;
};

void sum_start(struct sum *s, const struct view *v);
/* One field of the key named last. */
void sum_line(struct sum *s, struct span field, struct span value);
/* The hash; frees what s holds. */
void sum_end(struct sum *s, char hash[SHA256_TEXT]);

/* Name a key: the name for Redis is left in key and returned. */
struct span sum_key(struct sum *s, struct buf *key, enum key_name name,
    struct span of, struct span sub);

/*
 * All contracts of an epoch, then its geometry, whose canonical text and ids
 * are given; values: without sequence numbers and without saying which epoch
 * it is.  s->missing counts those that are not there.  -1 and *e.
 */
int sum_board(struct sum *s, const char *id, struct span geometry,
    const struct span *ids, size_t n, bool values, struct err *e);

#endif
