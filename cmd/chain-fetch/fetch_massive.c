/* SPDX-License-Identifier: ISC */
/*
 * fetch_massive: Massive's pages of a board, by one walk or several.
 *
 * A page's next_url leads to the next one, so a walk is as slow as its pages
 * one after the other.  When the first page is not the last, the board is cut
 * into ranges of expirations, the first and the last of them open-ended, and
 * each range has a walk of its own, those that should be long first; a range
 * that has more than LONG pages is halved as soon as there are fewer walks than
 * may be, unless its walk is behind the middle.  The contracts of walks
 * that are given up for their halves are forgotten, since they come again: that
 * they do is checked at the end.
 *
 * The snapshot is whole when no walk is left.  A page that fails is asked for
 * again, the walk goes on from there; one that cannot be had ends all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "fetch.h"
#include "pages.h"
#include "ranges.h"
#include "sig.h"

#define LONG 10 /* pages */

struct walk {
	struct walk *next;
	struct http_job job; /* its owner is the walk */
	int64_t id;
	struct range range;
	struct buf url; /* of the page to be fetched */
	int pages, tries;
	bool is_asked;      /* the job is on its way */
	bool is_empty;      /* it has no contract, as far as we know */
	int64_t not_before; /* monotonic ms */
	struct pages_count got;
};

struct walks {
	struct fetch *f;
	const struct chain_conf *conf;
	const char *symbol;
	struct filter at;
	int64_t now, ts; /* ms: of the start; of the newest page */
	struct walk *first;
	int64_t walks, ids; /* that there are; that there were */
	int64_t asked;      /* requests on their way */
	int64_t pause;      /* monotonic ms: nobody asks before */
	struct pages pages;
	struct buf seen;      /* URLs that were asked for, each with a NUL */
	struct err err, last; /* why it ends; the last failure that did not */
};

static struct walk *
add_walk(struct walks *ws, struct range range)
{
	struct walk *w = mem_zalloc(sizeof(*w)), **at = &ws->first;
	const char *base = ws->f->conf->base;
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		n--;
	w->job.owner = w;
	w->range = range;
	buf_add(&w->url, base, n);
	buf_fmt(&w->url, "/v3/snapshot/options/%s?limit=%d&sort=ticker",
	    ws->symbol, MASSIVE_PAGE_ROWS);
	range_query(&w->url, range, &ws->at, ws->now);
	while (*at != NULL)
		at = &(*at)->next;
	*at = w;
	ws->walks++;
	w->id = ++ws->ids;
	return w;
}

static void
drop_walk(struct walks *ws, struct walk *w)
{
	struct walk **at = &ws->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	ws->walks--;
	http_cancel(ws->f->http, &w->job);
	buf_free(&w->job.body);
	buf_free(&w->url);
	free(w);
}

/* ---------------------------------------------------------------- a page */

/* Was that page asked for before?  Then the walk goes in a circle. */
static bool
is_seen(struct walks *ws, const char *url)
{
	size_t at = 0;

	while (at < ws->seen.n) {
		if (strcmp(ws->seen.p + at, url) == 0)
			return true;
		at += strlen(ws->seen.p + at) + 1;
	}
	buf_add(&ws->seen, url, strlen(url) + 1);
	return false;
}

static int
follow(struct walks *ws, struct walk *w, const char *next)
{
	struct buf url = {0};
	int rc = http_resolve(ws->f->http, w->url.p, next, &url, &ws->err);

	if (rc == 0 && is_seen(ws, url.p))
		rc = err_set(&ws->err, EX_PROTOCOL, "PAGE_LOOP",
		    "page repeated: next_url leads to one that was read");
	if (rc == 0 && ws->pages.n >= ws->f->conf->max_pages)
		rc = err_set(&ws->err, EX_DATAERR, "TOO_MANY_PAGES",
		    "more than %" PRId64 " pages", ws->f->conf->max_pages);
	buf_free(&w->url);
	w->url = url;
	w->tries = 0;
	return rc;
}

/* Ranges in the place of a walk that is too long: how many; 0: it stays. */
static size_t
divide(struct walks *ws, struct walk *w)
{
	struct range parts[RANGES_MAX];
	bool is_root = w->pages == 1;
	size_t n = 2;

	if (ws->f->conf->parallel == 1)
		return 0;
	/* nobody would be there to walk the other half */
	if (!is_root && (w->pages < LONG || ws->walks >= ws->f->conf->parallel))
		return 0;
	if (is_root) {
		/* only the walk of all that was asked for */
		if (ws->pages.n > 1)
			return 0;
		n = range_plan(w->range, ws->f->conf->parallel, ws->now, parts);
	} else if (!range_halve(
		       w->range, &ws->pages.chain.board, ws->now, parts)) {
		return 0;
	}
	if (n < 2)
		return 0;
	for (size_t i = 0; i < n; i++)
		add_walk(ws, parts[i]);
	pages_again(&ws->pages, &w->got);
	drop_walk(ws, w);
	return n;
}

static void
start_over(struct walks *ws, int64_t now)
{
	while (ws->first != NULL)
		drop_walk(ws, ws->first);
	buf_clear(&ws->seen);
	ws->ids = 0;
	ws->now = now;
	ws->at = filter_at(&ws->conf->filter, now);
	is_seen(ws, add_walk(ws, range_of(&ws->at, now))->url.p);
}

/* The snapshot's time is its first page's, and its filter counts days from
 * there.  Did New York's midnight pass since we asked?  Then we asked for other
 * days. */
static bool
is_outdated(const struct walks *ws, int64_t now)
{
	struct filter at = filter_at(&ws->conf->filter, now);

	return ws->pages.n == 0 && strcmp(at.last, ws->at.last) != 0;
}

/* A part of the board may be empty.  That one range lacks its rows nothing
 * else would tell, so it has to say so twice. */
static bool
may_doubt(const struct walk *w)
{
	return w->id > 1 && !w->is_empty;
}

/* A whole body of a 200 came: -1 and ws->last when it is no page. */
static int
take_page(struct walks *ws, struct walk *w, struct span body)
{
	struct massive_page page;
	struct raw_page raw;
	struct pages_count before, after;
	struct buf url = {0};
	int64_t now = clock_now_ms();

	if (is_outdated(ws, now)) {
		start_over(ws, now);
		return 0;
	}
	if (ws->pages.n == 0)
		pages_start(&ws->pages, ws->conf, ws->pages.chain.symbol, now);
	ws->pages.until = ws->f->until;
	/* the vendor sends no empty page behind a full last one */
	ws->pages.wants_rows = w->pages > 0 || may_doubt(w);
	before = pages_counted(&ws->pages);
	if (pages_body(&ws->pages, body, &page, &ws->last) != 0) {
		if (!ws->pages.is_empty || w->pages > 0 || !may_doubt(w))
			return -1;
		w->is_empty = true; /* if it is so once more */
		return 0;
	}
	after = pages_counted(&ws->pages);
	pages_add(&w->got, &before, &after);
	w->pages++;
	ws->ts = now;
	buf_str(&url, w->url.p);
	if (ws->f->conf->verbose)
		err_warn(ws->pages.chain.symbol, "PAGE",
		    "%" PRId64 ": %" PRIu64 " rows of %.300s", ws->pages.n,
		    after.chain.rows - before.chain.rows, url.p);
	raw = (struct raw_page){.symbol = ws->pages.chain.symbol,
	    .url = url.p,
	    .ts = now,
	    .page = ws->pages.n,
	    .walk = w->id};
	if (ws->pages.chain.failed.exit != 0)
		ws->err = ws->pages.chain.failed;
	else if (page.next[0] == '\0')
		drop_walk(ws, w);
	else if ((raw.into = (int64_t)divide(ws, w)) == 0)
		follow(ws, w, page.next);
	raw.is_last = ws->first == NULL;
	if (ws->err.exit == 0)
		fetch_raw(ws->f, &raw, body, &ws->err);
	buf_free(&url);
	return 0;
}

/* A request came back. */
static void
on_done(struct walks *ws, struct walk *w)
{
	struct verdict v = fetch_judge(ws->f, &w->job);
	struct buf body = w->job.body;
	char text[ERR_TEXT_MAX];
	int64_t wait;
	int rc = -1;

	w->is_asked = false;
	ws->asked--;
	w->job.body = (struct buf){0}; /* the walk may go, it stays */
	if (v.err.exit == 0)
		rc = take_page(ws, w, buf_view(&body));
	buf_free(&body); /* now: others come while this one waits */
	if (rc == 0)
		return;
	if (v.err.exit == 0) {
		if (sig_stop || fetch_rest(ws->f) == 0) {
			fetch_over(ws->f, &ws->err);
			return;
		}
		v.err = ws->last;
		/* a body that its sender believed whole, or broken JSON */
		v.may_retry = v.err.exit == EX_DATAERR;
		if (strcmp(v.err.code, "CUT") == 0)
			v.err.exit = EX_UNAVAILABLE;
	}
	ws->last = v.err;
	wait = fetch_wait(ws->f, &v, ++w->tries);
	if (wait < 0) {
		snprintf(text, sizeof(text), "%s", v.err.text);
		err_set(&ws->err, v.err.exit, v.err.code,
		    "page %" PRId64 ": %.300s", ws->pages.n + 1, text);
		return;
	}
	w->not_before = clock_mono_ms() + wait;
	/* too many requests: of all walks; another may wait for longer */
	if (v.err.exit == EX_TEMPFAIL && w->not_before > ws->pause)
		ws->pause = w->not_before;
}

/* --------------------------------------------------------------- the walks */

/* Ask for what may be asked for.  Returns ms until there is more to ask. */
static int64_t
ask(struct walks *ws)
{
	int64_t now = clock_mono_ms(), wait = fetch_rest(ws->f), until;

	for (struct walk *w = ws->first; w != NULL; w = w->next) {
		if (w->is_asked || ws->asked >= ws->f->conf->parallel)
			continue;
		until = w->not_before > ws->pause ? w->not_before : ws->pause;
		if (until > now) {
			if (until - now < wait)
				wait = until - now;
			continue;
		}
		w->is_asked = true;
		ws->asked++;
		http_start(ws->f->http, &w->job, w->url.p);
	}
	return wait;
}

static void
walk_all(struct walks *ws)
{
	struct http_job *job;
	int64_t wait;

	while (ws->first != NULL && ws->err.exit == 0) {
		if (sig_stop || fetch_rest(ws->f) == 0) {
			fetch_over(ws->f, &ws->err);
			return;
		}
		wait = ask(ws);
		job = http_wait(ws->f->http, wait);
		if (job != NULL)
			on_done(ws, job->owner);
		progress_show(
		    &ws->f->progress, ws->pages.n, ws->pages.chain.board.n);
	}
}

int
fetch_massive(struct fetch *f, const struct wanted *wanted)
{
	char name[SYMBOL_MAX + 3];
	struct walks ws = {
	    .f = f,
	    .conf = &f->conf->chain,
	    .symbol = name,
	};
	int rc;

	symbol_massive(&wanted->symbol, name);
	ws.pages.chain.symbol = wanted->symbol.name;
	start_over(&ws, clock_now_ms());
	walk_all(&ws);
	/* a row's own words are in both */
	fetch_hide_key(f, &ws.err);
	fetch_hide_key(f, &ws.pages.chain.why);
	if (ws.err.exit != 0)
		rc = chain_abort(
		    ws.conf, wanted->symbol.name, clock_now_ms(), &ws.err);
	else
		rc = pages_finish(&ws.pages, ws.ts);
	while (ws.first != NULL)
		drop_walk(&ws, ws.first);
	pages_free(&ws.pages);
	buf_free(&ws.seen);
	return rc;
}
