/* SPDX-License-Identifier: ISC */
/*
 * archive: chain_page records back to the snapshots that they were fetched
 * for, with the times, the reason and the filter of then.  Other records are
 * skipped: a file that --raw wrote holds the snapshots, too.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "raw.h"
#include "saved.h"
#include "sig.h"
#include "trails.h"

struct archive {
	struct chain_conf given, conf; /* of the run; of this snapshot */
	const char *name;
	struct wanted *wanted;
	size_t n;

	struct wanted *whose; /* NULL: nobody's snapshot is being read */
	char source[16], reason[24];
	struct pages pages;
	struct buf body; /* as far as it came */
	int64_t page, part, ts;
	struct buf fetch, url; /* of page 1, and of part 1: see same_fetch */
	struct trails trails;

	struct err left; /* the first fault that is no symbol's */
	int rc;
};

static void
keep_fault(struct archive *a, const struct err *e)
{
	a->rc = err_worse(a->rc, e->exit);
	if (a->left.exit == 0)
		a->left = *e;
	else
		err_report(a->name, e);
}

/* The snapshot being read cannot become whole. */
static void
give_up(struct archive *a, const struct err *e)
{
	if (a->whose != NULL)
		a->rc = err_worse(a->rc,
		    chain_abort(&a->conf, a->whose->symbol.name, a->ts, e));
	a->whose = NULL;
}

static void
cut(struct archive *a)
{
	struct err e;

	err_set(&e, EX_DATAERR, "CUT", "its pages end with page %" PRId64,
	    a->part > 0 ? a->page - 1 : a->page);
	give_up(a, &e);
}

/* Filter and reason are those of then; what the command line says must fit. */
static int
take_conf(struct archive *a, const struct rec *r, struct err *e)
{
	const char *reason = rec_str(r, "reason");
	const char *filter = rec_str(r, "filter");
	char given[FILTER_TEXT];

	a->conf = a->given;
	snprintf(a->source, sizeof(a->source), "%s", rec_str(r, "source"));
	a->conf.source = a->source;
	if (a->conf.reason == NULL) {
		snprintf(a->reason, sizeof(a->reason), "%s",
		    reason == NULL ? "scheduled" : reason);
		a->conf.reason = a->reason;
	}
	if (filter == NULL)
		return 0;
	filter_text(&a->given.filter, given);
	if (given[0] != '\0' && strcmp(given, filter) != 0)
		return err_set(e, EX_DATAERR, "FILTER_MISMATCH",
		    "it was fetched with another filter: %.90s", filter);
	if (filter_parse(&a->conf.filter, filter) != 0)
		return err_set(e, EX_DATAERR, "BAD_RECORD",
		    "a chain_page whose filter is none");
	return 0;
}

/* What all pages of one fetch have in common; an archive of before there was
 * run has none in any of them. */
static void
fetch_of(const struct rec *r, struct buf *out)
{
	static const char *const fields[] = {
	    "symbol", "source", "reason", "filter", "run"};
	const char *text;

	buf_clear(out);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		text = rec_str(r, fields[i]);
		buf_str(out, text == NULL ? "" : text);
		buf_char(out, '\n'); /* a space could be a text's */
	}
}

/* Is it of the fetch of page 1, and of the page of part 1? */
static bool
same_fetch(struct archive *a, const struct rec *r, int64_t part)
{
	const char *url = rec_str(r, "url");
	struct buf fetch = {0};
	bool same;

	fetch_of(r, &fetch);
	same = fetch.n == a->fetch.n &&
	       memcmp(fetch.p, a->fetch.p, fetch.n) == 0 && url != NULL;
	buf_free(&fetch);
	if (same && part > 1)
		return strcmp(url, a->url.p) == 0;
	if (same) {
		buf_clear(&a->url);
		buf_str(&a->url, url);
	}
	return same;
}

/* The first part of the first page of a snapshot. */
static void
open_snapshot(struct archive *a, const struct rec *r)
{
	const char *symbol = rec_str(r, "symbol");
	const char *source = rec_str(r, "source");
	struct err e;

	cut(a);
	if (symbol == NULL || source == NULL ||
	    (a->given.source != NULL && strcmp(a->given.source, source) != 0))
		return;
	a->whose = wanted_find(a->wanted, a->n, symbol);
	if (a->whose == NULL)
		return;
	a->whose->answered = true;
	a->page = 1;
	a->part = 0;
	trails_start(&a->trails);
	fetch_of(r, &a->fetch);
	a->ts = rec_ts(r);
	if (take_conf(a, r, &e) != 0)
		give_up(a, &e);
	else
		pages_start(&a->pages, &a->conf, a->whose->symbol.name, a->ts);
}

static void
on_document(struct archive *a)
{
	struct wanted one = {.symbol = a->whose->symbol};
	struct documents *d = documents_new(&a->conf, a->name, &one, 1, true);
	struct err e;
	int rc;

	rc = documents_feed(d, buf_view(&a->body), &e);
	if (rc == 0 && documents_whole(d)) {
		a->rc = err_worse(a->rc, documents_end(d, NULL));
		a->whose = NULL;
	} else {
		if (rc == 0)
			err_set(&e, EX_DATAERR, "CUT",
			    "the body ends inside a document");
		give_up(a, &e);
	}
	documents_free(&d);
}

static void
on_page(struct archive *a, const struct rec *r)
{
	bool is_last = rec_has(r, "last");
	struct err e;

	if (trails_page(&a->trails, &a->pages, r, buf_view(&a->body), &e) !=
		0 ||
	    (is_last && trails_end(&a->trails, &e) != 0)) {
		give_up(a, &e);
	} else if (is_last) {
		a->rc = err_worse(a->rc, pages_finish(&a->pages, a->ts));
		a->whose = NULL;
	}
}

static void
on_body(struct archive *a, const struct rec *r)
{
	a->part = 0;
	if (strcmp(a->source, "cboe") == 0)
		on_document(a);
	else
		on_page(a, r);
	a->page++;
	buf_clear(&a->body);
}

static void
on_record(struct archive *a, const struct rec *r)
{
	int64_t page, part, parts;
	struct err e;

	if (rec_int(r, "page", &page) != 0 || rec_int(r, "part", &part) != 0 ||
	    rec_int(r, "parts", &parts) != 0) {
		err_set(&e, EX_DATAERR, "BAD_RECORD",
		    "a chain_page whose numbers are none");
		give_up(a, &e);
		return;
	}
	if (page == 1 && part == 1) {
		buf_clear(&a->body);
		open_snapshot(a, r);
	}
	if (a->whose == NULL)
		return;
	if (page != a->page || part != a->part + 1 || part > parts ||
	    !same_fetch(a, r, part)) {
		cut(a);
		return;
	}
	a->part = part;
	a->ts = rec_ts(r);
	if (raw_read(r, &a->body, &e) != 0)
		give_up(a, &e);
	else if (part == parts)
		on_body(a, r);
}

static void
on_line(struct archive *a, struct span line)
{
	struct span type = rec_peek_type(line);
	struct rec r;
	struct err e;

	if (type.p != NULL && !span_eq(type, SPAN_LIT("chain_page")))
		return;
	if (rec_read(&r, line, &e) != 0) {
		if (a->whose != NULL)
			give_up(a, &e);
		else
			keep_fault(a, &e);
		return;
	}
	if (strcmp(rec_type(&r), "chain_page") == 0)
		on_record(a, &r);
	rec_free(&r);
}

int
archive_read(struct in *in, const struct chain_conf *conf,
    struct wanted *wanted, size_t n)
{
	struct archive a = {.given = *conf,
	    .conf = *conf,
	    .name = in->name,
	    .wanted = wanted,
	    .n = n};
	struct span line;
	struct err e;
	int more;

	while ((more = in_next(in, &line, &e)) > 0 && !conf->out->failed)
		if (more == 1)
			on_line(&a, line);
	if (more == -1 || sig_stop) {
		saved_over(more, &e);
		if (a.whose != NULL)
			give_up(&a, &e);
		else
			keep_fault(&a, &e);
	}
	cut(&a);
	if (a.left.exit == 0)
		err_set(&a.left, EX_DATAERR, "NO_DOCUMENT",
		    "the input has no page of it");
	a.conf = *conf;
	if (!conf->out->failed)
		a.rc = wanted_abort(wanted, n, &a.conf, &a.left, a.rc);
	pages_free(&a.pages);
	trails_free(&a.trails);
	buf_free(&a.fetch);
	buf_free(&a.url);
	buf_free(&a.body);
	return a.rc;
}
