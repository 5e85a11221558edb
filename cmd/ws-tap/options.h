/* SPDX-License-Identifier: ISC */
/* options: the command line of ws-tap. */
#ifndef TAP_OPTIONS_H
#define TAP_OPTIONS_H

#include "operands.h"
#include "tap.h"

#define TAP_URL "wss://socket.massive.com/options"

struct options {
	struct tap_conf tap;
	const char *from, *key_file;
	bool no_board;
	struct operands operands;
};

/* -1 to go on, else the status to end with; options_free in any case. */
int options_read(struct options *o, int argc, char *argv[]);
void options_free(struct options *o);

#endif
