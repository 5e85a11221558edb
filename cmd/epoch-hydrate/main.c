/* SPDX-License-Identifier: ISC */
/*
 * epoch-hydrate: ticks become values of the active epochs.
 *
 *	ws-tap SPX | epoch-hydrate [options] | dormancy-watch | …
 *
 * In: tick.  Out: hydrated, what became of them; gap, when some were lost;
 * refresh, when contracts that no board lists are many.  All other records
 * pass, byte for byte and in order.
 *
 * Redis: the only writer of live values: epoch:ID:contract:*, epoch:ID:changed,
 * epoch:ID:had_ws_updates, epoch:meta:ID (seq, ticks, last_tick_ts,
 * dormant_count), epoch:dirty, epoch:clean.  Reads epoch:active,
 * epoch:ID:geometry and epoch:meta:ID (docs/REDIS.md).
 *
 * Why it is right.  Any order, repeated, raced: one script a batch decides by
 * "newer wins", for every contract and group by itself, and never makes a
 * contract (common/hydrate.c).  Cut, or no answer: a batch waits on until its
 * answer was read, so it may be sent twice, which changes nothing.  Across a
 * switch: deliver.c.  Whoever writes to us never waits for Redis: while we
 * wait there the same poll watches the input, which goes on into pools of the
 * newest tick a contract and group (hydrator.c); with one thread there is
 * nothing to lock, and a tick is in one place at any moment, which is why the
 * counters close.  A full pool drops what is new, and says so in a gap.
 */
#include <unistd.h>

#include "clock.h"
#include "epoch.h"
#include "hydrator.h"
#include "opt.h"
#include "sig.h"

enum { OPT_DEADLINE = 256, OPT_QUEUE, OPT_UNKNOWN_LIMIT };

static const struct opt options[] = {
    OPT_REDIS,
    {OPT_DEADLINE, "deadline", "S",
	"longest wait for Redis once the input has ended (10)"},
    {OPT_QUEUE, "queue", "N", "ticks that may wait for Redis (131072)"},
    {OPT_UNKNOWN_LIMIT, "unknown-limit", "N",
	"unlisted contracts in 10 s that ask for a snapshot; 0 never (20)"},
    {'v', "verbose", NULL, "counters on stderr at the end"},
    OPT_COMMON,
    {0},
};

static const struct opt_set option_set = {
    .table = options,
    .operands = "",
    .summary = "Put ticks into the active epochs in Redis; newer wins.",
    .versions = "hiredis " HIREDIS_PKG ", jansson " JANSSON_PKG
		", libcrypto " LIBCRYPTO_PKG,
};

static struct {
	struct opt_redis redis;
	bool verbose;
} conf = {.redis.timeout_ms = OPT_REDIS_MS};

static int
take_option(int val, const char *arg, void *ctx)
{
	struct hydrator *h = ctx;

	switch (val) {
	case OPT_DEADLINE:
		return opt_seconds(arg, 0, 3600000, &h->deadline_ms);
	case OPT_QUEUE:
		return opt_int(arg, HYDRATE_MAX, 10000000, &h->keep.queue);
	case OPT_UNKNOWN_LIMIT:
		return opt_int(arg, 0, 65536, &h->keep.unknown_limit);
	case 'v':
		conf.verbose = true;
		return 0;
	default:
		return opt_redis(&conf.redis, val, arg);
	}
}

static int
open_redis(struct hydrator *h, struct err *e)
{
	bool unchecked;

	if (keys_init(&h->keys, e) < 0)
		return -1;
	h->db =
	    epoch_open(conf.redis.url, conf.redis.timeout_ms, &unchecked, e);
	if (h->db == NULL)
		return -1;
	h->act.view = (struct view){h->db, &h->keys};
	if (unchecked)
		err_warn(db_name(h->db), "UNCHECKED",
		    "may not ask whether the server evicts keys");
	return deliver_open(h, e);
}

int
main(int argc, char *argv[])
{
	static struct hydrator h = {
	    .keep = {.queue = 131072, .unknown_limit = 20},
	    .deadline_ms = 10000};
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	status = opt_read(argc, argv, &option_set, take_option, &h);
	if (status >= 0)
		return status;
	out_init(&h.out, 1);
	if (clock_init(&e) < 0 || in_open(&h.in, "-", NULL, &e) < 0) {
		hydrator_add_status(&h, err_report(NULL, &e));
	} else {
		hydrator_init(&h);
		if (open_redis(&h, &e) < 0)
			hydrator_add_status(&h, err_report(NULL, &e));
		else
			hydrator_run(&h);
	}
	if (out_close(&h.out, &e) < 0)
		hydrator_add_status(&h, err_report("stdout", &e));
	if (conf.verbose)
		hydrator_show(&h);
	hydrator_free(&h);
	db_close(&h.db);
	in_close(&h.in);
	return sig_end(h.status);
}
