/* SPDX-License-Identifier: ISC */
/*
 * options: the command line of epoch-inspect, and its views with what goes
 * with each.
 */
#ifndef EPOCH_INSPECT_OPTIONS_H
#define EPOCH_INSPECT_OPTIONS_H

#include "inspect.h"
#include "opt.h"

enum kind_flag {
	KIND_SHEET = 1,   /* -o and --json */
	KIND_NEAR = 2,    /* --near */
	KIND_NAME = 4,    /* --name */
	KIND_SYMBOLS = 8, /* operands are symbols, never ids */
	KIND_GEX = 16,    /* shows what model-gex publishes */
	KIND_HEATMAP = 32 /* shows what model-heatmap publishes */
};

struct kind {
	int opt; /* that chooses it, 0 for the table */
	int (*show)(struct inspect *in, struct err *e);
	int flags;
};

struct options {
	const struct kind *kind;
	bool twice; /* two views were chosen */
	struct opt_redis redis;
	int64_t at; /* --at, -1 without */
	const char **tapes;
	size_t n_tapes;
};

/* -1 to go on, else the status to end with; options_free in any case. */
int options_read(struct options *o, struct inspect *in, int argc, char *argv[]);
void options_free(struct options *o, struct inspect *in);

#endif
