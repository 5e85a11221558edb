/* SPDX-License-Identifier: ISC */
/*
 * epoch-gc: the broom.
 *
 *	epoch-gc --forget-model NAME[@SYMBOL]
 *
 * In: nothing.  Out: a line for each thing that it removed.  Redis: reads
 * epoch:active and metas, writes epoch:models, epoch:dirty, epoch:clean.
 *
 * Why it is right.  A model is forgotten by one script, which moves the epochs
 * that waited for it alone by the very rule of an acknowledgement: an epoch
 * that another model has not computed on stays dirty, and so does every epoch
 * when no model is left.  Said twice, it finds nothing the second time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "ack.h"
#include "clock.h"
#include "opt.h"
#include "sig.h"
#include "stream.h"

enum { OPT_FORGET = 256 };

#define ACT_MS 60000

static const struct opt options[] = {
    {OPT_FORGET, "forget-model", "NAME",
	"no epoch waits for that model any more; NAME or NAME@SYMBOL"},
    {'r', "redis", "URL", "address of Redis (default $REDIS_URL)"},
    {'t', "redis-timeout", "S", "longest wait for one answer (5)"},
    OPT_COMMON,
    {0},
};

static const struct opt_set option_set = {
    .table = options,
    .operands = "",
    .summary = "Remove from Redis what is not needed any more.",
    .versions = "hiredis " HIREDIS_PKG,
};

static struct {
	const char *redis, *forget;
	int64_t timeout_ms;
} conf = {.timeout_ms = 5000};

/* NAME or NAME@SYMBOL */
static bool
member_valid(const char *text)
{
	size_t n = strcspn(text, "@");

	return model_name_valid((struct span){text, n}) &&
	       (text[n] == '\0' || symbol_valid(span_str(text + n + 1)));
}

static int
read_options(int argc, char *argv[])
{
	const char *arg;
	int c, status = 0;

	while ((c = opt_next(argc, argv, &option_set, &arg, &status)) != -1) {
		switch (c) {
		case OPT_FORGET:
			if (!member_valid(arg))
				return opt_usage(&option_set,
				    "\"%.80s\" is no NAME or NAME@SYMBOL", arg);
			conf.forget = arg;
			break;
		case 'r':
			conf.redis = arg;
			break;
		case 't':
			if (opt_seconds(arg, 1, 3600000, &conf.timeout_ms) < 0)
				return opt_usage(&option_set,
				    "\"%.80s\" is out of form or range", arg);
			break;
		default:
			return status;
		}
	}
	if (optind < argc)
		return opt_usage(
		    &option_set, "unexpected operand \"%.80s\"", argv[optind]);
	if (conf.forget == NULL)
		return opt_usage(&option_set, "nothing to do");
	return -1;
}

static int
forget(struct act *act, struct out *out)
{
	int64_t gone, cleaned;
	struct buf line = {0};
	struct err e;

	act_start(act, ACT_MS);
	if (ack_forget(act, conf.forget, &gone, &cleaned, &e) < 0)
		return err_report(conf.forget, &e);
	if (gone == 0)
		return err_fail(conf.forget, EX_NO, "NO_MODEL",
		    "no model of that name is registered");
	buf_fmt(&line,
	    "%s: %" PRId64 " registrations removed, %" PRId64
	    " epochs became clean\n",
	    conf.forget, gone, cleaned);
	out_write(out, line.p, line.n);
	buf_free(&line);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct act act = {.deadline = 0};
	struct keys keys;
	struct out out;
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	status = read_options(argc, argv);
	if (status >= 0)
		return status;
	opt_check_env();
	out_init(&out, STDOUT_FILENO);
	status = 0;
	act.view.keys = &keys;
	if (clock_init(&e) < 0 || keys_init(&keys, &e) < 0 ||
	    (act.view.db = db_open(conf.redis, conf.timeout_ms, &e)) == NULL)
		status = err_report(NULL, &e);
	else
		status = forget(&act, &out);
	if (out_close(&out, &e) < 0)
		status = err_worse(status, err_report("stdout", &e));
	act_free(&act);
	db_close(&act.view.db);
	return sig_end(status);
}
