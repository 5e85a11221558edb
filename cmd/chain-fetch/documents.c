/* SPDX-License-Identifier: ISC */
/*
 * documents: see documents.h.
 *
 * A document is read as it comes.  Its header is usually known at the first
 * row; where keys are sorted, the timestamp comes last, and the rows' text
 * waits for it.  Only a document that ended, and whose shell is valid JSON,
 * becomes a snapshot.
 */
#include <stdlib.h>

#include "cboe.h"
#include "clock.h"
#include "documents.h"
#include "split.h"

#define HELD_MAX (64 * 1024 * 1024) /* rows that wait for the header */
#define REPORTS_MAX 10              /* faults of documents that are nobody's */

struct documents {
	const struct chain_conf *conf;
	const char *name; /* of the input */
	struct wanted *wanted;
	size_t n;
	bool live, broken;
	struct split *split;

	/* the document being read */
	enum { NO_ROW, HOLDING, READING, SKIPPING } state;
	struct buf held; /* each row's length, then its text */
	struct cboe_header header;
	struct cboe_rows rows;
	struct chain chain;
	struct chain_end end;
	bool ended; /* live: the document, and it waits for documents_end */

	struct err left; /* the first fault that is no symbol's */
	unsigned faults;
	int rc;
};

/* Something is wrong, and it is not known whose it is. */
static void
keep_fault(struct documents *d, const struct err *e)
{
	d->rc = err_worse(d->rc, e->exit);
	if (d->faults++ == 0)
		d->left = *e; /* told with the symbols that go without */
	else if (d->faults <= REPORTS_MAX)
		err_report(d->name, e);
}

/* The header is known: whose is it?  READING, or SKIPPING a stranger. */
static void
open_document(struct documents *d)
{
	struct wanted *w = wanted_find(d->wanted, d->n, d->header.symbol.name);
	struct err e;

	if (w != NULL) {
		w->answered = true;
		d->state = READING;
		cboe_rows_free(&d->rows);
		cboe_rows_init(&d->rows, &d->header);
		chain_start(&d->chain, d->conf, w->symbol.name, d->header.ts);
		return;
	}
	d->state = SKIPPING;
	err_set(&e, EX_DATAERR, "SYMBOL_MISMATCH",
	    "the document is of %s, which was not asked for",
	    d->header.symbol.name);
	keep_fault(d, &e);
}

static void
read_row(struct documents *d, struct span row)
{
	struct contract c;
	struct err e;

	if (cboe_row(&d->rows, row, &c, &e) == 0)
		chain_add(&d->chain, &c);
	else
		chain_reject(&d->chain, &e);
}

/* Only of rows that are read as they come. */
static size_t
row_ahead(struct span text, void *ctx)
{
	struct documents *d = ctx;

	return d->state == READING ? cboe_ahead(&d->rows, text) : 0;
}

static void
hold_row(struct documents *d, struct span row)
{
	struct err e;

	d->state = HOLDING;
	if (d->held.n + sizeof(row.n) + row.n > HELD_MAX) {
		d->state = SKIPPING;
		err_set(&e, EX_DATAERR, "TOO_LONG",
		    "more than %d MiB of rows before symbol and timestamp",
		    HELD_MAX / 1024 / 1024);
		keep_fault(d, &e);
		return;
	}
	buf_add(&d->held, &row.n, sizeof(row.n));
	buf_span(&d->held, row);
}

static void
release_rows(struct documents *d)
{
	struct span row;
	size_t at = 0;

	while (d->state == READING && at < d->held.n) {
		memcpy(&row.n, d->held.p + at, sizeof(row.n));
		row.p = d->held.p + at + sizeof(row.n);
		at += sizeof(row.n) + row.n;
		read_row(d, row);
	}
	buf_clear(&d->held);
}

/* The header from what there is of the shell; not knowing it is no fault. */
static bool
peek_header(struct documents *d)
{
	struct buf shell = {0};
	struct err e;
	int rc;

	split_shell_so_far(d->split, &shell);
	rc = cboe_header_read(buf_view(&shell), &d->header, &e);
	buf_free(&shell);
	return rc == 0;
}

static void
on_row(struct documents *d, struct span row)
{
	if (d->state == NO_ROW && peek_header(d))
		open_document(d);
	if (d->state == READING)
		read_row(d, row);
	else if (d->state != SKIPPING)
		hold_row(d, row);
}

/* Its shell is no header. */
static void
on_bad_end(struct documents *d, const struct err *e)
{
	if (d->state != READING)
		keep_fault(d, e);
	else
		d->rc = err_worse(d->rc, chain_abort(d->conf, d->chain.symbol,
					     d->chain.begin_ts, e));
}

static void
finish_document(struct documents *d)
{
	if (d->state == READING)
		d->rc = err_worse(d->rc, chain_finish(&d->chain, &d->end));
	d->state = NO_ROW;
	buf_clear(&d->held);
}

/* -1 and *e when a live one has no header. */
static int
on_end(struct documents *d, struct span shell, struct err *e)
{
	if (d->state == SKIPPING)
		return 0;
	if (cboe_header_read(shell, &d->header, e) != 0) {
		if (d->live)
			return -1;
		on_bad_end(d, e);
		d->state = SKIPPING;
		return 0;
	}
	if (d->state != READING)
		open_document(d);
	release_rows(d);
	d->end = (struct chain_end){
	    .ts = d->header.ts,
	    .pages = 1,
	    .spot = d->header.spot,
	    .spot_ts = d->header.spot_ts,
	    .bad_values = d->rows.bad_values,
	    .slow = d->rows.slow,
	};
	return 0;
}

/* The input ends, or fails, inside a document. */
static void
on_cut(struct documents *d, const struct err *e)
{
	if (d->state != READING && d->state != SKIPPING && peek_header(d))
		open_document(d);
	if (d->state == READING)
		d->rc = err_worse(d->rc,
		    chain_abort(d->conf, d->chain.symbol, d->chain.begin_ts,
			d->chain.failed.exit != 0 ? &d->chain.failed : e));
	else if (d->state != SKIPPING)
		keep_fault(d, e);
	else
		d->rc = err_worse(d->rc, e->exit);
}

int
documents_feed(struct documents *d, struct span piece, struct err *e)
{
	struct span text;
	enum split_event event;

	split_feed(d->split, piece);
	while ((event = split_next(d->split, &text, e)) != SPLIT_MORE) {
		if (event != SPLIT_BAD && d->ended) {
			err_set(e, EX_DATAERR, "BAD_DOCUMENT",
			    "more than one document");
			event = SPLIT_BAD;
		}
		if (event == SPLIT_ROW)
			on_row(d, text);
		if (event == SPLIT_DOC && on_end(d, text, e) != 0)
			event = SPLIT_BAD;
		if (event == SPLIT_BAD) {
			d->broken = true;
			if (!d->live)
				on_cut(d, e);
			return -1;
		}
		if (event == SPLIT_DOC) {
			d->ended = d->live;
			if (!d->live)
				finish_document(d);
		}
	}
	return 0;
}

bool
documents_whole(const struct documents *d)
{
	return !d->broken && !split_pending(d->split) && d->ended == d->live;
}

/* Nothing more comes: those who are still waiting get to know why. */
static void
answer_rest(struct documents *d)
{
	bool all = true;
	struct err e = d->left;

	for (size_t i = 0; i < d->n; i++)
		all = all && d->wanted[i].answered;
	if (all && d->faults > 0)
		err_report(d->name, &d->left);
	if (d->faults == 0)
		err_set(&e, EX_DATAERR, "NO_DOCUMENT",
		    "the input has no document of it");
	d->rc = wanted_abort(d->wanted, d->n, d->conf, &e, d->rc);
}

struct documents *
documents_new(const struct chain_conf *conf, const char *name,
    struct wanted *wanted, size_t n, bool live)
{
	struct documents *d = mem_zalloc(sizeof(*d));

	d->conf = conf;
	d->name = name;
	d->wanted = wanted;
	d->n = n;
	d->live = live;
	d->split = split_new(CBOE_ROWS);
	split_ahead(d->split, row_ahead, d);
	return d;
}

void
documents_free(struct documents **at)
{
	struct documents *d = *at;

	if (d == NULL)
		return;
	split_free(&d->split);
	cboe_rows_free(&d->rows);
	chain_free(&d->chain);
	buf_free(&d->held);
	free(d);
	*at = NULL;
}

int
documents_end(struct documents *d, const struct err *why)
{
	if (d->ended)
		finish_document(d);
	if (why != NULL && !d->broken) {
		if (split_pending(d->split))
			on_cut(d, why);
		else
			keep_fault(d, why);
	}
	if (!d->conf->out->failed)
		answer_rest(d);
	return d->rc;
}
