/* SPDX-License-Identifier: ISC */
/*
 * model: the frame that every model shares: register, wake, read what
 * changed, compute, publish and acknowledge, again.
 *
 * A model is a struct model_ops (slot.h) and a main that hands it to
 * model_run.  It sees contracts and writes documents; it never meets Redis, a
 * clock, or another epoch.  It must be a function of the epoch alone: the same
 * values give the same documents, whichever way they came.
 *
 * Why no work is lost: the epoch's seq is read before its values, and the
 * script that publishes makes it clean only if the seq is still that one.
 * Hints wake us; a lost one costs the time until the next poll.  Why nothing
 * false is clean: documents and acknowledgement are one script.  A lost
 * connection, another life of the database, documents that another run of
 * the model wrote: everything is read, or published, anew.
 *
 * Layer: knows err, buf, opt, stream, slot.
 */
#ifndef EPOCH_MODEL_H
#define EPOCH_MODEL_H

#include "opt.h"
#include "slot.h"
#include "stream.h"

enum model_mode { MODEL_FOLLOW, MODEL_ONCE, MODEL_PRINT };

struct model_conf {
	const char *kind; /* also the type of its record in the field doc */
	char name[MODEL_NAME_MAX + 1]; /* gex; --name */
	struct opt_redis redis;
	int64_t poll_ms,
	    patience_ms; /* MODEL_DEFAULTS, as the patience above */
	enum model_mode mode;
	bool verbose;
	/* What makes other documents of the same epoch, as one text: a model
	 * that comes back with another text computes everything anew. */
	struct buf options;
	const struct model_ops *ops;
	void *ops_conf; /* handed to ops->open */
	/* How to tell about a symbol or an epoch: err_report. */
	int (*report)(const char *subject, const struct err *e);
	/* How to tell the counters: at the end with -v, and on USR1. */
	void (*counts)(const char *name, const char *text);
};

#define MODEL_DEFAULTS                                                         \
	.redis.timeout_ms = OPT_REDIS_MS, .poll_ms = 1000, .patience_ms = 60000

/* For the option table of a model; the model's own vals begin at 300. */
enum model_opt {
	MODEL_OPT_ONCE = 256,
	MODEL_OPT_FOLLOW,
	MODEL_OPT_PRINT,
	MODEL_OPT_NAME,
	MODEL_OPT_POLL,
	MODEL_OPT_PATIENCE
};
#define MODEL_OPTIONS                                                          \
	{MODEL_OPT_FOLLOW, "follow", NULL,                                     \
	    "compute whenever an epoch changes (default)"},                    \
	    {MODEL_OPT_ONCE, "once", NULL,                                     \
		"compute what is to be computed now, and exit"},               \
	    {MODEL_OPT_PRINT, "print", NULL,                                   \
		"compute and print; write nothing, register nothing"},         \
	    {MODEL_OPT_NAME, "name", "NAME",                                   \
		"register and publish under that name"},                       \
	    {MODEL_OPT_POLL, "poll", "S",                                      \
		"longest time between two looks (1)"},                         \
	    {MODEL_OPT_PATIENCE, "patience", "S",                              \
		"how long to look for a Redis that went away (60)"},           \
	    OPT_REDIS,                                                         \
	{                                                                      \
		'v', "verbose", NULL, "counters on stderr at the end"          \
	}

/* Take an option of the table above: 0, or -1 when its argument is out of form
 * or range. */
int model_option(struct model_conf *c, int val, const char *arg);

/*
 * Serve these symbols (none: all); with --print also epoch ids.  Runs until
 * a signal, or once.  Returns the exit status.
 */
int model_run(const struct model_conf *c, char *const *operands, size_t n,
    struct out *out);

#endif
