/* SPDX-License-Identifier: ISC */
#include "replayer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "sig.h"

#define ACT_MS 60000
#define SHOW_MS 500
#define SLEEP_MS 500

int
replayer_fail(const struct player *p, const struct err *e)
{
	char place[200];
	int64_t good = 0;

	if (e->exit == EX_TEMPFAIL)
		return err_report(NULL, e);
	player_place(p, place, sizeof(place));
	for (size_t i = 0; i < p->n_stories; i++)
		if (p->now < p->n_sources &&
		    strcmp(p->stories[i].symbol, p->sources[p->now].symbol) ==
			0)
			good = p->stories[i].good;
	return good > 0 ? err_fail(place, e->exit, e->code,
			      "%s; good up to act %" PRId64 " (--until)",
			      e->text, good)
			: err_fail(place, e->exit, e->code, "%s", e->text);
}

int
replayer_check(struct player *p)
{
	struct story *s = NULL;
	struct err e;
	int status = 0;

	if (player_scan(p, &e) < 0)
		return replayer_fail(p, &e);
	player_start(p);
	do {
		if (player_next(p, &s, &e) == 0)
			continue;
		if (strcmp(e.code, "GAP") != 0)
			return err_worse(status, replayer_fail(p, &e));
		status = err_worse(status, replayer_fail(p, &e));
		/* from the next commit on it can be told again */
	} while (s != NULL && sig_stop == 0);
	return status;
}

/* ---- doing it ---- */

void
replayer_show(struct replayer *r, bool last)
{
	int64_t done, all, now = clock_mono_ms();

	if (!isatty(STDERR_FILENO) || (!last && now - r->shown < SHOW_MS))
		return;
	r->shown = now;
	player_progress(&r->player, &done, &all);
	if (r->whole > 0) {
		done = r->part;
		all = r->whole;
	}
	fprintf(stderr, "\r%3d %%  %" PRIu64 " acts%s",
	    all == 0 ? 100 : (int)(done * 100 / all), r->done,
	    last ? "\n" : "");
}

int64_t
replayer_due(struct replayer *r, int64_t ts)
{
	if (r->speed <= 0)
		return 0;
	if (r->first_ts == 0) {
		r->first_ts = ts;
		r->began = clock_mono_ms();
	}
	return r->began + (int64_t)((double)(ts - r->first_ts) / r->speed) -
	       clock_mono_ms();
}

void
replayer_wait(struct replayer *r, int64_t ts)
{
	int64_t left;

	while (sig_stop == 0 && (left = replayer_due(r, ts)) > 0) {
		clock_sleep_ms(left < SLEEP_MS ? left : SLEEP_MS);
		replayer_show(r, false);
	}
}

int
replayer_check_used(struct replayer *r, const char *symbol, struct err *e)
{
	int used = r->into_used ? 0 : replay_is_used(&r->act, symbol, e);

	if (used > 0)
		err_set(e, EX_NO, "USED",
		    "Redis knows epochs of %s already (--into-used)", symbol);
	return used == 0 ? 0 : -1;
}

static int
check_used(struct replayer *r, struct err *e)
{
	for (size_t i = 0; i < r->player.n_stories; i++)
		if (replayer_check_used(r, r->player.stories[i].symbol, e) < 0)
			return -1;
	return 0;
}

/* ---- how far it is ---- */

static struct sent *
sent_at(struct replayer *r, size_t i)
{
	return &r->sent[(r->first + i) % SENT_MAX];
}

static void
send_act(struct replayer *r, const struct story *s)
{
	struct sent *sent = sent_at(r, r->n_sent++);

	sent->story = (size_t)(s - r->player.stories);
	sent->line = s->deed.line;
}

static void
add_done(struct story_done *did, const struct tape_line *l)
{
	if (did->acts++ == 0)
		did->first_act = l->act;
	did->last_act = l->act;
	did->last_ts = l->ts;
	if (strcmp(l->kind, "commit") != 0)
		return;
	did->epochs++;
	memcpy(did->id, l->id, sizeof(did->id));
}

/* All but the last ones are done. */
static void
count_done(struct replayer *r, size_t open)
{
	for (; r->n_sent > open; r->n_sent--) {
		struct sent *sent = sent_at(r, 0);

		add_done(&r->player.stories[sent->story].did, &sent->line);
		r->first = (r->first + 1) % SENT_MAX;
		r->done++;
	}
}

/* One of them failed: those in front of it are done. */
static void
count_failed(struct replayer *r)
{
	const struct deed *bad = r->replay.bad;
	size_t i = 0;

	while (bad != NULL && i < r->n_sent &&
	       (sent_at(r, i)->line.act != bad->line.act ||
		   strcmp(sent_at(r, i)->line.symbol, bad->line.symbol) != 0))
		i++;
	count_done(r, r->n_sent - i);
}

void
replayer_free(struct replayer *r)
{
	player_free(&r->player);
	replay_free(&r->replay);
	act_free(&r->act);
	db_close(&r->act.view.db);
	free(r->sent);
}

/* 1 it was the last one, 0, -1 and *e. */
static int
do_next(struct replayer *r, struct err *e)
{
	struct story *s;
	int rc = 0;

	if (player_next(&r->player, &s, e) < 0)
		return -1;
	if (s != NULL) {
		replayer_wait(r, s->deed.line.ts);
		if (sig_stop != 0)
			return 0;
		act_start(&r->act, ACT_MS);
		send_act(r, s);
		rc = replay_act(
		    &r->replay, &s->deed, s->first_act == s->deed.line.act, e);
	}
	/* who keeps time is not ahead of it, nor behind */
	if (s == NULL || (rc == 0 && r->speed > 0))
		rc = replay_settle(&r->replay, e);
	if (rc < 0)
		count_failed(r);
	else
		count_done(r, replay_open(&r->replay));
	return rc < 0 ? -1 : s == NULL;
}

static int
do_all(struct replayer *r, struct err *e)
{
	r->sent = mem_zalloc(SENT_MAX * sizeof(*r->sent));
	while (sig_stop == 0) {
		int rc = do_next(r, e);

		if (rc != 0)
			return rc < 0 ? -1 : 0;
		replayer_show(r, false);
	}
	return err_set(e, EX_TEMPFAIL, "INTERRUPTED",
	    "stopped by signal %d after %" PRIu64 " acts", (int)sig_stop,
	    r->done);
}

/* An act failed: where it stands, which may be before the line in hand. */
static int
fail_act(const struct deed *d, const struct err *e)
{
	char place[200];

	if (e->exit == EX_TEMPFAIL)
		return err_report(NULL, e);
	snprintf(
	    place, sizeof(place), "%s, line %" PRIu64, d->file, d->line_no);
	return err_fail(place, e->exit, e->code,
	    "%s; good up to act %" PRId64 " (--until)", e->text,
	    d->line.act - 1);
}

int
replayer_run(struct replayer *r)
{
	struct err e;
	int rc;

	act_start(&r->act, ACT_MS);
	if (check_used(r, &e) < 0)
		return err_report(NULL, &e);
	player_start(&r->player);
	rc = do_all(r, &e);
	replayer_show(r, true);
	if (rc == 0)
		return 0;
	return r->replay.bad != NULL ? fail_act(r->replay.bad, &e)
				     : replayer_fail(&r->player, &e);
}
