/* SPDX-License-Identifier: ISC */
/* options: the command line and the environment of dormancy-watch. */
#ifndef DORMANCY_OPTIONS_H
#define DORMANCY_OPTIONS_H

#include "opt.h"
#include "watch.h"

struct conf {
	struct opt_redis redis;
	const char *closed; /* --closed, or NULL */
	bool verbose;
};

/* -1 to go on, else the status to end with. */
int options_read(int argc, char *argv[], struct watch *w, struct conf *conf);

#endif
