/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ack.h"
#include "clock.h"
#include "heatmap.h"

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
	OPT_FROM,
	OPT_AT,
	OPT_TAPE
};

static const struct opt options[] = {
    {'o', "output", "FIELD,...", "these fields, tab-separated"},
    {'H', "header", NULL, "with -o: a line of names first"},
    {'j', "json", NULL, "records instead of a table"},
    {'w', "watch", "SECONDS", "draw the table again and again"},
    {OPT_AT, "at", "TIME",
	"which epoch was active then (ms or ISO-8601 with zone)"},
    {OPT_TAPE, "tape", "PATH",
	"with --at: all as it was then, from that tape or folder of tapes"},
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
    OPT_REDIS,
    OPT_COMMON,
    {0, NULL, NULL, NULL},
};

static const struct opt_set set = {options, "[SYMBOL|ID...]",
    "Show the epochs that Redis remembers.",
    "hiredis " HIREDIS_PKG ", jansson " JANSSON_PKG
    ", libcrypto " LIBCRYPTO_PKG};

#define KIND_MODELS (KIND_GEX | KIND_HEATMAP)

static const struct kind kinds[] = {
    {0, view_table, KIND_SHEET | KIND_MODELS},
    {OPT_AT, view_at, KIND_SHEET | KIND_SYMBOLS},
    {OPT_TIMELINE, view_history, KIND_SHEET | KIND_MODELS},
    {OPT_CONTRACTS, view_board, KIND_SHEET | KIND_NEAR},
    {OPT_DIFF, view_diff, 0},
    {OPT_CHECK, view_check, 0},
    {OPT_DIGEST, view_digest, 0},
    {OPT_DOCTOR, view_doctor, 0},
    {OPT_PROMETHEUS, view_metrics, KIND_SYMBOLS | KIND_MODELS},
    {OPT_MODELS, view_models, KIND_SYMBOLS | KIND_MODELS},
    {OPT_GEX, view_gex, KIND_NEAR | KIND_NAME | KIND_GEX},
    {OPT_HEATMAP, view_heatmap, KIND_NEAR | KIND_NAME | KIND_HEATMAP},
};

static const struct kind *
kind_of(int opt)
{
	const struct kind *k = kinds;

	while (k->opt != opt)
		k++;
	return k;
}

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
take_argument(struct options *o, struct inspect *in, int c, const char *arg)
{
	struct target t;

	switch (c) {
	case 'o':
		in->fields = arg;
		return 0;
	case 'w':
		return opt_seconds(arg, 20, 3600 * 1000, &in->watch_ms);
	case 'r':
	case 't':
		return opt_redis(&o->redis, c, arg);
	case OPT_AT:
		return clock_parse_operand(arg, &o->at) < 0 || o->at < 0 ? -1
									 : 0;
	case OPT_TAPE:
		o->tapes =
		    mem_grow(o->tapes, o->n_tapes + 1, sizeof(*o->tapes));
		o->tapes[o->n_tapes++] = arg;
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
take_flag(struct options *o, struct inspect *in, int c)
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
		o->twice |= o->kind->opt != 0 && o->kind->opt != c;
		o->kind = kind_of(c);
	}
}

/* Where the options go. */
struct setting {
	struct options *options;
	struct inspect *inspect;
};

static int
take_option(int val, const char *arg, void *ctx)
{
	struct setting *to = ctx;

	if (arg != NULL)
		return take_argument(to->options, to->inspect, val, arg);
	take_flag(to->options, to->inspect, val);
	return 0;
}

/* What does not go with the view.  0, or the status of a usage error. */
static int
check_view(const struct options *o, const struct inspect *in)
{
	int view = o->kind->opt, flags = o->kind->flags;

	if (o->twice)
		return opt_usage(&set, "two views at once");
	if ((in->fields != NULL || in->json) && !(flags & KIND_SHEET))
		return opt_usage(&set, "no -o and no --json in this view");
	if (in->fields != NULL && in->json && view == OPT_CONTRACTS)
		return opt_usage(&set, "--json shows whole contracts, no -o");
	if (in->header && (in->fields == NULL || in->json))
		return opt_usage(&set, "-H needs -o, without --json");
	if (in->near_bp >= 0 && !(flags & KIND_NEAR))
		return opt_usage(&set, "--near is for contracts and models");
	if (in->model != NULL && !(flags & KIND_NAME))
		return opt_usage(&set, "--name needs --gex or --heatmap");
	if ((in->expiration != NULL || in->strategy != NULL ||
		in->right != NULL) &&
	    view != OPT_HEATMAP)
		return opt_usage(&set,
		    "--expiration, --strategy and --right need --heatmap");
	if ((in->values || in->text || in->from != NULL) && view != OPT_DIGEST)
		return opt_usage(
		    &set, "--values, --text and --from need --digest");
	if (in->values && in->from != NULL)
		return opt_usage(&set, "--from is not for --values");
	if (in->watch_ms > 0 && view != 0)
		return opt_usage(&set, "--watch is for the table");
	return 0;
}

static int
check_operands(const struct options *o, const struct inspect *in)
{
	int view = o->kind->opt;

	if (view == OPT_DIFF && (in->n_operands < 1 || in->n_operands > 2))
		return opt_usage(&set, "--diff wants A and B, or one SYMBOL");
	if (view == OPT_DOCTOR && in->n_operands > 0)
		return opt_usage(&set, "--doctor looks at the server alone");
	for (size_t i = 0; i < in->n_operands; i++)
		if ((o->kind->flags & KIND_SYMBOLS) && in->operands[i].by_id)
			return opt_usage(
			    &set, "symbols are wanted here, no ids");
	return 0;
}

/* --at alone is a view of its own; with tapes any view is of then. */
static int
choose_moment(struct options *o, const struct inspect *in)
{
	if (o->at < 0)
		return o->n_tapes == 0 ? 0
				       : opt_usage(&set, "--tape needs --at");
	if (in->watch_ms > 0)
		return opt_usage(&set, "--watch is not for --at");
	if (o->n_tapes == 0 && o->kind->opt != 0)
		return opt_usage(&set, "--at with a view needs --tape");
	if (o->n_tapes == 0)
		o->kind = kind_of(OPT_AT);
	else if (o->kind->opt == OPT_DOCTOR)
		return opt_usage(&set, "--doctor is not for --at");
	else if (o->redis.url != NULL)
		return opt_usage(&set, "--tape or --redis");
	return 0;
}

static int
check_fields(const struct options *o, const struct inspect *in)
{
	struct buf known = {0};
	int rc = 0;

	if (in->fields == NULL)
		return 0;
	if (o->kind->opt == OPT_CONTRACTS
		? !board_fields_ok(in->fields, &known)
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

int
options_read(struct options *o, struct inspect *in, int argc, char *argv[])
{
	struct setting to = {o, in};
	int status;

	*o = (struct options){
	    .kind = kind_of(0), .redis.timeout_ms = OPT_REDIS_MS, .at = -1};
	status = opt_read(argc, argv, &set, take_option, &to);
	if (status >= 0)
		return status;
	status = take_operands(in, argv + optind, argc - optind);
	if (status == 0)
		status = check_view(o, in);
	if (status == 0)
		status = choose_moment(o, in);
	if (status == 0)
		status = check_operands(o, in);
	if (status == 0)
		status = check_fields(o, in);
	in->none_is_fine = o->kind->opt == OPT_PROMETHEUS;
	return status != 0 ? status : -1;
}

void
options_free(struct options *o, struct inspect *in)
{
	free(o->tapes);
	free(in->operands);
}
