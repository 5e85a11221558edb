/* SPDX-License-Identifier: ISC */
/* saved: see saved.h. */
#include "saved.h"
#include "clock.h"
#include "pages.h"
#include "seams.h"
#include "sig.h"

#define PEEK 64 /* enough for the first key of any of them */

void
saved_over(int more, struct err *e)
{
	if (more == -1)
		return;
	if (sig_stop)
		err_set(e, EX_TEMPFAIL, "STOPPED", "told to stop");
	else
		err_set(
		    e, EX_DATAERR, "CUT", "the input ends inside a document");
}

static int
read_documents(struct in *in, const struct chain_conf *conf,
    struct wanted *wanted, size_t n)
{
	struct documents *d = documents_new(conf, in->name, wanted, n, false);
	struct span piece;
	struct err e;
	int more, rc;

	do {
		more = in_chunk(in, &piece, &e);
	} while (more == 1 && !conf->out->failed &&
		 documents_feed(d, piece, &e) == 0);
	saved_over(more == 1 ? -1 : more, &e);
	if (more == 0 && !sig_stop && documents_whole(d))
		rc = documents_end(d, NULL);
	else
		rc = documents_end(d, &e);
	documents_free(&d);
	return rc;
}

/* ------------------------------------------------------- Massive's pages */

/* Pages behind each other: those up to one without next_url are a snapshot. */
struct chains {
	const struct chain_conf *conf;
	const char *name;
	struct wanted *wanted;
	size_t n;
	struct pages pages;
	struct seams seams;
	enum { BETWEEN, READING, SKIPPING } state;
	struct err left; /* the first fault that is no symbol's */
	int rc;
};

static void
keep_fault(struct chains *c, const struct err *e)
{
	c->rc = err_worse(c->rc, e->exit);
	if (c->left.exit != 0)
		err_report(c->name, e);
	else
		c->left = *e;
}

/* Whose chain begins with this row?  One that does not say is the only
 * operand's. */
static void
open_chain(struct chains *c, struct span row)
{
	struct symbol s = {0};
	bool told = row.p != NULL && massive_underlying(row, &s) == 0;
	struct wanted *w = told        ? wanted_find(c->wanted, c->n, s.name)
			   : c->n == 1 ? c->wanted
				       : NULL;
	struct err e;

	if (w != NULL) {
		w->answered = true;
		c->state = READING;
		seams_clear(&c->seams);
		pages_start(&c->pages, c->conf, w->symbol.name, CHAIN_TS_LATER);
		return;
	}
	c->state = SKIPPING;
	err_set(&e, EX_DATAERR, "SYMBOL_MISMATCH",
	    told ? "the page is of %s, which was not asked for"
		 : "the page does not say whose it is%s",
	    s.name);
	keep_fault(c, &e);
}

static void
give_up(struct chains *c, const struct err *e)
{
	struct chain *chain = &c->pages.chain;
	int64_t ts = c->pages.rows.newest;

	c->rc = err_worse(c->rc,
	    chain_abort(c->conf, chain->symbol, ts != 0 ? ts : clock_now_ms(),
		chain->failed.exit != 0 ? &chain->failed : e));
}

/* The last page came: was one left out? */
static void
check_seams(struct chains *c, int64_t ts)
{
	struct chain *chain = &c->pages.chain;
	size_t unseen;

	if (chain_seal(chain, ts) != 0 ||
	    seams_check(&c->seams, &chain->board, chain->rejected, &unseen,
		&chain->failed) != 0 ||
	    unseen == 0)
		return;
	err_warn(chain->symbol, "UNPROVEN",
	    "behind %zu of %zu pages a missing one would not be seen", unseen,
	    c->seams.pages + 1);
}

static void
finish_chain(struct chains *c)
{
	const struct massive_rows *rows = &c->pages.rows;
	int64_t ts = rows->newest != 0 ? rows->newest : rows->newest_day;
	struct err e;

	if (ts == 0 && c->pages.chain.rows > 0) {
		err_set(&e, EX_DATAERR, "NO_TIME",
		    "no row of a saved page has a time");
		give_up(c, &e);
		return;
	}
	if (ts == 0)
		ts = clock_now_ms();
	check_seams(c, ts);
	c->rc = err_worse(c->rc, pages_finish(&c->pages, ts));
}

static void
on_page(struct chains *c, struct span shell)
{
	struct massive_page page;
	struct err e;

	if (c->state == BETWEEN)
		open_chain(c, SPAN_NONE);
	if (massive_page_read(shell, &page, &e) != 0) {
		if (c->state == READING)
			give_up(c, &e);
		c->state = BETWEEN;
		return;
	}
	c->pages.n++;
	if (page.next[0] != '\0') {
		seams_add(&c->seams, page.next);
		return;
	}
	if (c->state == READING)
		finish_chain(c);
	c->state = BETWEEN;
}

/* -1: no more is to be read. */
static int
on_piece(struct chains *c, struct split *split, struct span piece)
{
	struct span text;
	struct err e;

	split_feed(split, piece);
	for (;;) {
		switch (split_next(split, &text, &e)) {
		case SPLIT_MORE:
			return 0;
		case SPLIT_ROW:
			if (c->state == BETWEEN)
				open_chain(c, text);
			if (c->state == READING)
				pages_row(&c->pages, text);
			break;
		case SPLIT_DOC:
			on_page(c, text);
			break;
		case SPLIT_BAD:
			if (c->state == READING)
				give_up(c, &e);
			else
				keep_fault(c, &e);
			c->state = BETWEEN;
			return -1;
		}
	}
}

/* Only of rows that are read as they come. */
static size_t
row_ahead(struct span text, void *ctx)
{
	struct chains *c = ctx;

	return c->state == READING ? pages_ahead(text, &c->pages) : 0;
}

static int
read_chains(struct in *in, const struct chain_conf *conf, struct wanted *wanted,
    size_t n)
{
	struct chains c = {
	    .conf = conf, .name = in->name, .wanted = wanted, .n = n};
	struct split *split = split_new(MASSIVE_ROWS);
	struct span piece;
	struct err e;
	int more;

	split_ahead(split, row_ahead, &c);
	do {
		more = in_chunk(in, &piece, &e);
	} while (
	    more == 1 && !conf->out->failed && on_piece(&c, split, piece) == 0);
	saved_over(more, &e);
	if (more != 1 && c.state == READING)
		give_up(&c, &e);
	else if (more == -1 ||
		 (more == 0 && (sig_stop || split_pending(split))))
		keep_fault(&c, &e);
	if (c.left.exit == 0)
		err_set(&c.left, EX_DATAERR, "NO_DOCUMENT",
		    "the input has no page of it");
	if (!conf->out->failed)
		c.rc = wanted_abort(wanted, n, conf, &c.left, c.rc);
	split_free(&split);
	pages_free(&c.pages);
	seams_free(&c.seams);
	return c.rc;
}

/* -------------------------------------------------------------- which one */

/* Does the text begin with {"key"? */
static bool
begins(struct span text, const char *key)
{
	size_t n = strlen(key);
	const char *p = text.p, *end = text.p + text.n;

	while (p < end && (*p == '{' || memchr(" \t\r\n", *p, 4) != NULL))
		p++;
	return (size_t)(end - p) > n + 1 && p[0] == '"' &&
	       memcmp(p + 1, key, n) == 0 && p[n + 1] == '"';
}

/* Whose body begins like that, by its first key; NULL: it could be either's. */
static const char *
vendor_of(struct span start)
{
	static const char *const massive[] = {
	    "results", "status", "request_id", "next_url", "count"};
	static const char *const cboe[] = {"timestamp", "data"};

	for (size_t i = 0; i < sizeof(massive) / sizeof(massive[0]); i++)
		if (begins(start, massive[i]))
			return "massive";
	for (size_t i = 0; i < sizeof(cboe) / sizeof(cboe[0]); i++)
		if (begins(start, cboe[i]))
			return "cboe";
	return NULL;
}

int
saved_read(struct in *in, const struct chain_conf *given, struct wanted *wanted,
    size_t n)
{
	struct chain_conf conf = *given;
	const char *vendor;
	struct span start;
	struct err e;
	int more = in_peek(in, PEEK, &start, &e);

	if (more != 1) {
		saved_over(more, &e);
		return wanted_abort(wanted, n, given, &e, EX_OK);
	}
	if (begins(start, "type"))
		return archive_read(in, given, wanted, n);
	vendor = vendor_of(start);
	if (conf.source == NULL)
		conf.source = vendor != NULL ? vendor : "cboe";
	if (vendor != NULL && strcmp(conf.source, vendor) != 0) {
		err_set(&e, EX_DATAERR, "OTHER_VENDOR",
		    "the input is of %s, and --source says %s", vendor,
		    conf.source);
		return wanted_abort(wanted, n, given, &e, EX_OK);
	}
	if (strcmp(conf.source, "massive") == 0)
		return read_chains(in, &conf, wanted, n);
	return read_documents(in, &conf, wanted, n);
}
