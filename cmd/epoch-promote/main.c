/* SPDX-License-Identifier: ISC */
/*
 * epoch-promote: a whole board becomes the active epoch.
 *
 *	chain-fetch … | geom-hash | epoch-promote [options]
 *
 * In: geometry contract* chain_end, as geom-hash writes them, any number of
 * them; chain_abort.  Out: one epoch record for every decision.  All other
 * records pass, byte for byte.
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
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "epoch.h"
#include "opt.h"
#include "sig.h"
#include "stream.h"

enum {
	OPT_FORCE = 256,
	OPT_MAX_SHRINK,
	OPT_CONFIRM,
	OPT_ACCEPT_SHRINK,
	OPT_ACCEPT_FILTER,
	OPT_DEADLINE
};

static const struct opt options[] = {
    {'r', "redis", "URL", "address of Redis (default $REDIS_URL)"},
    {'t', "redis-timeout", "S", "longest wait for one answer (5)"},
    {OPT_DEADLINE, "deadline", "S", "longest time for one snapshot (60)"},
    {OPT_FORCE, "force", NULL, "a new epoch even for the same board"},
    {OPT_MAX_SHRINK, "max-shrink", "PCT",
	"refuse a board that lost more of its unexpired contracts (20)"},
    {OPT_CONFIRM, "confirm", "N",
	"unless the board was seen N times, 60 s apart (2)"},
    {OPT_ACCEPT_SHRINK, "accept-shrink", NULL, "take a shrunk board at once"},
    {OPT_ACCEPT_FILTER, "accept-filter", NULL,
	"take a board of another filter than the active one's"},
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
	const char *redis;
	int64_t timeout_ms;
	int64_t deadline_ms;
	struct policy policy;
	bool verbose;
} conf = {.timeout_ms = 5000,
    .deadline_ms = 60000,
    .policy = {.max_shrink_bp = 2000, .confirm = 2}};

struct promoter {
	struct in in;
	struct out out;
	struct db *db;
	struct keys keys;
	struct epoch ep;
	struct contract_reader reader;
	struct snapshot snap;
	bool open;       /* between geometry and chain_end */
	struct err spoilt; /* exit != 0: why the open one cannot count */
	struct buf line;
	int status; /* worst so far */
	uint64_t snapshots, fresh, same, rejected, aborted, failed;
	uint64_t bad, passed;
};

static void
add_status(struct promoter *p, int status)
{
	p->status = err_worse(p->status, status);
}

static void
show_counters(const struct promoter *p)
{
	err_warn(NULL, "COUNTS",
	    "snapshots %" PRIu64 " new %" PRIu64 " same %" PRIu64
	    " rejected %" PRIu64 " aborted %" PRIu64 " failed %" PRIu64
	    " bad_lines %" PRIu64 " passed %" PRIu64 " slow_lines %" PRIu64
	    " conflicts %" PRIu64 " reconnects %" PRIu64 " fence_waits %" PRIu64,
	    p->snapshots, p->fresh, p->same, p->rejected, p->aborted,
	    p->failed, p->bad, p->passed, p->reader.slow, p->ep.conflicts,
	    p->ep.reconnects, p->ep.fence_waits);
}

/* --- what goes out --- */

static void
write_epoch(struct promoter *p, int64_t ts, const char *symbol,
    const struct snapshot *s, const struct outcome *o)
{
	static const char *const names[] = {
	    [OUTCOME_NEW] = "new",
	    [OUTCOME_SAME] = "same",
	    [OUTCOME_REJECTED] = "rejected",
	};
	struct buf *b = &p->line;

	buf_clear(b);
	rec_begin(b, "epoch", ts);
	rec_add_str(b, "symbol", symbol);
	rec_add_str(b, "epoch_id", o->id[0] != '\0' ? o->id : NULL);
	rec_add_str(b, "outcome", names[o->kind]);
	rec_add_str(b, "reason", o->reason);
	rec_add_str(b, "prev", o->prev[0] != '\0' ? o->prev : NULL);
	if (s != NULL) {
		if (s->ids != NULL)
			rec_add_str(b, "geometry_hash", s->sum.geometry_hash);
		rec_add_int(b, "contracts", (int64_t)s->board.n);
	}
	if (o->kind == OUTCOME_NEW) {
		rec_add_int(b, "entered", (int64_t)o->entered);
		rec_add_int(b, "exited", (int64_t)o->exited);
		rec_add_int(b, "carried", (int64_t)o->carried);
	}
	if (o->kind != OUTCOME_REJECTED)
		rec_add_bool(b, "forced", o->forced);
	rec_end(b);
	out_write(&p->out, b->p, b->n);
}

static void
tell_rejection(
    struct promoter *p, const char *symbol, const struct outcome *o)
{
	char code[24];
	size_t i;

	for (i = 0; o->reason[i] != '\0' && i + 1 < sizeof(code); i++)
		code[i] = (char)toupper((unsigned char)o->reason[i]);
	code[i] = '\0';
	add_status(p, err_fail(symbol, o->exit, code, "%s", o->detail));
}

/* --- the decisions --- */

static int
connect_again(struct promoter *p, struct err *e)
{
	epoch_start(&p->ep, conf.deadline_ms);
	return db_alive(p->db) ? 0 : epoch_recover(&p->ep, e);
}

/*
 * A snapshot of this symbol will not come: tell, and if silence had asked for
 * it, make sure that the epoch that stays is computed again in full.
 */
static void
refuse(struct promoter *p, int64_t ts, const char *symbol,
    const char *for_epoch, bool dormant, const struct snapshot *s,
    struct outcome *o)
{
	struct err e = {.exit = EX_TEMPFAIL};

	o->kind = OUTCOME_REJECTED;
	tell_rejection(p, symbol, o);
	if (connect_again(p, &e) < 0 ||
	    epoch_keep(&p->ep, symbol, for_epoch, dormant, o, &e) < 0) {
		p->failed++;
		add_status(p, err_report(symbol, &e));
		return;
	}
	write_epoch(p, ts, symbol, s, o);
}

/* The open snapshot ends without counting. */
static void
drop_open(struct promoter *p, const char *why)
{
	struct snapshot *s = &p->snap;
	struct outcome o = {.reason = "incomplete", .exit = EX_DATAERR};

	snprintf(o.detail, sizeof(o.detail), "%.150s", why);
	p->rejected++;
	p->open = false;
	refuse(p, s->end_ts, s->symbol, s->for_epoch,
	    strcmp(s->reason, "dormant") == 0, s, &o);
	snapshot_free(s);
}

static void
apply(struct promoter *p)
{
	struct snapshot *s = &p->snap;
	struct outcome o = {0};
	struct err e = {.exit = EX_TEMPFAIL};

	if (connect_again(p, &e) < 0 ||
	    epoch_apply(&p->ep, s, &conf.policy, &o, &e) < 0) {
		p->failed++;
		add_status(p, err_report(s->symbol, &e));
	} else if (o.kind == OUTCOME_REJECTED) {
		p->rejected++;
		refuse(p, s->end_ts, s->symbol, s->for_epoch,
		    strcmp(s->reason, "dormant") == 0, s, &o);
	} else {
		*(o.kind == OUTCOME_NEW ? &p->fresh : &p->same) += 1;
		write_epoch(p, s->end_ts, s->symbol, s, &o);
	}
	p->open = false;
	snapshot_free(s);
}

/* --- the records --- */

static void
on_bad(struct promoter *p, const struct err *e)
{
	p->bad++;
	if (p->bad <= 10)
		err_warn(p->in.name, e->code, "line %" PRIu64 ": %s",
		    p->in.line_no, e->text);
	else if (p->bad == 11)
		err_warn(p->in.name, "BAD_LINES",
		    "further bad lines are counted only");
	if (p->open && p->spoilt.exit == 0)
		p->spoilt = *e;
	add_status(p, EX_DATAERR);
}

static void
on_contract(struct promoter *p, struct span line)
{
	struct contract c;
	struct err e;

	if (!p->open)
		err_set(&e, EX_DATAERR, "STRAY",
		    "contract outside a snapshot (is geom-hash before us?)");
	else if (contract_read(&p->reader, line, &c, &e) == 0 &&
	    snapshot_add(&p->snap, &c, line, &e) == 0)
		return;
	on_bad(p, &e);
}

static void
on_geometry(struct promoter *p, struct rec *r)
{
	struct err e;

	if (p->open)
		drop_open(p, "another geometry before chain_end");
	p->snapshots++;
	if (snapshot_begin(&p->snap, r, &e) < 0) {
		on_bad(p, &e);
		snapshot_free(&p->snap);
		return;
	}
	p->open = true;
	p->spoilt.exit = 0;
}

static void
on_chain_end(struct promoter *p, const struct rec *r)
{
	struct err e;

	if (!p->open) {
		err_set(&e, EX_DATAERR, "STRAY", "chain_end outside a snapshot");
		on_bad(p, &e);
	} else if (p->spoilt.exit != 0) {
		drop_open(p, p->spoilt.text);
	} else if (snapshot_finish(&p->snap, r, &e) < 0) {
		drop_open(p, e.text);
	} else {
		apply(p);
	}
}

static void
on_chain_abort(struct promoter *p, const struct rec *r)
{
	const char *symbol = rec_str(r, "symbol"), *reason = rec_str(r, "reason");
	const char *error = rec_str(r, "error"), *detail = rec_str(r, "detail");
	struct outcome o = {.reason = "aborted"};
	int64_t status;

	if (p->open && strcmp(p->snap.symbol, symbol) == 0)
		drop_open(p, "aborted before chain_end");
	if (rec_int(r, "exit", &status) < 0 || status < 1 || status > 255)
		status = EX_DATAERR;
	o.exit = (int)status;
	snprintf(o.detail, sizeof(o.detail), "%.40s%s%.100s",
	    error == NULL ? "" : error, detail == NULL ? "" : ": ",
	    detail == NULL ? "" : detail);
	p->aborted++;
	refuse(p, rec_ts(r), symbol, rec_str(r, "for_epoch"),
	    reason != NULL && strcmp(reason, "dormant") == 0, NULL, &o);
}

static void
on_line(struct promoter *p, struct span line)
{
	struct rec r = {0};
	struct err e;
	const char *type;

	if (span_eq(rec_peek_type(line), SPAN_LIT("contract"))) {
		on_contract(p, line);
		return;
	}
	if (rec_read(&r, line, &e) < 0) {
		on_bad(p, &e);
		return;
	}
	type = rec_type(&r);
	if (strcmp(type, "geometry") == 0) {
		on_geometry(p, &r);
	} else if (strcmp(type, "contract") == 0) {
		on_contract(p, line);
	} else if (strcmp(type, "chain_end") == 0) {
		on_chain_end(p, &r);
	} else if (strcmp(type, "chain_abort") == 0) {
		on_chain_abort(p, &r);
	} else {
		p->passed++;
		out_line(&p->out, line);
	}
	rec_free(&r);
}

static void
read_all(struct promoter *p)
{
	struct span line;
	struct err e;
	int got;

	while ((got = in_next(&p->in, &line, &e)) != 0) {
		if (sig_usr1) {
			sig_usr1 = 0;
			show_counters(p);
		}
		if (got == 1) {
			on_line(p, line);
			continue;
		}
		if (got == 2)
			err_set(&e, EX_DATAERR, "TOO_LONG", "line > %zu bytes",
			    p->in.max);
		on_bad(p, &e);
		if (got < 0) {
			add_status(p, e.exit);
			break;
		}
	}
	if (p->in.torn > 0) {
		err_set(&e, EX_DATAERR, "TORN", "unfinished last line");
		on_bad(p, &e);
	}
	if (p->open && sig_stop == 0)
		drop_open(p, "input ended without chain_end");
	else if (p->open)
		add_status(p, err_fail(p->snap.symbol, EX_TEMPFAIL,
				  "INTERRUPTED", "stopped inside a snapshot"));
	else if (p->snapshots + p->aborted == 0 && sig_stop == 0)
		add_status(p, err_fail(p->in.name, EX_DATAERR, "EMPTY",
				  "no snapshot in the input"));
}

/* --- start --- */

static int
read_options(int argc, char *argv[], int *status)
{
	const char *arg;
	int bad = 0, c;

	while ((c = opt_next(argc, argv, &option_set, &arg, status)) != -1) {
		switch (c) {
		case 'r':
			conf.redis = arg;
			break;
		case 't':
			bad = opt_seconds(arg, 1, 3600000, &conf.timeout_ms);
			break;
		case OPT_DEADLINE:
			bad = opt_seconds(arg, 1, 3600000, &conf.deadline_ms);
			break;
		case OPT_FORCE:
			conf.policy.force = true;
			break;
		case OPT_MAX_SHRINK:
			bad = opt_percent(arg, &conf.policy.max_shrink_bp);
			break;
		case OPT_CONFIRM:
			bad = opt_int(arg, 1, 1000, &conf.policy.confirm);
			break;
		case OPT_ACCEPT_SHRINK:
			conf.policy.accept_shrink = true;
			break;
		case OPT_ACCEPT_FILTER:
			conf.policy.accept_filter = true;
			break;
		case 'v':
			conf.verbose = true;
			break;
		default:
			return -1;
		}
		if (bad < 0) {
			*status = opt_usage(
			    &option_set, "\"%s\" is out of form or range", arg);
			return -1;
		}
	}
	return 0;
}

static int
open_redis(struct promoter *p, struct err *e)
{
	if (keys_init(&p->keys, e) < 0)
		return -1;
	p->db = db_open(conf.redis, conf.timeout_ms, e);
	if (p->db == NULL)
		return -1;
	p->ep.view = (struct view){p->db, &p->keys};
	if (epoch_check_server(p->db, e) < 0) {
		if (e->exit != EX_NOPERM)
			return -1;
		err_warn(db_name(p->db), "UNCHECKED",
		    "may not ask whether the server evicts keys");
	}
	return 0;
}

int
main(int argc, char *argv[])
{
	struct promoter p = {0};
	struct err e;
	int status = 0;

	err_init(argv[0]);
	sig_init();
	if (read_options(argc, argv, &status) < 0)
		return status;
	if (optind < argc)
		return opt_usage(
		    &option_set, "unexpected operand \"%s\"", argv[optind]);
	opt_check_env();
	out_init(&p.out, 1);
	if (clock_init(&e) < 0 || in_open(&p.in, "-", &p.out, &e) < 0 ||
	    open_redis(&p, &e) < 0)
		status = err_report(NULL, &e);
	else
		read_all(&p);
	if (out_close(&p.out, &e) < 0)
		add_status(&p, err_report("stdout", &e));
	if (conf.verbose)
		show_counters(&p);
	snapshot_free(&p.snap);
	contract_reader_free(&p.reader);
	buf_free(&p.line);
	epoch_end(&p.ep);
	db_close(&p.db);
	in_close(&p.in);
	return sig_end(err_worse(status, p.status));
}
