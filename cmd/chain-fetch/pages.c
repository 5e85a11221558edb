/* SPDX-License-Identifier: ISC */
/* pages: see pages.h. */
#include "pages.h"
#include <stdlib.h>

#include "clock.h"
#include "sig.h"

#define ROWS_MAX 10000  /* of a page; the vendor's have 250 */
#define LOOK_EVERY 1024 /* rows, at the time and for a signal */

static void
free_parts(struct pages *p)
{
	struct pages_part *part;

	while ((part = p->newest) != NULL) {
		p->newest = part->older;
		free(part);
	}
}

void
pages_start(struct pages *p, const struct chain_conf *conf, const char *symbol,
    int64_t begin_ts)
{
	chain_start(&p->chain, conf, symbol, begin_ts);
	massive_rows_free(&p->rows);
	massive_rows_init(&p->rows, symbol, begin_ts);
	free_parts(p);
	p->n = 0;
}

void
pages_free(struct pages *p)
{
	chain_free(&p->chain);
	free_parts(p);
	massive_rows_free(&p->rows);
	split_free(&p->split);
}

void
pages_row(struct pages *p, struct span row)
{
	struct contract c;
	struct err e;

	if (massive_row(&p->rows, row, &c, &e) == 0)
		chain_add(&p->chain, &c);
	else
		chain_reject(&p->chain, &e);
}

size_t
pages_ahead(struct span text, void *ctx)
{
	struct pages *p = ctx;

	return massive_ahead(&p->rows, text);
}

struct pages_count
pages_counted(const struct pages *p)
{
	return (struct pages_count){p->newest, chain_mark(&p->chain),
	    p->rows.bad_values, p->rows.slow, p->rows.odd_units};
}

void
pages_add(struct pages_count *sum, const struct pages_count *before,
    const struct pages_count *after)
{
	if (after->newest != before->newest) {
		after->newest->before = sum->newest;
		sum->newest = after->newest;
	}
	sum->chain.contracts +=
	    after->chain.contracts - before->chain.contracts;
	sum->chain.rows += after->chain.rows - before->chain.rows;
	sum->chain.rejected += after->chain.rejected - before->chain.rejected;
	sum->chain.filtered += after->chain.filtered - before->chain.filtered;
	sum->bad_values += after->bad_values - before->bad_values;
	sum->slow += after->slow - before->slow;
	sum->odd_units += after->odd_units - before->odd_units;
}

/* A page's contracts leave the board, those behind them move up. */
static void
forget(struct pages *p, struct pages_part *part)
{
	chain_forget(&p->chain, part->from, part->n);
	for (struct pages_part *other = p->newest; other != part;
	     other = other->older)
		other->from -= part->n;
	part->n = 0;
}

void
pages_again(struct pages *p, const struct pages_count *of)
{
	for (struct pages_part *part = of->newest; part != NULL;
	     part = part->before)
		forget(p, part);
	p->chain.rows -= of->chain.rows;
	p->chain.rejected -= of->chain.rejected;
	p->chain.filtered -= of->chain.filtered;
	p->rows.bad_values -= of->bad_values;
	p->rows.slow -= of->slow;
	p->rows.odd_units -= of->odd_units;
}

static void
add_part(struct pages *p, size_t from)
{
	struct pages_part *part = mem_zalloc(sizeof(*part));

	part->from = from;
	part->n = p->chain.board.n - from;
	part->older = p->newest;
	p->newest = part;
}

/* Told to stop, or out of time?  A page may be large, and its rows slow. */
static int
look_up(const struct pages *p, struct err *e)
{
	if (sig_stop)
		return err_set(e, EX_TEMPFAIL, "STOPPED", "told to stop");
	if (p->until != 0 && clock_mono_ms() >= p->until)
		return err_set(e, EX_UNAVAILABLE, "DEADLINE",
		    "the deadline passed in the middle of a page");
	return 0;
}

static int
on_row(struct pages *p, struct span row, uint64_t nth, struct err *e)
{
	if (nth > ROWS_MAX)
		return err_set(e, EX_DATAERR, "BAD_PAGE",
		    "a page of more than %d rows", ROWS_MAX);
	pages_row(p, row);
	return nth % LOOK_EVERY == 0 ? look_up(p, e) : 0;
}

/* 1: a page was read, 0: the body ends inside it, -1 and *e. */
static int
read_page(
    struct pages *p, struct span body, struct massive_page *page, struct err *e)
{
	struct span text;
	uint64_t rows = 0;
	int n = 0;

	split_feed(p->split, body);
	for (;;) {
		switch (split_next(p->split, &text, e)) {
		case SPLIT_MORE:
			return split_pending(p->split) ? 0 : n;
		case SPLIT_ROW:
			if (on_row(p, text, ++rows, e) != 0)
				return -1;
			break;
		case SPLIT_DOC:
			if (++n > 1)
				return err_set(e, EX_DATAERR, "BAD_PAGE",
				    "more than one document in a page");
			if (massive_page_read(text, page, e) != 0)
				return -1;
			/* a next page is behind some last row */
			p->is_empty = rows == 0 &&
				      (p->wants_rows || page->next[0] != '\0');
			if (p->is_empty)
				return err_set(e, EX_DATAERR, "BAD_PAGE",
				    "no rows, where there must be some");
			break;
		case SPLIT_BAD:
			return -1;
		}
	}
}

int
pages_body(
    struct pages *p, struct span body, struct massive_page *page, struct err *e)
{
	struct chain_mark mark = chain_mark(&p->chain);
	struct massive_rows before = p->rows;
	int rc;

	p->is_empty = false;
	split_free(&p->split);
	p->split = split_new(MASSIVE_ROWS);
	split_ahead(p->split, pages_ahead, p);
	rc = read_page(p, body, page, e);
	if (rc == 0)
		err_set(e, EX_DATAERR, "CUT", "the page ends inside its JSON");
	if (rc != 1) {
		chain_back(&p->chain, &mark);
		before.own = p->rows.own; /* room, which may have moved */
		p->rows = before;
		return -1;
	}
	add_part(p, mark.contracts);
	p->n++;
	return 0;
}

int
pages_finish(struct pages *p, int64_t ts)
{
	struct chain_end end = {
	    .ts = ts,
	    .pages = p->n,
	    .spot = p->rows.spot,
	    .spot_ts = p->rows.spot_ts,
	    .bad_values = p->rows.bad_values,
	    .slow = p->rows.slow,
	    .odd_units = p->rows.odd_units,
	};

	return chain_finish(&p->chain, &end);
}
