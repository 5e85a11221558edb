/* SPDX-License-Identifier: ISC */
/* options: the command line and the environment of dormancy-watch. */
#ifndef DORMANCY_OPTIONS_H
#define DORMANCY_OPTIONS_H

#include "watch.h"

struct conf {
	const char *redis;  /* --redis, or NULL */
	const char *closed; /* --closed, or NULL */
	int64_t timeout_ms;
	bool verbose;
};

/* 0; -1 when there is nothing more to do than to end with *status. */
int options_read(
    int argc, char *argv[], struct watch *w, struct conf *conf, int *status);

#endif
