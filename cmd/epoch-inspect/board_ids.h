/* SPDX-License-Identifier: ISC */
/* board_ids: the contract ids of an epoch, from its geometry, each one
 * looked at before it may become part of a key's name. */
#ifndef EPOCH_BOARD_IDS_H
#define EPOCH_BOARD_IDS_H

#include "inspect.h"

struct board_ids {
	struct buf text;
	struct span *ids; /* sorted, distinct; borrowed from text */
	size_t n;
};

/* 1; 0 when it is not there or damaged, which was reported; -1 and *e. */
int board_ids_read(
    struct inspect *in, const char *id, struct board_ids *b, struct err *e);
void board_ids_free(struct board_ids *b);

#endif
