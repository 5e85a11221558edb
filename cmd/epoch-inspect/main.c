/* SPDX-License-Identifier: ISC */
/*
 * epoch-inspect: what Redis remembers of epochs, for people and scripts.
 *
 *	epoch-inspect [SYMBOL|ID...]              the table
 *	epoch-inspect --timeline [SYMBOL|ID...]   a row for each epoch
 *	epoch-inspect --contracts [--near PCT]    the contracts of an epoch
 *	epoch-inspect --diff A [B]                what entered and left
 *	epoch-inspect --check [SYMBOL...]         does what must hold, hold?
 *	epoch-inspect --digest [--values]         canonical hashes
 *	epoch-inspect --models [SYMBOL...]        which model is behind, where
 *	epoch-inspect --gex [SYMBOL|ID...]        gamma exposure by strike
 *	epoch-inspect --heatmap [SYMBOL|ID...]    prices of strategies
 *	epoch-inspect --doctor                    is the server set up well?
 *	epoch-inspect --prometheus [SYMBOL...]    gauges for a textfile
 *
 * In: nothing.  Out: text; records with --json.  Redis: reads only, every
 * key of docs/REDIS.md.
 *
 * A symbol is resolved to its epoch id once; all else is read by that id, so
 * that a promotion between two reads never mixes two epochs.  Writers may
 * run meanwhile: a key that vanished is shown as "-".
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ack.h"
#include "clock.h"
#include "heatmap.h"
#include "inspect.h"
#include "opt.h"
#include "sig.h"

enum {
	OPT_TIMELINE = 256,
	OPT_CONTRACTS,
	OPT_NEAR,
	OPT_DIFF,
	OPT_CHECK,
	OPT_DIGEST,
	OPT_DOCTOR,
	OPT_PROMETHEUS,
	OPT_MODELS,
	OPT_GEX,
	OPT_HEATMAP,
	OPT_EXPIRATION,
	OPT_STRATEGY,
	OPT_RIGHT,
	OPT_NAME,
	OPT_VALUES,
	OPT_TEXT,
	OPT_FROM
};

static const struct opt options[] = {
    {'o', "output", "FIELD,...", "these fields, tab-separated"},
    {'H', "header", NULL, "with -o: a line of names first"},
    {'j', "json", NULL, "records instead of a table"},
    {'w', "watch", "SECONDS", "draw the table again and again"},
    {OPT_TIMELINE, "timeline", NULL, "all epochs, newest first"},
    {OPT_CONTRACTS, "contracts", NULL, "the contracts of the epochs"},
    {OPT_NEAR, "near", "PERCENT", "only strikes that near to the spot"},
    {OPT_DIFF, "diff", NULL, "what entered and left from A to B"},
    {OPT_CHECK, "check", NULL, "look for damage; 70 when there is some"},
    {OPT_DIGEST, "digest", NULL, "SHA-256 of the state"},
    {OPT_DOCTOR, "doctor", NULL,
	"what to change in Redis; 78 when something is"},
    {OPT_PROMETHEUS, "prometheus", NULL, "numbers for a textfile collector"},
    {OPT_MODELS, "models", NULL, "which model is behind on which epoch"},
    {OPT_GEX, "gex", NULL, "gamma exposure by strike, as bars"},
    {OPT_HEATMAP, "heatmap", NULL, "prices of strategies, strike by width"},
    {OPT_EXPIRATION, "expiration", "DATE",
	"with --heatmap: of that date (the nearest)"},
    {OPT_STRATEGY, "strategy", "NAME",
	"with --heatmap: single, vertical or butterfly (that)"},
    {OPT_RIGHT, "right", "RIGHT", "with --heatmap: call or put (call)"},
    {OPT_NAME, "name", "NAME",
	"with --gex, --heatmap: of the model of that name"},
    {OPT_VALUES, "values", NULL, "with --digest: of the values alone"},
    {OPT_TEXT, "text", NULL, "with --digest: the text it is taken of"},
    {OPT_FROM, "from", "ID", "with --digest: that epoch and later ones"},
    {'r', "redis", "URL", "address of Redis (REDIS_URL)"},
    {'t', "redis-timeout", "SECONDS", "longest wait for an answer (5)"},
    OPT_COMMON,
    {0, NULL, NULL, NULL},
};

static const struct opt_set set = {options, "[SYMBOL|ID...]",
    "Show the epochs that Redis remembers.",
    "hiredis " HIREDIS_PKG ", jansson " JANSSON_PKG
    ", libcrypto " LIBCRYPTO_PKG};

static struct {
	int mode; /* 0: the table */
	bool twice;
	const char *redis;
	int64_t timeout_ms;
} conf = {.timeout_ms = 5000};

static struct keys keys;

static const char *const rights[] = {"call", "put", NULL};

static bool
is_one_of(const char *const *words, const char *arg)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, arg) == 0)
			return true;
	return false;
}

/* One option with an argument; -1 when the argument is bad. */
static int
take_argument(struct inspect *in, int c, const char *arg)
{
	struct target t;

	switch (c) {
	case 'o':
		in->fields = arg;
		return 0;
	case 'w':
		return opt_seconds(arg, 20, 3600 * 1000, &in->watch_ms);
	case 't':
		return opt_seconds(arg, 1, 3600 * 1000, &conf.timeout_ms);
	case 'r':
		conf.redis = arg;
		return 0;
	case OPT_NAME:
		in->model = arg;
		return model_name_valid(span_str(arg)) ? 0 : -1;
	case OPT_EXPIRATION:
		in->expiration = arg;
		return clock_date_valid(span_str(arg)) ? 0 : -1;
	case OPT_STRATEGY:
		in->strategy = arg;
		return is_one_of(heatmap_strategies, arg) ? 0 : -1;
	case OPT_RIGHT:
		in->right = arg;
		return is_one_of(rights, arg) ? 0 : -1;
	case OPT_NEAR:
		return opt_percent(arg, &in->near_bp);
	default: /* OPT_FROM */
		in->from = arg;
		return target_parse(arg, &t) < 0 || !t.by_id ? -1 : 0;
	}
}

static void
take_flag(struct inspect *in, int c)
{
	switch (c) {
	case 'H':
		in->header = true;
		break;
	case 'j':
		in->json = true;
		break;
	case OPT_VALUES:
		in->values = true;
		break;
	case OPT_TEXT:
		in->text = true;
		break;
	default:
		conf.twice |= conf.mode != 0 && conf.mode != c;
		conf.mode = c;
	}
}

/* What does not go together.  0, or the status of a usage error. */
static int
check_combination(const struct inspect *in)
{
	bool sheet = conf.mode == 0 || conf.mode == OPT_TIMELINE ||
		     conf.mode == OPT_CONTRACTS;

	if (conf.twice)
		return opt_usage(&set, "two views at once");
	if ((in->fields != NULL || in->json) && !sheet)
		return opt_usage(&set, "no -o and no --json in this view");
	if (in->header && in->fields == NULL)
		return opt_usage(&set, "-H needs -o");
	if (in->near_bp >= 0 && conf.mode != OPT_CONTRACTS &&
	    conf.mode != OPT_GEX && conf.mode != OPT_HEATMAP)
		return opt_usage(&set, "--near is for contracts and models");
	if (in->model != NULL && conf.mode != OPT_GEX &&
	    conf.mode != OPT_HEATMAP)
		return opt_usage(&set, "--name needs --gex or --heatmap");
	if ((in->expiration != NULL || in->strategy != NULL ||
		in->right != NULL) &&
	    conf.mode != OPT_HEATMAP)
		return opt_usage(&set,
		    "--expiration, --strategy and --right need --heatmap");
	if ((in->values || in->text || in->from != NULL) &&
	    conf.mode != OPT_DIGEST)
		return opt_usage(
		    &set, "--values, --text and --from need --digest");
	if (in->values && in->from != NULL)
		return opt_usage(&set, "--from is not for --values");
	if (in->watch_ms > 0 && conf.mode != 0)
		return opt_usage(&set, "--watch is for the table");
	if (conf.mode == OPT_DIFF && (in->n_operands < 1 || in->n_operands > 2))
		return opt_usage(&set, "--diff wants A and B, or one SYMBOL");
	if (conf.mode == OPT_DOCTOR && in->n_operands > 0)
		return opt_usage(&set, "--doctor looks at the server alone");
	for (size_t i = 0; i < in->n_operands; i++)
		if ((conf.mode == OPT_PROMETHEUS || conf.mode == OPT_MODELS) &&
		    in->operands[i].by_id)
			return opt_usage(
			    &set, "symbols are wanted here, no ids");
	return 0;
}

static int
check_fields(const struct inspect *in)
{
	struct buf known = {0};
	int rc = 0;

	if (in->fields == NULL)
		return 0;
	if (conf.mode == OPT_CONTRACTS ? !board_fields_ok(in->fields, &known)
				       : !table_fields_ok(in->fields, &known)) {
		rc = opt_usage(&set, "no such field: %.200s", in->fields);
		fprintf(stderr, "fields: %s\n", known.p);
	}
	buf_free(&known);
	return rc;
}

static int
take_operands(struct inspect *in, char *argv[], int n)
{
	in->operands = mem_zalloc((size_t)(n + 1) * sizeof(*in->operands));
	for (int i = 0; i < n; i++)
		if (target_parse(argv[i], &in->operands[in->n_operands++]) < 0)
			return opt_usage(&set,
			    "neither a symbol nor an epoch id: %.80s", argv[i]);
	return 0;
}

static int
read_options(struct inspect *in, int argc, char *argv[], bool *done)
{
	const char *arg;
	int c, status = 0;

	*done = true;
	while ((c = opt_next(argc, argv, &set, &arg, &status)) != -1) {
		if (c == OPT_DONE)
			return status;
		if (arg == NULL)
			take_flag(in, c);
		else if (take_argument(in, c, arg) < 0)
			return opt_usage(&set, "bad argument: %.80s", arg);
	}
	status = take_operands(in, argv + optind, argc - optind);
	if (status == 0)
		status = check_combination(in);
	if (status == 0)
		status = check_fields(in);
	*done = status != 0;
	return status;
}

static int
run_view(struct inspect *in, struct err *e)
{
	switch (conf.mode) {
	case OPT_TIMELINE:
		return view_history(in, e);
	case OPT_CONTRACTS:
		return view_board(in, e);
	case OPT_DIFF:
		return view_diff(in, e);
	case OPT_CHECK:
		return view_check(in, e);
	case OPT_DIGEST:
		return view_digest(in, e);
	case OPT_DOCTOR:
		return view_doctor(in, e);
	case OPT_PROMETHEUS:
		return view_metrics(in, e);
	case OPT_MODELS:
		return view_models(in, e);
	case OPT_GEX:
		return view_gex(in, e);
	case OPT_HEATMAP:
		return view_heatmap(in, e);
	default:
		return view_table(in, e);
	}
}

static void
inspect(struct inspect *in)
{
	struct err e;

	if (clock_init(&e) < 0 || keys_init(&keys, &e) < 0) {
		in->rc = err_report(NULL, &e);
		return;
	}
	in->now = clock_now_ms();
	in->none_is_fine = conf.mode == OPT_PROMETHEUS;
	in->view.db = db_open(conf.redis, conf.timeout_ms, &e);
	if (in->view.db == NULL)
		in->rc = err_report(NULL, &e);
	else if (in->watch_ms > 0)
		in->rc = watch_table(in, in->watch_ms);
	else if (run_view(in, &e) < 0)
		inspect_fail(in, NULL, &e);
	db_close(&in->view.db);
}

int
main(int argc, char *argv[])
{
	struct inspect in = {.view.keys = &keys, .near_bp = -1};
	struct err e;
	bool done;

	err_init(argv[0]);
	sig_init();
	out_init(&in.out, STDOUT_FILENO);
	in.rc = read_options(&in, argc, argv, &done);
	if (!done) {
		opt_check_env();
		inspect(&in);
		if (out_close(&in.out, &e) < 0)
			inspect_fail(&in, NULL, &e);
	}
	free(in.operands);
	return sig_end(in.rc);
}
