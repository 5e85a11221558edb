/* SPDX-License-Identifier: ISC */
/* options: the command line of chain-fetch. */
#ifndef FETCH_OPTIONS_H
#define FETCH_OPTIONS_H

#include "fetch.h"
#include "wanted.h"

struct options {
	struct fetch_conf fetch;
	const char *from, *key_file;
	bool equity;
	bool asks; /* - is an operand: stdin asks, too */
	struct wanted *wanted;
	size_t n_wanted;
};

/* -1 to go on, else the status to end with; options_free in any case. */
int options_read(struct options *o, int argc, char *argv[]);
void options_free(struct options *o);

#endif
