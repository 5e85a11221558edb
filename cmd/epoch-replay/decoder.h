/* SPDX-License-Identifier: ISC */
/*
 * decoder: the tools that turn a vendor's bodies and messages into records,
 * live and here: chain-fetch, geom-hash, ws-tap, started as children.
 */
#ifndef REPLAY_DECODER_H
#define REPLAY_DECODER_H

#include "child.h"
#include "stream.h"

#define DECODER_TOOLS 2

struct decoder {
	struct in in; /* what the last one writes */
	struct child tools[DECODER_TOOLS];
	size_t n;
	int words; /* their stderr */
};

/*
 * Start one, or two in a row, over a descriptor, which is not taken.  argvs: of
 * each, NULL behind the last.  -1 and *e (69, 71, 75).
 */
int decoder_start(struct decoder *d, int input, const char *const *first,
    const char *const *second, struct err *e);

/*
 * All was read: 0 when they ended well; -1 and *e: the first words, and the
 * status, of the first that did not.
 */
int decoder_end(struct decoder *d, struct err *e);

/* No more is wanted. */
void decoder_stop(struct decoder *d);

#endif
