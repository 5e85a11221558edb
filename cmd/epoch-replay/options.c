/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <unistd.h>

#include "epoch.h"

enum {
	OPT_SPEED = 256,
	OPT_UNTIL,
	OPT_FROM,
	OPT_CHECK,
	OPT_BISECT,
	OPT_INTO_USED,
	OPT_LEAVE_OUT
};

static const struct opt options[] = {
    {OPT_SPEED, "speed", "N",
	"N times as fast as it was recorded, or max (max)"},
    {OPT_UNTIL, "until", "WHAT",
	"up to a time (ms or ISO-8601), an act's number, or before an epoch"},
    {OPT_FROM, "from", "EPOCH", "begin with the commit of that epoch"},
    {OPT_CHECK, "check", NULL, "only see whether the tape is good"},
    {OPT_BISECT, "bisect", NULL, "name the first act at which A and B differ"},
    {OPT_INTO_USED, "into-used", NULL,
	"even where Redis has epochs of these symbols"},
    {OPT_LEAVE_OUT, "leave-out", NULL,
	"of captures: what is bad, instead of doing nothing at all"},
    OPT_REDIS,
    OPT_COMMON,
    {0},
};

const struct opt_set option_set = {
    .table = options,
    .operands = "[FILE...]",
    .summary =
	"Do once more what is on a tape of epoch-record, or make epochs of\n"
	"what chain-fetch --raw and ws-tap --raw kept.",
    .versions = "hiredis " HIREDIS_PKG ", libcrypto " LIBCRYPTO_PKG
		", libzstd " LIBZSTD_PKG,
};

static int
take_speed(const char *arg, double *speed)
{
	int64_t thousandths;

	*speed = 0;
	if (strcmp(arg, "max") == 0)
		return 0;
	if (opt_seconds(arg, 1, 1000000000, &thousandths) < 0)
		return -1;
	*speed = (double)thousandths / 1000;
	return 0;
}

static int
take_from(struct player *p, const char *arg)
{
	struct epoch_id id;

	if (epoch_id_parse(span_str(arg), &id) < 0)
		return -1;
	epoch_id_text(&id, p->from);
	return 0;
}

/* Where the options go. */
struct setting {
	struct options *options;
	struct replayer *replayer;
};

static int
take_option(int val, const char *arg, void *ctx)
{
	struct options *o = ((struct setting *)ctx)->options;
	struct replayer *r = ((struct setting *)ctx)->replayer;

	switch (val) {
	case OPT_SPEED:
		return take_speed(arg, &r->speed);
	case OPT_UNTIL:
		return player_until(&r->player, arg);
	case OPT_FROM:
		return take_from(&r->player, arg);
	case OPT_CHECK:
		o->check = true;
		return 0;
	case OPT_BISECT:
		o->bisect = true;
		return 0;
	case OPT_INTO_USED:
		r->into_used = true;
		return 0;
	case OPT_LEAVE_OUT:
		o->leave_out = true;
		return 0;
	default:
		return opt_redis(&o->redis, val, arg);
	}
}

int
options_read(struct options *o, struct replayer *r, int argc, char *argv[])
{
	struct setting to = {o, r};
	int status;

	*o = (struct options){.redis.timeout_ms = OPT_REDIS_MS};
	status = opt_read(argc, argv, &option_set, take_option, &to);
	if (status >= 0)
		return status;
	if (o->check && o->bisect)
		return opt_usage(&option_set, "--check or --bisect");
	if (o->bisect && argc - optind != 2)
		return opt_usage(&option_set, "--bisect wants two tapes");
	return -1;
}

int
options_fit_captures(const struct player *p)
{
	if (p->from[0] != '\0')
		return opt_usage(&option_set,
		    "--from is for tapes: a capture has no epochs yet");
	if (p->limit == LIMIT_ACT || p->limit == LIMIT_EPOCH)
		return opt_usage(&option_set,
		    "captures have no acts or epochs yet: --until a time");
	return 0;
}
