/* SPDX-License-Identifier: ISC */
/* options: the command line of epoch-replay. */
#ifndef REPLAY_OPTIONS_H
#define REPLAY_OPTIONS_H

#include "opt.h"
#include "replayer.h"

struct options {
	struct opt_redis redis;
	bool check, bisect, leave_out;
};

extern const struct opt_set option_set;

/* -1 to go on, else the status to end with.  Limits go to the player. */
int options_read(struct options *o, struct replayer *r, int argc, char *argv[]);

/* Captures are played: 0, or 64 when a limit has no meaning without a tape. */
int options_fit_captures(const struct player *p);

#endif
