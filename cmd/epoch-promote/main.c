/* SPDX-License-Identifier: ISC */
/*
 * epoch-promote: a whole board becomes the active epoch.
 *
 *	chain-fetch … | geom-hash | epoch-promote [options]
 *	epoch-promote --rollback SYMBOL [--to ID]	back to an older board
 *	epoch-promote --unpin SYMBOL			and on again
 *
 * In: geometry contract* chain_end, as geom-hash writes them, any number of
 * them; chain_abort.  Out: one epoch record for every decision.  All other
 * records pass, byte for byte.  The other two read no input.
 *
 * Redis: the only writer of structure.  Reads and writes epoch:active,
 * epoch:meta:ID, epoch:ID:*, epoch:timeline:SYMBOL, epoch:dirty, epoch:clean,
 * epoch:staging, epoch:last, epoch:pending:SYMBOL (docs/REDIS.md).
 *
 * Why it is right.  A cut stream: nothing is written before chain_end came,
 * its count matched and the hash was computed again from the contracts.  A
 * kill at any point: a new epoch becomes visible by one script, whose last
 * write is the pointer; everything before went to an id that nobody else has.
 * Two of us: each script checks the epoch it expects, so one wins and the
 * other decides again on what it then finds.  A repeat: the same snapshot is
 * a refresh that changes nothing, a repeated commit answers "already".
 */
#include <unistd.h>

#include "clock.h"
#include "opt.h"
#include "promoter.h"
#include "sig.h"

enum {
	OPT_FORCE = 256,
	OPT_MAX_SHRINK,
	OPT_CONFIRM,
	OPT_ACCEPT_SHRINK,
	OPT_ACCEPT_FILTER,
	OPT_ALLOW_NONE,
	OPT_DEADLINE,
	OPT_ROLLBACK,
	OPT_TO,
	OPT_UNPIN
};

static const struct opt options[] = {
    OPT_REDIS,
    {OPT_DEADLINE, "deadline", "S", "longest time for one snapshot (60)"},
    {OPT_FORCE, "force", NULL, "a new epoch even for the same board"},
    {OPT_MAX_SHRINK, "max-shrink", "PCT",
	"refuse a board that lost more of its unexpired contracts (20)"},
    {OPT_CONFIRM, "confirm", "N",
	"unless the board was seen N times, 60 s apart (2)"},
    {OPT_ACCEPT_SHRINK, "accept-shrink", NULL, "take a shrunk board at once"},
    {OPT_ACCEPT_FILTER, "accept-filter", NULL,
	"take a board of another filter than the active one's"},
    {OPT_ALLOW_NONE, "allow-none", NULL,
	"an input without a snapshot is no failure"},
    {OPT_ROLLBACK, "rollback", "SYMBOL",
	"back to the board of the epoch before, and stay there"},
    {OPT_TO, "to", "ID", "with --rollback: to that epoch's"},
    {OPT_UNPIN, "unpin", "SYMBOL", "other boards may follow again"},
    {'v', "verbose", NULL, "counters on stderr at the end"},
    OPT_COMMON,
    {0},
};

static const struct opt_set option_set = {
    .table = options,
    .operands = "",
    .summary = "Make whole boards from geom-hash the active epochs in Redis.",
    .versions = "hiredis " HIREDIS_PKG ", jansson " JANSSON_PKG
		", libcrypto " LIBCRYPTO_PKG,
};

static struct {
	struct opt_redis redis;
	const char *rollback, *to, *unpin;
	struct symbol symbol;
	bool verbose;
} conf = {.redis.timeout_ms = OPT_REDIS_MS};

/* Of --rollback or --unpin; there is at most one. */
static int
take_symbol(const char *arg, const char **name)
{
	*name = conf.symbol.name;
	return symbol_parse(span_str(arg), false, &conf.symbol);
}

static int
take_option(int val, const char *arg, void *ctx)
{
	struct promoter *p = ctx;

	switch (val) {
	case OPT_DEADLINE:
		return opt_seconds(arg, 1, 3600000, &p->deadline_ms);
	case OPT_FORCE:
		p->policy.force = true;
		return 0;
	case OPT_MAX_SHRINK:
		return opt_percent(arg, &p->policy.max_shrink_bp);
	case OPT_CONFIRM:
		return opt_int(arg, 1, 1000, &p->policy.confirm);
	case OPT_ACCEPT_SHRINK:
		p->policy.accept_shrink = true;
		return 0;
	case OPT_ACCEPT_FILTER:
		p->policy.accept_filter = true;
		return 0;
	case OPT_ALLOW_NONE:
		p->allow_none = true;
		return 0;
	case OPT_ROLLBACK:
		return take_symbol(arg, &conf.rollback);
	case OPT_UNPIN:
		return take_symbol(arg, &conf.unpin);
	case OPT_TO:
		conf.to = arg;
		return 0;
	case 'v':
		conf.verbose = true;
		return 0;
	default:
		return opt_redis(&conf.redis, val, arg);
	}
}

/* -1 to go on, 64 when something does not go together. */
static int
check_combination(void)
{
	struct epoch_id id;

	if (conf.rollback != NULL && conf.unpin != NULL)
		return opt_usage(
		    &option_set, "--rollback and --unpin are two acts");
	if (conf.to == NULL)
		return -1;
	if (conf.rollback == NULL)
		return opt_usage(&option_set, "--to needs --rollback");
	if (epoch_id_parse(span_str(conf.to), &id) < 0 ||
	    strcmp(id.symbol, conf.rollback) != 0)
		return opt_usage(&option_set, "\"%.80s\" is no epoch id of %s",
		    conf.to, conf.rollback);
	return -1;
}

static void
run(struct promoter *p)
{
	if (conf.rollback != NULL)
		promoter_rollback(p, conf.rollback, conf.to);
	else if (conf.unpin != NULL)
		promoter_unpin(p, conf.unpin);
	else
		promoter_run(p);
}

static int
open_redis(struct promoter *p, struct err *e)
{
	bool unchecked;

	if (keys_init(&p->keys, e) < 0)
		return -1;
	p->db =
	    epoch_open(conf.redis.url, conf.redis.timeout_ms, &unchecked, e);
	if (p->db == NULL)
		return -1;
	p->act.view = (struct view){p->db, &p->keys};
	if (unchecked)
		err_warn(db_name(p->db), "UNCHECKED",
		    "may not ask whether the server evicts keys");
	return 0;
}

int
main(int argc, char *argv[])
{
	struct promoter p = {.deadline_ms = 60000,
	    .policy = {.max_shrink_bp = 2000, .confirm = 2}};
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	status = opt_read(argc, argv, &option_set, take_option, &p);
	if (status < 0)
		status = check_combination();
	if (status >= 0)
		return status;
	out_init(&p.out, 1);
	if (clock_init(&e) < 0 || in_open(&p.in, "-", &p.out, &e) < 0 ||
	    open_redis(&p, &e) < 0)
		promoter_add_status(&p, err_report(NULL, &e));
	else
		run(&p);
	if (out_close(&p.out, &e) < 0)
		promoter_add_status(&p, err_report("stdout", &e));
	if (conf.verbose)
		promoter_show(&p);
	promoter_free(&p);
	db_close(&p.db);
	in_close(&p.in);
	return sig_end(p.status);
}
