/* SPDX-License-Identifier: ISC */
/*
 * folder: a private temporary folder that goes, whatever becomes of us: a
 * process of its own waits for our end, even by SIGKILL, and removes it.
 */
#ifndef EPOCH_FOLDER_H
#define EPOCH_FOLDER_H

#include <sys/types.h>

#include "err.h"

#define FOLDER_MAX 88 /* so that a socket's name in it fits (107) */

struct folder {
	char path[FOLDER_MAX]; /* "" none */
	pid_t sweeper;
	int fd; /* open as long as we live */
};

/* In TMPDIR, or in /tmp where that cannot be the place of a socket.  -1 and *e
 * (74, 71). */
int folder_make(struct folder *f, struct err *e);

/* With all that is in it. */
void folder_remove(struct folder *f);

#endif
