/* SPDX-License-Identifier: ISC */
/*
 * child: other programs, started and ended.
 *
 * None outlives us, whatever ends us: the kernel kills it with us.  The tools
 * among them are of our own installation: beside our own executable, where
 * there is one of that name, else in PATH.
 *
 * Layer: knows err, sig, buf, clock.
 */
#ifndef EPOCH_CHILD_H
#define EPOCH_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

struct child {
	pid_t pid; /* 0: none */
	const char *name;
	int signal; /* that ended it, or 0 */
};

/* Its first three descriptors. */
struct child_io {
	int in, out, err;
};

/*
 * argv ends with NULL.  io NULL: input is ours, output goes nowhere, errors
 * where ours go.  Signals of the terminal are for us: it does not notice them.
 * -1 and *e: 69 when there is no such program.
 */
int child_start(struct child *c, const char *const *argv,
    const struct child_io *io, struct err *e);

/* Has it ended?  Its status then: 70 when c->signal ended it. */
bool child_ended(struct child *c, int *status);

/* Wait for its end.  -1 and *e: 70 a signal ended it; 75 when we are told to
 * stop: it is gone, too. */
int child_wait(struct child *c, int *status, struct err *e);

void child_kill(struct child *c);

#endif
