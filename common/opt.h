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
	int val;          /* what opt_take gets; a letter, or ≥ 256 */
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

/* Which Redis, and how patient with it: two options of most tables. */
struct opt_redis {
	const char *url; /* NULL for $REDIS_URL */
	int64_t timeout_ms;
};

#define OPT_REDIS_OF(seconds)                                                  \
	{'r', "redis", "URL", "address of Redis (default $REDIS_URL)"},        \
	{                                                                      \
		't', "redis-timeout", "S",                                     \
		    "longest wait for one answer (" seconds ")"                \
	}
#define OPT_REDIS OPT_REDIS_OF("5")
#define OPT_REDIS_MS 5000

struct opt_set {
	const struct opt *table;
	const char *operands; /* for the usage line: "SYMBOL..."; "" none */
	const char *summary;  /* one sentence for --help */
	const char *versions; /* of the libraries used, " jansson 2.14 …" */
};

/*
 * What a tool does with one option of its table; arg is NULL when the option
 * takes none.  0; -1 when the argument is out of form or range; or a status
 * above 0 to end with, when the reason has been told already.
 */
typedef int opt_take(int val, const char *arg, void *ctx);

/*
 * Hand every option of the command line to take, in their order.  -1 to go
 * on, with optind at the operands; else the status to end with: 0 after
 * --help and --version (74 when stdout failed), 64 after a usage error, whose
 * reason and usage line went to stderr.  Operands are one where the set has
 * none.  Warns of variables named MASSIVE_* or EPOCH_* that no tool knows.
 */
int opt_read(int argc, char *argv[], const struct opt_set *set, opt_take *take,
    void *ctx);

/* Reason and usage line to stderr; returns 64. */
int opt_usage(const struct opt_set *set, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Strict readers of arguments; -1 when out of form or range. */
int opt_int(const char *arg, int64_t min, int64_t max, int64_t *out);
/* Seconds with decimals ("0.5") to ms; min and max in ms. */
int opt_seconds(const char *arg, int64_t min, int64_t max, int64_t *ms);
/* Percent with decimals ("20", "0.5"), 0 to 100, in basis points. */
int opt_percent(const char *arg, int64_t *bp);

/* Either option of OPT_REDIS: 0, or -1 when the argument is bad. */
int opt_redis(struct opt_redis *r, int val, const char *arg);

#endif
