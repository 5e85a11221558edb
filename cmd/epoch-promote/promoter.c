/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "promoter.h"
#include "rec.h"
#include "sig.h"

void
promoter_add_status(struct promoter *p, int status)
{
	p->status = err_worse(p->status, status);
}

void
promoter_show(const struct promoter *p)
{
	err_warn(NULL, "COUNTS",
	    "snapshots %" PRIu64 " new %" PRIu64 " same %" PRIu64
	    " rejected %" PRIu64 " aborted %" PRIu64 " failed %" PRIu64
	    " bad_lines %" PRIu64 " passed %" PRIu64 " slow_lines %" PRIu64
	    " conflicts %" PRIu64 " reconnects %" PRIu64
	    " fence_waits %" PRIu64,
	    p->snapshots, p->fresh, p->same, p->rejected, p->aborted, p->failed,
	    p->bad, p->passed, p->reader.slow, p->act.conflicts,
	    p->act.reconnects, p->act.fence_waits);
}

/* --- what goes out --- */

void
promoter_tell(struct promoter *p, int64_t ts, const char *symbol,
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

void
promoter_refuse(struct promoter *p, const char *symbol, const struct outcome *o)
{
	char code[24];
	size_t i;

	for (i = 0; o->reason[i] != '\0' && i + 1 < sizeof(code); i++)
		code[i] = (char)toupper((unsigned char)o->reason[i]);
	code[i] = '\0';
	promoter_add_status(
	    p, err_fail(symbol, o->exit, code, "%s", o->detail));
}

/* --- the decisions --- */

static int
connect_again(struct promoter *p, struct err *e)
{
	return db_alive(p->db) ? 0 : act_recover(&p->act, e);
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
	promoter_refuse(p, symbol, o);
	/* A decision has named the epoch that stays already. */
	if ((dormant || o->id[0] == '\0') &&
	    (connect_again(p, &e) < 0 ||
		epoch_keep(&p->act, symbol, for_epoch, dormant, o, &e) < 0)) {
		p->failed++;
		promoter_add_status(p, err_report(symbol, &e));
	}
	promoter_tell(p, ts, symbol, s, o);
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
	act_start(&p->act, p->deadline_ms);
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

	act_start(&p->act, p->deadline_ms);
	if (connect_again(p, &e) < 0 ||
	    epoch_apply(&p->act, s, &p->policy, &o, &e) < 0) {
		p->failed++;
		promoter_add_status(p, err_report(s->symbol, &e));
	} else if (o.kind == OUTCOME_REJECTED) {
		p->rejected++;
		refuse(p, s->end_ts, s->symbol, s->for_epoch,
		    strcmp(s->reason, "dormant") == 0, s, &o);
	} else {
		*(o.kind == OUTCOME_NEW ? &p->fresh : &p->same) += 1;
		promoter_tell(p, s->end_ts, s->symbol, s, &o);
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
	promoter_add_status(p, EX_DATAERR);
}

static void
on_contract(struct promoter *p, struct span line)
{
	struct contract c;
	struct err e;

	if (!p->open)
		err_set(&e, EX_DATAERR, "STRAY",
		    "contract outside a snapshot (is geom-hash before us?)");
	else if (line_read(&p->reader, line, &c, &e) == 0 &&
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
	p->open = true;
	p->spoilt.exit = 0;
	if (snapshot_begin(&p->snap, r, &e) < 0)
		on_bad(p, &e); /* its contracts are still its own */
}

static void
on_chain_end(struct promoter *p, const struct rec *r)
{
	struct err e;

	if (!p->open) {
		err_set(
		    &e, EX_DATAERR, "STRAY", "chain_end outside a snapshot");
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
	const char *symbol = rec_str(r, "symbol"),
		   *reason = rec_str(r, "reason");
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
	act_start(&p->act, p->deadline_ms);
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

void
promoter_run(struct promoter *p)
{
	struct span line;
	struct err e;
	int got;

	while ((got = in_next(&p->in, &line, &e)) != 0) {
		if (sig_usr1) {
			sig_usr1 = 0;
			promoter_show(p);
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
			promoter_add_status(p, e.exit);
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
		promoter_add_status(
		    p, err_fail(p->snap.symbol, EX_TEMPFAIL, "INTERRUPTED",
			   "stopped inside a snapshot"));
	else if (p->snapshots + p->aborted > 0 || p->allow_none)
		return;
	else if (sig_stop != 0)
		promoter_add_status(
		    p, err_fail(p->in.name, EX_TEMPFAIL, "INTERRUPTED",
			   "stopped before any snapshot"));
	else
		promoter_add_status(p, err_fail(p->in.name, EX_DATAERR, "EMPTY",
					   "no snapshot in the input"));
}

void
promoter_free(struct promoter *p)
{
	snapshot_free(&p->snap);
	line_reader_free(&p->reader);
	buf_free(&p->line);
	act_free(&p->act);
}
