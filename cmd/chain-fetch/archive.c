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
#include "origin.h"
#include "pages.h"
#include "raw.h"
#include "saved.h"
#include "sig.h"

#define WALKS_MAX 100000

/* Pages of one walk led to each other. */
struct walk {
	struct pages_count got;
	struct buf next; /* where the last one led */
	bool has_begun, has_ended;
};

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
	struct walk *walks;
	int64_t n_walks;

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

static void
forget_walks(struct archive *a)
{
	for (int64_t i = 0; i < a->n_walks; i++)
		buf_free(&a->walks[i].next);
	a->n_walks = 0;
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
	forget_walks(a);
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

/* The walk of a page; NULL: it cannot be that many. */
static struct walk *
walk_of(struct archive *a, const struct rec *r)
{
	int64_t id = 1;

	if (rec_has(r, "walk") && rec_int(r, "walk", &id) != 0)
		return NULL;
	if (id < 1 || id > WALKS_MAX)
		return NULL;
	if (id > a->n_walks) {
		a->walks = mem_grow(a->walks, (size_t)id, sizeof(*a->walks));
		memset(a->walks + a->n_walks, 0,
		    (size_t)(id - a->n_walks) * sizeof(*a->walks));
		a->n_walks = id;
	}
	return &a->walks[id - 1];
}

/* As the fetch resolved it.  -1 and *e. */
static int
resolve(struct archive *a, const char *next, struct buf *out, struct err *e)
{
	struct origin o = {0};
	int rc = origin_read(&o, a->url.p, e);

	if (rc != 0)
		err_set(e, EX_DATAERR, "BAD_RECORD",
		    "a chain_page whose url cannot have been asked for");
	else
		rc = origin_resolve(&o, a->url.p, next, out, e);
	origin_free(&o);
	return rc;
}

/* Is the page where its walk led to, or a walk's first? */
static int
check_url(struct archive *a, const struct walk *walk, struct err *e)
{
	const char *what = NULL;
	struct buf url = {0};

	if (resolve(a, a->url.p, &url, e) != 0) {
		buf_free(&url);
		return -1;
	}
	if (walk->has_ended)
		what = "a chain_page behind the end of its walk";
	else if (walk->has_begun && strcmp(url.p, walk->next.p) != 0)
		what = "a chain_page that the one before does not lead to";
	else if (!walk->has_begun && strstr(url.p, "cursor=") != NULL)
		what = "a chain_page whose walk begins in the middle";
	buf_free(&url);
	return what == NULL ? 0
			    : err_set(e, EX_DATAERR, "BAD_RECORD", "%s", what);
}

static int
on_page(struct archive *a, const struct rec *r, struct err *e)
{
	struct walk *walk = walk_of(a, r);
	struct pages_count before, after;
	struct massive_page page;

	if (walk == NULL)
		return err_set(
		    e, EX_DATAERR, "BAD_RECORD", "a chain_page of no walk");
	before = pages_counted(&a->pages);
	if (check_url(a, walk, e) != 0 ||
	    pages_body(&a->pages, buf_view(&a->body), &page, e) != 0)
		return -1;
	after = pages_counted(&a->pages);
	pages_add(&walk->got, &before, &after);
	walk->has_begun = true;
	if (rec_has(r, "divided")) {
		pages_again(&a->pages, &walk->got);
		walk->has_ended = true;
	} else if (page.next[0] == '\0') {
		walk->has_ended = true;
	} else {
		return resolve(a, page.next, &walk->next, e);
	}
	return 0;
}

/* The last page came: has each walk come to its end? */
static int
on_last(struct archive *a, struct err *e)
{
	for (int64_t i = 0; i < a->n_walks; i++)
		if (!a->walks[i].has_ended)
			return err_set(e, EX_DATAERR, "CUT",
			    "its walk %" PRId64 " does not end", i + 1);
	a->rc = err_worse(a->rc, pages_finish(&a->pages, a->ts));
	a->whose = NULL;
	return 0;
}

static void
on_body(struct archive *a, const struct rec *r)
{
	struct err e;

	a->part = 0;
	if (strcmp(a->source, "cboe") == 0) {
		on_document(a);
	} else if (on_page(a, r, &e) != 0 ||
		   (rec_has(r, "last") && on_last(a, &e) != 0)) {
		give_up(a, &e);
	}
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
	forget_walks(&a);
	free(a.walks);
	buf_free(&a.fetch);
	buf_free(&a.url);
	buf_free(&a.body);
	return a.rc;
}
