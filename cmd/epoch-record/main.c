/* SPDX-License-Identifier: ISC */
/*
 * epoch-record: the journal in Redis becomes a tape.
 *
 *	epoch-record --dir DIR [--on] SYMBOL...
 *	epoch-record --once SYMBOL >tape.ndjson
 *	epoch-record --on | --off
 *
 * In: nothing.  Out: tape, act and rewind records, in DIR one file a symbol
 * and day (SYMBOL-DATE.ndjson, UTC, by the acts' own times), else on stdout.
 * Redis: reads epoch:journal:SYMBOL, trims what is safely on disk; --on and
 * --off write epoch:config.
 *
 * Why it is right.  Killed at any point: the files are all there is to know;
 * the two newest are read again, an unfinished line cut off, and recording goes
 * on behind the last act.  Acts are numbered by Redis, so none is twice on
 * the tape, and one that is missing shows.  A power cut: nothing is trimmed
 * from Redis before fdatasync.  A Redis that fell back to an older state: the
 * last act is compared each time anew; a rewind tells from where on the tape
 * is void.  Two of us: the directory is locked for the symbol.  A full disk:
 * 74, the file ends with a whole line, and Redis keeps the rest.
 */
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "opt.h"
#include "recorder.h"
#include "sig.h"

enum {
	OPT_DIR = 256,
	OPT_ONCE,
	OPT_FOLLOW,
	OPT_ON,
	OPT_OFF,
	OPT_MAX,
	OPT_FSYNC,
	OPT_TRIM,
	OPT_ZSTD
};

static const struct opt options[] = {
    {OPT_DIR, "dir", "DIR", "one file a symbol and day, instead of stdout"},
    {OPT_FOLLOW, "follow", NULL, "go on until told to stop (default)"},
    {OPT_ONCE, "once", NULL, "end when there is nothing new"},
    {OPT_ON, "on", NULL, "switch the journal on, also when Redis forgot it"},
    {OPT_OFF, "off", NULL, "switch it off, and end"},
    {OPT_MAX, "max", "N", "with --on: acts a symbol that Redis keeps (10000)"},
    {OPT_FSYNC, "fsync", "S", "to disk, and out of Redis, every S (1)"},
    {OPT_TRIM, "trim", NULL, "trim Redis also when writing to stdout"},
    {OPT_ZSTD, "zstd", NULL, "compress finished files, but the last"},
    OPT_REDIS,
    {'v', "verbose", NULL, "counters on stderr at the end"},
    OPT_COMMON,
    {0},
};

static const struct opt_set option_set = {
    .table = options,
    .operands = "[SYMBOL...]",
    .summary = "Record every act on epochs from the journal in Redis.",
    .versions = "hiredis " HIREDIS_PKG ", libcrypto " LIBCRYPTO_PKG
		", libzstd " LIBZSTD_PKG,
};

static struct {
	const char *dir;
	bool off, zstd, verbose;
} conf;

static int
take_option(int val, const char *arg, void *ctx)
{
	struct recorder *r = ctx;

	switch (val) {
	case OPT_DIR:
		conf.dir = arg;
		r->trim = true;
		return 0;
	case OPT_FOLLOW:
		r->once = false;
		return 0;
	case OPT_ONCE:
		r->once = true;
		return 0;
	case OPT_ON:
		r->switch_on = true;
		return 0;
	case OPT_OFF:
		conf.off = true;
		return 0;
	case OPT_MAX:
		return opt_int(arg, 1, 999999999, &r->max);
	case OPT_FSYNC:
		return opt_seconds(arg, 0, 3600000, &r->sync_ms);
	case OPT_TRIM:
		r->trim = true;
		return 0;
	case OPT_ZSTD:
		conf.zstd = true;
		return 0;
	case 'v':
		conf.verbose = true;
		return 0;
	default:
		return opt_redis(&r->redis, val, arg);
	}
}

/* -1 to go on, else the status to end with. */
static int
read_options(struct recorder *r, int argc, char *argv[])
{
	int status = opt_read(argc, argv, &option_set, take_option, r);

	if (status >= 0)
		return status;
	if (conf.off && (r->switch_on || optind < argc))
		return opt_usage(&option_set, "--off stands alone");
	if (r->max > 0 && !r->switch_on)
		return opt_usage(&option_set, "--max needs --on");
	if (conf.zstd && conf.dir == NULL)
		return opt_usage(&option_set, "--zstd needs --dir");
	if (optind == argc && (!(r->switch_on || conf.off) || conf.dir != NULL))
		return opt_usage(&option_set, "no symbol");
	return -1;
}

static int
take_symbols(struct recorder *r, int n, char *operands[])
{
	for (int i = 0; i < n; i++) {
		if (!symbol_valid(span_str(operands[i])))
			return opt_usage(
			    &option_set, "no symbol: \"%.80s\"", operands[i]);
		for (int k = 0; k < i; k++)
			if (strcmp(operands[k], operands[i]) == 0)
				return opt_usage(
				    &option_set, "%s twice", operands[i]);
	}
	r->symbols = mem_zalloc((size_t)n * sizeof(*r->symbols));
	r->last = mem_zalloc((size_t)n * sizeof(*r->last));
	r->reels = mem_zalloc((size_t)n * sizeof(*r->reels));
	for (int i = 0; i < n; i++)
		r->symbols[i] = operands[i];
	return 0;
}

static int
record(struct recorder *r, size_t n, struct out *out)
{
	struct err e;

	while (r->n < n) {
		const char *symbol = r->symbols[r->n];
		int rc = reel_open(
		    &r->reels[r->n++], conf.dir, out, conf.zstd, symbol, &e);

		if (rc < 0)
			return err_report(symbol, &e);
		if (rc > 0)
			return recorder_stopped(r);
	}
	if (n > 0)
		recorder_run(r);
	else if (journal_switch(&r->act, !conf.off, r->max, &e) < 0)
		return err_report(NULL, &e);
	return r->status;
}

int
main(int argc, char *argv[])
{
	struct recorder r = {.sync_ms = 1000, .redis.timeout_ms = OPT_REDIS_MS};
	struct out out;
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	status = read_options(&r, argc, argv);
	if (status < 0 && take_symbols(&r, argc - optind, argv + optind) > 0)
		status = EX_USAGE;
	if (status >= 0)
		return status;
	out_init(&out, STDOUT_FILENO);
	r.act.view.keys = &r.keys;
	if (clock_init(&e) < 0 || keys_init(&r.keys, &e) < 0 ||
	    (r.act.view.db = db_open(r.redis.url, r.redis.timeout_ms, &e)) ==
		NULL)
		status = err_report(NULL, &e);
	else
		status = record(&r, (size_t)(argc - optind), &out);
	if (out_close(&out, &e) < 0)
		status = err_worse(status, err_report("stdout", &e));
	if (conf.verbose)
		recorder_show(&r);
	for (size_t i = 0; i < r.n; i++)
		reel_close(&r.reels[i]);
	act_free(&r.act);
	db_close(&r.act.view.db);
	free(r.reels);
	free(r.symbols);
	free(r.last);
	return sig_end(status);
}
