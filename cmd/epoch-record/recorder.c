/* SPDX-License-Identifier: ISC */
/*
 * From the journal onto reels.
 *
 * Why each act is on the tape once: what is asked for begins with the last
 * act that the tape has, and that must come back as it was written; so
 * a Redis that forgot, and went on with other acts under the same numbers,
 * is noticed before anything of it is written.  The last act stays in Redis
 * for that; what came before it is trimmed once the disk has it.
 */
#include <inttypes.h>

#include "clock.h"
#include "recorder.h"
#include "sig.h"

#define BATCH 64 /* acts read at a time: 64 KB each, at worst some hundred */
#define WAIT_MS 500
#define GATHER_MS 50 /* a look for each act costs more than the act */
#define RETRY_MS 200
#define LATE_MS 100
#define PAUSE_MS 50 /* where there is no time to wait */

static void
add_status(struct recorder *r, int status)
{
	r->status = err_worse(r->status, status);
}

void
recorder_show(const struct recorder *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct reel *reel = &r->reels[i];

		err_warn(reel->symbol, "COUNTS",
		    "acts %" PRIu64 " lost %" PRIu64 " rewinds %" PRIu64
		    " bytes %" PRIu64 " last %" PRId64 " outages %" PRIu64
		    " trims %" PRIu64,
		    reel->acts, reel->lost, reel->rewinds, reel->bytes,
		    reel->last, r->outages, r->trimmed);
	}
}

/* ---- one look ---- */

struct look {
	struct reel *reel;
	struct buf line;
	size_t seen;           /* acts that came */
	size_t taken;          /* … and were new */
	bool moved;            /* what the tape has is not what Redis has */
	int64_t first, common; /* compare: its first act, the last shared … */
	int64_t next;          /* … and where to go on */
	bool parted;
};

static bool
is_same(struct look *k, struct tape_line *l, const char *sum)
{
	buf_clear(&k->line);
	tape_write(&k->line, l);
	return strcmp(l->sum, sum) == 0;
}

static void
on_act(struct tape_line *l, void *ctx)
{
	struct look *k = ctx;
	struct reel *reel = k->reel;
	bool is_first = k->seen++ == 0;

	if (k->moved)
		return;
	if (is_first && reel->last > 0 && reel->sum[0] != '\0') {
		k->moved = l->act != reel->last || !is_same(k, l, reel->sum);
		return;
	}
	if (l->act <= reel->last)
		return;
	if (reel->known && l->act > reel->last + 1)
		err_warn(reel->symbol, "GAP",
		    "acts %" PRId64 " to %" PRId64
		    " are lost: the journal overran, or another trimmed it",
		    reel->last + 1, l->act - 1);
	reel_add(reel, l);
	k->taken++;
}

/* Which is the last act that Redis and the tape share?  One that is older than
 * what we remember of the tape says nothing. */
static void
on_compare(struct tape_line *l, void *ctx)
{
	struct look *k = ctx;
	const char *sum = reel_sum(k->reel, l->act);

	k->seen++;
	k->next = l->act + 1;
	if (k->first == 0)
		k->first = l->act;
	if (l->act > k->reel->last || (sum != NULL && !is_same(k, l, sum)))
		k->parted = true;
	if (!k->parted && sum != NULL)
		k->common = l->act;
}

/* 1: the tape is behind Redis now, look again; 0: it is not. */
static int
settle(struct recorder *r, struct reel *reel, struct err *e)
{
	struct look k = {.reel = reel, .next = 1};
	int n;

	do {
		n = journal_read(
		    &r->act, reel->symbol, k.next, BATCH, on_compare, &k, e);
		if (n < 0) {
			buf_free(&k.line);
			return -1;
		}
	} while (n == BATCH && !k.parted);
	buf_free(&k.line);
	if (k.common == reel->last)
		return 0;
	if (k.first > reel->last) {
		/* Overrun: the numbers will show it. */
		reel->sum[0] = '\0';
		return 1;
	}
	err_warn(reel->symbol, "REWIND",
	    "Redis is at an older state: acts after %" PRId64 " to %" PRId64
	    " did not happen",
	    k.common, reel->last);
	reel_rewind(reel, k.common);
	return 1;
}

/* Nothing there from our last act on. */
static int
look_missing(struct recorder *r, struct reel *reel, struct err *e)
{
	int64_t newest;
	bool exists;

	if (journal_newest(&r->act, reel->symbol, &newest, &exists, e) < 0)
		return -1;
	if (exists && (newest == 0 || newest >= reel->last))
		return 0; /* somebody trimmed it */
	return settle(r, reel, e);
}

/* How many new acts; -1 and *e. */
static int
look_at(struct recorder *r, struct reel *reel, struct err *e)
{
	struct look k = {.reel = reel};
	bool again;
	int rc = journal_read(&r->act, reel->symbol,
	    reel->last > 0 ? reel->last : 1, BATCH, on_act, &k, e);

	buf_free(&k.line);
	/* What came before an entry that is none of ours is ours. */
	if (rc < 0 && strcmp(e->code, "BAD_ACT") != 0)
		return -1;
	if (rc >= 0 && k.moved)
		rc = settle(r, reel, e);
	else if (rc >= 0 && k.seen == 0 && reel->last > 0)
		rc = look_missing(r, reel, e);
	again = rc > 0 && (k.moved || k.seen == 0);
	if (rc < 0) {
		struct err ignored;

		reel_flush(reel, &ignored);
		return -1;
	}
	if (reel_flush(reel, e) < 0)
		return -1;
	return again ? 1 : (int)k.taken;
}

/* ---- all of them ---- */

/*
 * A Redis that lost its state forgot that the journal is on.  What somebody
 * switched off stays off, unless we have just been told.  A Redis that is full
 * takes no setting, so none is written that stands: what frees it is our
 * reading.
 */
static int
keep_on(struct recorder *r, struct err *e)
{
	struct journal_config c;
	bool differs, was_told = r->told_off;

	if (journal_look(&r->act, &c, e) < 0)
		return -1;
	differs = !c.on || (r->max > 0 && c.max != r->max);
	if (r->switch_on && differs && (!c.said || !r->greeted)) {
		if (r->greeted)
			err_warn(NULL, "JOURNAL_OFF",
			    "Redis forgot that the journal is on: switched on "
			    "again, what was done meanwhile is not recorded");
		return journal_switch(&r->act, true, r->max, e);
	}
	r->told_off = !c.on;
	if (r->told_off && !was_told)
		err_warn(NULL, "JOURNAL_OFF",
		    "the journal is off: nothing new will come (--on)");
	return 0;
}

/* At the start, and each time that Redis is back. */
static int
greet(struct recorder *r, struct err *e)
{
	r->greeted = r->told_off = false;
	if (keep_on(r, e) < 0)
		return -1;
	r->greeted = true;
	return 0;
}

static int
sync_all(struct recorder *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		struct reel *reel = &r->reels[i];
		bool was_dirty = reel->dirty;
		int rc;

		if (reel_sync(reel, e) < 0)
			return -1;
		if (!r->trim || !was_dirty || reel->last_ts == 0)
			continue;
		rc = journal_trim(
		    &r->act, reel->symbol, reel->last, reel->last_ts, e);
		if (rc < 0)
			return -1;
		r->trimmed += (uint64_t)rc;
	}
	r->sync_due = clock_mono_ms() + r->sync_ms;
	return keep_on(r, e);
}

/* Everything that is there; how many acts. */
static int
look_once(struct recorder *r, struct err *e)
{
	int total = 0;

	for (size_t i = 0; i < r->n && sig_stop == 0; i++) {
		int n = look_at(r, &r->reels[i], e);

		if (n < 0)
			return -1;
		total += n;
	}
	if (clock_mono_ms() >= r->sync_due && sync_all(r, e) < 0)
		return -1;
	return total;
}

static int
wait_more(struct recorder *r, struct err *e)
{
	int64_t ms = r->sync_due - clock_mono_ms();

	for (size_t i = 0; i < r->n; i++)
		r->last[i] = r->reels[i].last;
	ms = ms < 1 ? 1 : ms > WAIT_MS ? WAIT_MS : ms;
	/* Redis ends a wait up to 100 ms late: that must be no timeout. */
	if (ms > r->redis.timeout_ms / 2 - LATE_MS)
		ms = r->redis.timeout_ms / 2 - LATE_MS;
	if (ms > 0)
		return journal_wait(&r->act, r->symbols, r->last, r->n, ms, e);
	clock_sleep_ms(PAUSE_MS);
	return 0;
}

/* Can one of them be written no more? */
static bool
has_failed(const struct recorder *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->reels[i].err.exit != 0)
			return true;
	return false;
}

/* Redis is away: wait for it.  false: stop. */
static bool
come_back(struct recorder *r, const struct err *why)
{
	struct err e = *why;

	if (has_failed(r))
		return false; /* finish says so */
	if (e.exit != EX_TEMPFAIL || r->once) {
		add_status(r, err_report(NULL, &e));
		return false;
	}
	err_warn(NULL, e.code, "%s; waiting for it", e.text);
	r->outages++;
	while (sig_stop == 0) {
		clock_sleep_ms(RETRY_MS);
		if (!db_alive(r->act.view.db) &&
		    db_reopen(r->act.view.db, &e) < 0) {
			if (e.exit == EX_TEMPFAIL)
				continue;
			add_status(r, err_report(NULL, &e));
			return false;
		}
		if (greet(r, &e) == 0) {
			err_warn(
			    NULL, "REDIS_BACK", "%s", db_name(r->act.view.db));
			return true;
		}
	}
	return false;
}

int
recorder_stopped(const struct recorder *r)
{
	return r->once
		   ? err_fail(NULL, EX_TEMPFAIL, "INTERRUPTED",
			 "stopped by signal %d before the end of what there is",
			 (int)sig_stop)
		   : 0;
}

static void
finish(struct recorder *r)
{
	struct err e;

	/* On the way out nothing is trimmed that the disk does not have. */
	if (r->status == 0 && sig_stop == 0 && !has_failed(r)) {
		if (sync_all(r, &e) < 0)
			add_status(r, err_report(NULL, &e));
	} else {
		for (size_t i = 0; i < r->n; i++)
			if (reel_sync(&r->reels[i], &e) < 0)
				add_status(
				    r, err_report(r->reels[i].symbol, &e));
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct reel *reel = &r->reels[i];

		if (reel->lost > 0)
			add_status(
			    r, err_fail(reel->symbol, EX_DATAERR, "LOST",
				   "%" PRIu64 " acts are not on the tape",
				   reel->lost));
		if (reel->unpacked.exit != 0)
			add_status(
			    r, err_report(reel->symbol, &reel->unpacked));
	}
}

void
recorder_run(struct recorder *r)
{
	struct err e;
	int n = greet(r, &e);

	while (sig_stop == 0) {
		if (sig_usr1) {
			sig_usr1 = 0;
			recorder_show(r);
		}
		if (n >= 0)
			n = look_once(r, &e);
		if (n == 0 && r->once && sig_stop == 0) {
			finish(r);
			return;
		}
		if (n > 0 && n < BATCH && !r->once)
			clock_sleep_ms(GATHER_MS);
		if (n == 0)
			n = wait_more(r, &e);
		if (n < 0 && (sig_stop != 0 || !come_back(r, &e)))
			break;
		if (n < 0)
			n = 0;
	}
	finish(r);
	if (sig_stop != 0)
		add_status(r, recorder_stopped(r));
}
