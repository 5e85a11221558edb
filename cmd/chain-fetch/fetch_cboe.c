/* SPDX-License-Identifier: ISC */
/*
 * fetch_cboe: CBOE's one document of a board.  It is read as its bytes
 * arrive, and becomes a snapshot only once all of it did.
 */
#include "clock.h"
#include "fetch.h"
#include "sig.h"

/* Between two requests: it is a courtesy that they serve. */
#define GAP_MS 1000

struct reading {
	struct documents *documents;
	struct buf *raw; /* NULL: not wanted */
	struct err err;
};

static bool
on_piece(void *owner, struct span piece)
{
	struct reading *r = owner;

	if (r->raw != NULL)
		buf_span(r->raw, piece);
	return documents_feed(r->documents, piece, &r->err) == 0;
}

/* false: told to stop, or no time is left. */
static bool
wait_for_turn(struct fetch *f)
{
	int64_t rest;

	while (!sig_stop && f->last != 0 &&
	       (rest = f->last + GAP_MS - clock_mono_ms()) > 0) {
		if (rest >= fetch_rest(f))
			return false;
		http_wait(f->http, rest);
	}
	f->last = clock_mono_ms();
	return !sig_stop && fetch_rest(f) > 0;
}

/* One request.  The verdict's err is 0 when the document is whole. */
static struct verdict
try_once(struct fetch *f, const char *url, struct reading *r)
{
	struct http_job job = {.owner = r, .sink = on_piece};
	struct verdict v = {0};

	r->err = (struct err){0};
	if (!wait_for_turn(f)) {
		fetch_over(f, &v.err);
		return v;
	}
	http_start(f->http, &job, url);
	while (job.easy != NULL && !sig_stop && fetch_rest(f) > 0) {
		http_wait(f->http, fetch_rest(f));
		progress_show(&f->progress, 0, 0);
	}
	if (job.easy != NULL) {
		fetch_over(f, &v.err);
		http_cancel(f->http, &job);
	} else {
		v = fetch_judge(f, &job);
		if (v.err.exit == 0 && r->err.exit != 0) {
			v.err = r->err;
			v.may_retry = true;
		} else if (v.err.exit == 0 && !documents_whole(r->documents)) {
			err_set(&v.err, EX_UNAVAILABLE, "CUT",
			    "the document ends early");
			v.may_retry = true;
		}
	}
	buf_free(&job.body);
	return v;
}

static int
fetch_document(
    struct fetch *f, const struct wanted *w, const char *url, struct buf *raw)
{
	struct wanted one = {.symbol = w->symbol};
	struct reading r = {.raw = f->conf->raw ? raw : NULL};
	struct verdict v;
	int64_t wait = 0;
	int rc = -1;

	for (int tries = 1; wait >= 0; tries++) {
		buf_clear(raw);
		r.documents =
		    documents_new(&f->conf->chain, url, &one, 1, true);
		v = try_once(f, url, &r);
		if (v.err.exit == 0) {
			fetch_raw(f,
			    &(struct raw_page){.symbol = w->symbol.name,
				.url = url,
				.ts = clock_now_ms(),
				.page = 1,
				.is_last = true},
			    buf_view(raw), &v.err);
			rc = documents_end(r.documents, NULL);
		}
		documents_free(&r.documents);
		if (rc != -1)
			return rc;
		wait = fetch_wait(f, &v, tries);
		if (wait > 0)
			http_wait(f->http, wait);
	}
	return chain_abort(
	    &f->conf->chain, w->symbol.name, clock_now_ms(), &v.err);
}

int
fetch_cboe(struct fetch *f, const struct wanted *w)
{
	struct buf url = {0}, raw = {0};
	char name[SYMBOL_MAX + 2];
	const char *base = f->conf->base;
	size_t n = strlen(base);
	int rc;

	symbol_cboe(&w->symbol, name);
	buf_fmt(&url, "%s%s%s.json", base,
	    n > 0 && base[n - 1] == '/' ? "" : "/", name);
	rc = fetch_document(f, w, url.p, &raw);
	buf_free(&url);
	buf_free(&raw);
	return rc;
}
