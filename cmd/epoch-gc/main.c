/* SPDX-License-Identifier: ISC */
/*
 * epoch-gc: the broom.
 *
 *	epoch-gc [options] [SYMBOL...]	seal and retire epochs, sweep
 *	epoch-gc --keep-id ID, --release ID
 *	epoch-gc --forget-model NAME[@SYMBOL]
 *
 * In: nothing.  Out: a gc record for each thing that it did.  Redis: reads
 * epoch:active, epoch:last, timelines, metas; writes meta's seal, retired and
 * keep; removes what retired epochs and dead reservations hold; forgets models
 * (epoch:models, their field in epoch:config, epoch:dirty, epoch:clean).
 *
 * Why it is right.  What may go was decided on what was read, but each mark is
 * set by a script that looks again: never on the active epoch, a dirty one, or
 * one that somebody keeps.  Contracts go only after the mark, which is never
 * taken back, by scripts that look at it, and the index of them goes last: so
 * a reader that misses a contract finds the mark, who was killed is followed
 * by one who goes on, and two of us do the same work twice, no harm.  A model
 * is forgotten by one script, by the very rule of an acknowledgement.
 */
#include <stdlib.h>
#include <unistd.h>

#include "ack.h"
#include "clock.h"
#include "gc.h"
#include "opt.h"
#include "sig.h"

enum {
	OPT_FORGET = 256,
	OPT_KEEP,
	OPT_GRACE,
	OPT_MAX_AGE,
	OPT_META,
	OPT_KEEP_ID,
	OPT_RELEASE,
	OPT_DEADLINE
};

static const struct opt options[] = {
    {OPT_KEEP, "keep", "N",
	"beside the active epoch the N newest stay, of each symbol (2)"},
    {OPT_GRACE, "grace", "S",
	"what was superseded less than S seconds ago stays (600)"},
    {OPT_MAX_AGE, "max-age", "DAYS",
	"what was superseded longer ago goes, --keep or not"},
    {OPT_META, "meta", NULL, "the oldest ones' meta and timeline go, too"},
    {'n', "dry-run", NULL, "say what would be done, and do nothing"},
    {OPT_KEEP_ID, "keep-id", "ID", "that epoch stays until --release"},
    {OPT_RELEASE, "release", "ID", "that epoch need not stay any more"},
    {OPT_FORGET, "forget-model", "NAME",
	"no epoch waits for that model any more; NAME or NAME@SYMBOL"},
    OPT_REDIS,
    {OPT_DEADLINE, "deadline", "S", "longest time for all of it (600)"},
    {'v', "verbose", NULL, "counters on stderr at the end"},
    OPT_COMMON,
    {0},
};

static const struct opt_set option_set = {
    .table = options,
    .operands = "[SYMBOL...]",
    .summary = "Remove from Redis what is not needed any more.",
    .versions = "hiredis " HIREDIS_PKG ", jansson " JANSSON_PKG
		", libcrypto " LIBCRYPTO_PKG,
};

static struct {
	struct opt_redis redis;
	const char *forget, *keep, *release;
	int64_t deadline_ms;
	bool sweeps, verbose;
	int acts; /* options that do one thing, each time they were given */
} conf = {.redis.timeout_ms = OPT_REDIS_MS, .deadline_ms = 600000};

/* NAME or NAME@SYMBOL */
static bool
member_valid(const char *text)
{
	size_t n = strcspn(text, "@");

	return model_name_valid((struct span){text, n}) &&
	       (text[n] == '\0' || symbol_valid(span_str(text + n + 1)));
}

static int
take_id(const char *arg, const char **id)
{
	struct epoch_id parts;

	*id = arg;
	return epoch_id_parse(span_str(arg), &parts);
}

/* An option that says what goes; -1 when its argument is bad. */
static int
take_policy(struct gc *g, int c, const char *arg)
{
	int bad = 0;

	conf.sweeps = true;
	switch (c) {
	case OPT_KEEP:
		return opt_int(arg, 0, 1000000, &g->policy.keep);
	case OPT_GRACE:
		return opt_seconds(
		    arg, 0, INT64_C(31622400000), &g->policy.grace_ms);
	case OPT_MAX_AGE: /* days with decimals, read as if seconds */
		bad = opt_seconds(arg, 1, 36600000, &g->policy.max_age_ms);
		g->policy.max_age_ms *= 24 * 60 * 60;
		return bad;
	case OPT_META:
		g->erase = true;
		return 0;
	default: /* --dry-run */
		g->dry = true;
		return 0;
	}
}

static int
take_option(int val, const char *arg, void *ctx)
{
	switch (val) {
	case OPT_FORGET:
		conf.acts++;
		conf.forget = arg;
		return member_valid(arg) ? 0 : -1;
	case OPT_KEEP_ID:
		conf.acts++;
		return take_id(arg, &conf.keep);
	case OPT_RELEASE:
		conf.acts++;
		return take_id(arg, &conf.release);
	case OPT_DEADLINE:
		return opt_seconds(arg, 1, 86400000, &conf.deadline_ms);
	case 'r':
	case 't':
		return opt_redis(&conf.redis, val, arg);
	case 'v':
		conf.verbose = true;
		return 0;
	default:
		return take_policy(ctx, val, arg);
	}
}

static int
take_symbols(struct gc *g, char *argv[], int n)
{
	g->symbols = mem_zalloc((size_t)(n + 1) * sizeof(*g->symbols));
	for (int i = 0; i < n; i++)
		if (symbol_parse(span_str(argv[i]), false,
			&g->symbols[g->n_symbols++]) < 0)
			return opt_usage(
			    &option_set, "no symbol: \"%.80s\"", argv[i]);
	return -1;
}

/* -1 to go on, else the status to end with. */
static int
read_options(struct gc *g, int argc, char *argv[])
{
	int status = opt_read(argc, argv, &option_set, take_option, g);

	if (status >= 0)
		return status;
	if (conf.acts > 1 || (conf.acts == 1 && (conf.sweeps || optind < argc)))
		return opt_usage(&option_set,
		    "--keep-id, --release and --forget-model stand alone, each "
		    "with one name");
	return take_symbols(g, argv + optind, argc - optind);
}

static int
run(struct gc *g, struct err *e)
{
	act_start(&g->act, conf.deadline_ms);
	if (act_now(&g->act, &g->now, e) < 0)
		return -1;
	if (conf.forget != NULL)
		return gc_forget(g, conf.forget, e);
	if (conf.keep != NULL)
		return gc_keep(g, conf.keep, true, e);
	if (conf.release != NULL)
		return gc_keep(g, conf.release, false, e);
	return gc_walk(g, e) < 0 || gc_sweep(g, e) < 0 ? -1 : 0;
}

int
main(int argc, char *argv[])
{
	struct gc g = {.policy = {.keep = 2, .grace_ms = 600000}};
	const char *subject = NULL;
	struct keys keys;
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	status = read_options(&g, argc, argv);
	if (status >= 0) {
		free(g.symbols);
		return status;
	}
	out_init(&g.out, STDOUT_FILENO);
	g.act.view.keys = &keys;
	if (clock_init(&e) < 0 || keys_init(&keys, &e) < 0 ||
	    (g.act.view.db = db_open(
		 conf.redis.url, conf.redis.timeout_ms, &e)) == NULL) {
		gc_fail(&g, NULL, &e);
	} else if (run(&g, &e) < 0) {
		subject = conf.forget != NULL ? conf.forget
			  : conf.keep != NULL ? conf.keep
					      : conf.release;
		gc_fail(&g, subject, &e);
	}
	if (out_close(&g.out, &e) < 0)
		gc_fail(&g, "stdout", &e);
	if (conf.verbose)
		gc_show(&g);
	act_free(&g.act);
	free(g.symbols);
	buf_free(&g.line);
	db_close(&g.act.view.db);
	return sig_end(g.status);
}
