/* SPDX-License-Identifier: ISC */
/*
 * opt: one table of options a tool, from which come parsing, --help and the
 * usage line.  Long names for all, letters for the common ones, the same
 * letter with the same meaning everywhere.
 *
 * Layer: knows err, buf.
 */
#ifndef EPOCH_OPT_H
#define EPOCH_OPT_H

#include <stdint.h>
#include <stdio.h>

#include "err.h"

struct opt {
	int val;          /* what opt_next returns; a letter, or ≥ 256 */
	const char *name; /* long name; NULL ends the table */
	const char *arg;  /* name of its argument, NULL when it takes none */
	const char *help; /* one line */
};

/* --help, --version and --quiet belong to every table. */
#define OPT_COMMON                                                             \
	{'h', "help", NULL, "show this text and exit"},                        \
	    {'V', "version", NULL, "show the version, libraries included"},    \
	{                                                                      \
		'q', "quiet", NULL, "no warnings"                              \
	}

struct opt_set {
	const struct opt *table;
	const char *operands; /* for the usage line: "SYMBOL..." */
	const char *summary;  /* one sentence for --help */
	const char *versions; /* of the libraries used, " jansson 2.14 …" */
};

/*
 * The next option's val and its argument in *arg; -1 when the options are
 * done (optind then points at the operands).  Handles --help and --version
 * itself: prints to stdout and returns OPT_DONE, with *status 0 (74 when
 * stdout failed).  A usage error prints its reason and the usage line to
 * stderr and returns OPT_DONE with *status 64.
 */
#define OPT_DONE (-2)
int opt_next(int argc, char *argv[], const struct opt_set *set,
    const char **arg, int *status);

/* Reason and usage line to stderr; returns 64. */
int opt_usage(const struct opt_set *set, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Strict readers of arguments; -1 when out of form or range. */
int opt_int(const char *arg, int64_t min, int64_t max, int64_t *out);
/* Seconds with decimals ("0.5") to ms; min and max in ms. */
int opt_seconds(const char *arg, int64_t min, int64_t max, int64_t *ms);
/* Percent with decimals ("20", "0.5"), 0 to 100, in basis points. */
int opt_percent(const char *arg, int64_t *bp);

/*
 * Warn of environment variables named MASSIVE_* or EPOCH_* that no tool
 * knows: a misspelt name would otherwise be silently without effect.
 */
void opt_check_env(void);

#endif
