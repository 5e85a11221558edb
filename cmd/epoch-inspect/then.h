/* SPDX-License-Identifier: ISC */
/*
 * then: Redis as it was at a moment, made from tapes.
 *
 * A redis-server of our own, on a socket in a folder that only we can enter,
 * without a file of data; epoch-replay up to that moment, and the models, as
 * everywhere, over it.  So what is shown is made by the functions that made it
 * the first time, and no view knows of it.
 *
 * Nothing stays, whatever ends us: the programs die with us (child.h), the
 * folder goes after us (folder.h).
 */
#ifndef EPOCH_THEN_H
#define EPOCH_THEN_H

#include "child.h"
#include "folder.h"
#include "options.h"

struct then {
	struct folder folder;
	char socket[FOLDER_MAX + 8], url[FOLDER_MAX + 16], log[FOLDER_MAX + 8];
	struct child server, tool; /* what runs at the moment */
};

/* Make it, and connect in->view to it.  0; or a status, which was reported.
 * then_end in both cases. */
int then_make(struct then *t, const struct options *o, struct inspect *in);
void then_end(struct then *t);

#endif
