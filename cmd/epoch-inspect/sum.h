/* SPDX-License-Identifier: ISC */
/*
 * sum: SHA-256 over lines "key TAB field TAB value", keys without prefix,
 * bytes made visible as in all our texts.  Who calls brings the lines in the
 * order of their bytes.
 */
#ifndef EPOCH_SUM_H
#define EPOCH_SUM_H

#include "board_ids.h"
#include "inspect.h"
#include "sha.h"

struct sum {
	struct inspect *in;
	struct sha256 sha;
	struct buf line, name; /* name: of the key at hand, without prefix */
};

void sum_start(struct sum *s, struct inspect *in);
/* One field of the key named last. */
void sum_line(struct sum *s, struct span field, struct span value);
/* Prints "sha256  subject", in the form of sha256sum, unless only the text
 * was asked for, or the sum is not whole. */
void sum_end(struct sum *s, const char *subject, bool whole);

/* Name a key: the name for Redis is left in key and returned. */
struct span sum_key(struct sum *s, struct buf *key, enum key_name name,
    struct span of, struct span sub);

/* All contracts of an epoch, then its geometry; values: without sequence
 * numbers and without saying which epoch it is. */
int sum_board(struct sum *s, const char *id, const struct board_ids *b,
    bool values, struct err *e);

#endif
