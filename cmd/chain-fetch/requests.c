/* SPDX-License-Identifier: ISC */
/*
 * requests: see requests.h.
 *
 * Why nobody waits, and nothing grows.  All waiting is done in http_wait,
 * which serves stdin and stdout aside.  A symbol has one request at most that
 * is not yet begun: others are merged into it.  None is begun before stdout
 * has taken the snapshot before, so there is one snapshot in memory, or its
 * text on the way out, and requests merge while a slow reader works.  Of lines
 * that pass through, PASS_MAX bytes may lie behind that text; only then is
 * stdin left unread, until there is room: lines are not lost.
 *
 * Why a snapshot stays in one piece.  It is written to the side (made) and
 * joins the output whole, and not while a snapshot that passes through is
 * still open.
 */
#include <inttypes.h>

#include "asked.h"
#include "clock.h"
#include "rec.h"
#include "requests.h"
#include "sig.h"

#define PASS_MAX (16 * 1024 * 1024)
#define LINES_A_TURN 1000
#define WARNINGS 10 /* bad lines that are told of, before they are counted */
#define IDLE_MS (3600 * 1000)

struct requests {
	struct fetch_conf *conf;
	struct fetch f;
	struct in in;
	struct out *out, made;
	bool equity;
	const char *own_reason; /* of what the command line asks for */
	int64_t beat;           /* monotonic ms: the next of these */
	struct asked asked;
	size_t behind; /* bytes of lines queued since the queue was empty */
	bool eof;
	bool is_passing; /* a snapshot from stdin is not yet at its end */
	bool has_more;   /* lines, perhaps */
	enum { FOR_VENDOR, FOR_REQUEST, FOR_PASSING } waits;
	uint64_t requests, snapshots, aborts, passed, bad;
	int status;
};

static void
show(const struct requests *r)
{
	err_warn(NULL, "COUNTS",
	    "asked %" PRIu64 " merged %" PRIu64 " snapshots %" PRIu64
	    " aborts %" PRIu64 " passed %" PRIu64 " bad_lines %" PRIu64,
	    r->requests, r->asked.merged, r->snapshots, r->aborts, r->passed,
	    r->bad);
}

/* ------------------------------------------------------------- the requests */

/* There will be no snapshot for this request: so its answer is an abort. */
static void
refuse(struct requests *r, const char *symbol, const char *reason,
    const char *for_epoch, const struct err *e)
{
	struct chain_conf conf = r->conf->chain; /* a fetch may be using it */
	size_t before = out_queued(r->out);

	conf.out = r->out;
	conf.reason = reason;
	conf.for_epoch = for_epoch[0] != '\0' ? for_epoch : NULL;
	r->status =
	    err_worse(r->status, chain_abort(&conf, symbol, clock_now_ms(), e));
	r->behind += out_queued(r->out) - before;
	r->aborts++;
}

static void
ask(struct requests *r, const struct symbol *symbol, const char *reason,
    const char *for_epoch)
{
	struct err e;

	r->requests++;
	if (asked_add(&r->asked, symbol, reason, for_epoch, &e) != 0)
		refuse(r, symbol->name, reason, for_epoch, &e);
}

/* What the command line asks for, once or at each beat. */
static void
take_beat(struct requests *r, const struct wanted *wanted, size_t n)
{
	int64_t now = clock_mono_ms();

	if (now < r->beat)
		return;
	if (r->eof) { /* what waits for its reader goes out, no more is asked */
		r->beat = INT64_MAX;
		return;
	}
	for (size_t i = 0; i < n; i++)
		ask(r, &wanted[i].symbol, r->own_reason, "");
	r->beat = r->conf->every_ms > 0
		      ? clock_next_beat(r->beat, r->conf->every_ms, now)
		      : INT64_MAX;
}

/* Until it is so, see is_over. */
static void
wait_as(struct requests *r, int what, int64_t ms)
{
	r->waits = what;
	http_wait(r->f.http, ms < IDLE_MS ? ms : IDLE_MS);
	r->waits = FOR_VENDOR;
}

/* One snapshot, or an abort. */
static void
answer(struct requests *r, struct request *q)
{
	struct request now = *q; /* the next one is being asked for meanwhile */
	struct wanted w = {.symbol = now.symbol};
	struct chain_conf *chain = &r->conf->chain;
	int status;

	q->turn = 0;
	chain->reason = now.reason;
	chain->for_epoch = now.for_epoch[0] != '\0' ? now.for_epoch : NULL;
	status = fetch_symbol(&r->f, &w);
	chain->for_epoch = NULL;
	*(status == EX_OK ? &r->snapshots : &r->aborts) += 1;
	asked_find(&r->asked, now.symbol.name)->status = status;
	wait_as(r, FOR_PASSING, IDLE_MS);
	out_write(r->out, r->made.buf.p, r->made.buf.n);
	buf_free(&r->made.buf);
}

/* ---------------------------------------------------------------- the lines */

static void
on_bad(struct requests *r, const struct err *e)
{
	if (r->bad++ < WARNINGS)
		err_warn(r->in.name, e->code, "line %" PRIu64 ": %s",
		    r->in.line_no, e->text);
	else if (r->bad == WARNINGS + 1)
		err_warn(r->in.name, e->code,
		    "line %" PRIu64 ": further bad lines counted only",
		    r->in.line_no);
}

static int
on_refresh(struct requests *r, const struct rec *rec, struct err *e)
{
	const char *name = rec_str(rec, "symbol");
	const char *reason = rec_str(rec, "reason"), *for_epoch = "";
	struct symbol symbol;
	struct epoch_id id;

	if (reason != NULL)
		reason = chain_reason_named(reason);
	if (reason == NULL)
		return err_set(e, EX_DATAERR, "BAD_RECORD",
		    "refresh of %s for no known reason", name);
	if (rec_has(rec, "for_epoch")) {
		for_epoch = rec_str(rec, "for_epoch");
		if (for_epoch == NULL ||
		    epoch_id_parse(span_str(for_epoch), &id) != 0 ||
		    strcmp(id.symbol, name) != 0)
			return err_set(e, EX_DATAERR, "BAD_RECORD",
			    "for_epoch of a refresh of %s is no epoch of it",
			    name);
	}
	if (symbol_parse(span_str(name), r->equity, &symbol) != 0)
		return err_set(e, EX_DATAERR, "BAD_RECORD", "no symbol");
	ask(r, &symbol, reason, for_epoch);
	return 0;
}

/* It passes.  Where it is part of a snapshot, nothing may come between. */
static void
pass(struct requests *r, struct span type, struct span line)
{
	if (span_eq(type, SPAN_LIT("chain_begin")) ||
	    span_eq(type, SPAN_LIT("geometry")))
		r->is_passing = true;
	else if (span_eq(type, SPAN_LIT("chain_end")) ||
		 span_eq(type, SPAN_LIT("chain_abort")))
		r->is_passing = false;
	r->passed++;
	r->behind += line.n + 1;
	out_line(r->out, line);
}

/* Contract lines are judged by whoever holds their snapshot. */
static int
on_line(struct requests *r, struct span line, struct err *e)
{
	struct rec rec = {0};
	struct span type = rec_peek_type(line);
	int rc = 0;

	if (span_eq(type, SPAN_LIT("contract"))) {
		pass(r, type, line);
		return 0;
	}
	if (rec_read(&rec, line, e) != 0)
		return -1;
	type = span_str(rec_type(&rec));
	if (span_eq(type, SPAN_LIT("refresh")))
		rc = on_refresh(r, &rec, e);
	else
		pass(r, type, line);
	rec_free(&rec);
	return rc;
}

/* Nothing more comes. */
static void
on_end(struct requests *r, int got, const struct err *e)
{
	struct err torn;

	r->eof = true;
	r->is_passing = false;
	if (got == -1)
		r->status = err_worse(r->status, err_report(r->in.name, e));
	if (r->in.torn == 0)
		return;
	err_set(&torn, EX_DATAERR, "TORN", "no newline at its end");
	on_bad(r, &torn);
}

/* false: there is none, for now. */
static bool
take_line(struct requests *r)
{
	struct span line;
	struct err e;
	int got = in_next(&r->in, &line, &e);

	if (got == 3 || sig_stop)
		return false;
	if (got == 0 || got == -1) {
		on_end(r, got, &e);
		return false;
	}
	if (got == 2)
		err_set(&e, EX_DATAERR, "TOO_LONG", "more than %zu bytes",
		    r->in.max);
	if (got == 2 || on_line(r, line, &e) != 0)
		on_bad(r, &e);
	return true;
}

/* -------------------------------------------------------- beside the network
 */

static bool
wants_lines(const struct requests *r)
{
	return !r->eof && r->behind < PASS_MAX && !r->out->failed;
}

/* May the next request be begun? */
static bool
is_free(const struct requests *r)
{
	return out_queued(r->out) == 0;
}

static int
wait_for(void *ctx, struct pollfd *fds)
{
	struct requests *r = ctx;
	int n = 0;

	if (r->has_more)
		return -1;
	if (wants_lines(r))
		fds[n++] = (struct pollfd){.fd = r->in.fd, .events = POLLIN};
	/* a reader that leaves is an event that comes unasked */
	fds[n++] = (struct pollfd){
	    .fd = r->out->fd, .events = is_free(r) ? 0 : POLLOUT};
	return n;
}

/* Has come what we wait for?  A fetch looks at the network itself. */
static bool
is_over(struct requests *r)
{
	if (r->waits == FOR_VENDOR)
		return false;
	if (r->out->failed)
		return true;
	if (r->waits == FOR_PASSING)
		return !r->is_passing;
	return asked_next(&r->asked) != NULL ? is_free(r) : r->eof;
}

static bool
serve(void *ctx)
{
	struct requests *r = ctx;
	int i;

	if (sig_usr1) {
		sig_usr1 = 0;
		show(r);
	}
	out_offer(r->out);
	if (is_free(r))
		r->behind = 0;
	for (i = 0; i < LINES_A_TURN && wants_lines(r); i++)
		if (!take_line(r))
			break;
	r->has_more = i == LINES_A_TURN;
	out_offer(r->out);
	return is_over(r);
}

/* -------------------------------------------------------------------- run */

static void
run(struct requests *r, const struct wanted *wanted, size_t n)
{
	struct request *q;
	struct err e;

	while (!sig_stop && !r->out->failed) {
		take_beat(r, wanted, n);
		q = asked_next(&r->asked);
		if (q == NULL && r->eof)
			break;
		if (q != NULL && is_free(r))
			answer(r, q);
		else
			wait_as(r, FOR_REQUEST, r->beat - clock_mono_ms());
	}
	/* each request is answered */
	while (sig_stop && (q = asked_next(&r->asked)) != NULL) {
		fetch_over(&r->f, &e);
		refuse(r, q->symbol.name, q->reason, q->for_epoch, &e);
		q->turn = 0;
	}
}

/* Of a symbol the last answer counts: a later snapshot mends what failed. */
static int
judge(const struct requests *r)
{
	int status = r->status;

	for (size_t i = 0; i < r->asked.n; i++)
		status = err_worse(status, r->asked.all[i].status);
	if (r->bad > 0)
		status = err_worse(
		    status, err_fail(r->in.name, EX_DATAERR, "BAD_LINES",
				"bad lines dropped: %" PRIu64, r->bad));
	return status;
}

int
requests_run(
    struct fetch_conf *conf, const struct wanted *wanted, size_t n, bool equity)
{
	struct requests r = {
	    .conf = conf,
	    .f = {.conf = conf},
	    .out = conf->chain.out,
	    .equity = equity,
	    .own_reason = chain_reason(&conf->chain),
	    .beat = clock_mono_ms(),
	};
	const struct http_aside aside = {&r, wait_for, serve};
	struct err e;

	if (in_open(&r.in, "-", NULL, &e) != 0 ||
	    fetch_open(&r.f, &aside, &e) != 0)
		return err_report(NULL, &e);
	r.in.nowait = true;
	r.out->room = SIZE_MAX; /* is offered, never waited for */
	out_init(&r.made, -1);
	r.made.room = SIZE_MAX;
	conf->chain.out = &r.made;
	run(&r, wanted, n);
	conf->chain.out = r.out;
	if (conf->verbose)
		show(&r);
	r.status = judge(&r);
	http_close(&r.f.http);
	in_close(&r.in);
	buf_free(&r.made.buf);
	asked_free(&r.asked);
	return r.status;
}
