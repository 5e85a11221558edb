/* SPDX-License-Identifier: ISC */
/* tapes: which files --tape means. */
#ifndef EPOCH_TAPES_H
#define EPOCH_TAPES_H

#include "options.h"

struct tapes {
	char **names;
	size_t n;
};

/*
 * In the order in which they are one tape: a file is itself, a folder of
 * epoch-record its files of the symbols that are asked for, up to the day of
 * --at (UTC, as in their names).  0; or a status, which was reported: 66 no
 * tape there, 1 all begin later.
 */
int tapes_find(
    const struct options *o, const struct inspect *in, struct tapes *t);
void tapes_free(struct tapes *t);

#endif
