/* SPDX-License-Identifier: ISC */
/*
 * child: other programs, started and ended.
 *
 * None outlives us, whatever ends us: the kernel kills it with us.  The tools
 * among them are of our own installation: beside our own executable, where
 * there is one of that name, else in PATH.
 */
#ifndef EPOCH_CHILD_H
#define EPOCH_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

struct child {
	pid_t pid; /* 0: none */
	const char *name;
};

/*
 * argv ends with NULL; input is ours, output goes nowhere, errors where ours
 * go.  Signals of the terminal are for us: it does not notice them.  -1 and *e:
 * 69 when there is no such program.
 */
int child_start(struct child *c, const char *const *argv, struct err *e);

/* Has it ended?  Its status then: 70 when a signal ended it. */
bool child_ended(struct child *c, int *status);

/* Wait for its end; -1 and *e (75) when we are told to stop: it is gone, too.
 */
int child_wait(struct child *c, int *status, struct err *e);

void child_kill(struct child *c);

#endif
