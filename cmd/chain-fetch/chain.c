/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "chain.h"
#include "line.h"
#include "rec.h"

#define REJECTED_MAX_PERCENT 1

/*
 * Of the contracts that were seen and asked for again, so many may be gone
 * when they should come: the vendor makes each page when it is asked for, and
 * a contract may vanish in between.  That is rare; more is a hole.
 */
#define GONE_MAX_PERCENT 1

const char *
chain_reason(const struct chain_conf *conf)
{
	return conf->reason != NULL ? conf->reason : "scheduled";
}

const char *
chain_reason_named(const char *name)
{
	static const char *const reasons[] = {"scheduled", "dormant", "first",
	    "unknown_contracts", "gap", "manual"};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(name, reasons[i]) == 0)
			return reasons[i];
	return NULL;
}

void
chain_start(struct chain *c, const struct chain_conf *conf, const char *symbol,
    int64_t begin_ts)
{
	c->conf = conf;
	c->symbol = symbol;
	c->begin_ts = begin_ts;
	c->filter = begin_ts == CHAIN_TS_LATER
			? conf->filter /* days wait for chain_settle */
			: filter_at(&conf->filter, begin_ts);
	board_clear(&c->board);
	c->rows = c->rejected = c->filtered = 0;
	c->n_owed = 0;
	c->why = (struct err){0};
	c->failed = (struct err){0};
	c->is_sealed = false;
}

void
chain_free(struct chain *c)
{
	board_free(&c->board);
	free(c->owed);
	c->owed = NULL;
	c->n_owed = c->owed_cap = 0;
	buf_free(&c->line);
}

static int
too_many(struct chain *c)
{
	return err_set(&c->failed, EX_DATAERR, "TOO_MANY",
	    "more than %" PRId64 " contracts", c->conf->max_contracts);
}

void
chain_add(struct chain *c, const struct contract *contract)
{
	c->rows++;
	if (c->failed.exit != 0)
		return;
	if (!filter_match(&c->filter, contract)) {
		c->filtered++;
		return;
	}
	/* how many are repetitions the seal will tell; this only keeps a
	 * vendor who goes on and on from filling the memory */
	if (c->board.n / 2 >= (size_t)c->conf->max_contracts) {
		too_many(c);
		return;
	}
	buf_clear(&c->line);
	line_write(&c->line, contract);
	board_add(&c->board, contract, (struct span){c->line.p, c->line.n - 1},
	    &c->failed);
}

void
chain_reject(struct chain *c, const struct err *why)
{
	c->rows++;
	if (c->rejected++ == 0)
		c->why = *why;
}

struct chain_mark
chain_mark(const struct chain *c)
{
	return (struct chain_mark){
	    c->board.n, c->rows, c->rejected, c->filtered};
}

void
chain_back(struct chain *c, const struct chain_mark *mark)
{
	board_cut(&c->board, mark->contracts);
	c->rows = mark->rows;
	c->rejected = mark->rejected;
	c->filtered = mark->filtered;
	c->failed = (struct err){0};
}

void
chain_forget(struct chain *c, size_t from, size_t n)
{
	struct board_row *rows = c->board.rows;

	if (c->n_owed + n > c->owed_cap) {
		c->owed_cap = (c->n_owed + n) * 2;
		c->owed = mem_grow(c->owed, c->owed_cap, sizeof(*c->owed));
	}
	/* the board keeps the text, of which an id is a part */
	for (size_t i = 0; i < n; i++)
		c->owed[c->n_owed++] = rows[from + i].id;
	c->board.n -= n;
	if (n > 0)
		memmove(rows + from, rows + from + n,
		    (c->board.n - from) * sizeof(*rows));
}

int
chain_abort(const struct chain_conf *conf, const char *symbol, int64_t ts,
    const struct err *e)
{
	struct buf b = {0};

	rec_begin(&b, "chain_abort", ts);
	rec_add_str(&b, "symbol", symbol);
	rec_add_str(&b, "reason", chain_reason(conf));
	rec_add_str(&b, "for_epoch", conf->for_epoch);
	rec_add_str(&b, "error", e->code);
	rec_add_int(&b, "exit", e->exit);
	rec_add_str(&b, "detail", e->text);
	rec_end(&b);
	out_write(conf->out, b.p, b.n);
	buf_free(&b);
	return err_report(symbol, e);
}

/* A line of a contract that had no time of its own. */
static bool
is_later(struct span line)
{
	const struct span head = SPAN_LIT("{\"type\":\"contract\",\"ts\":1,");

	return line.n > head.n && memcmp(line.p, head.p, head.n) == 0;
}

/* The time is known at last: contracts that had none get it, and those that
 * only it can filter out are.  The others stay as they are, unread. */
static int
settle(struct chain *c, int64_t ts)
{
	struct line_reader reader = {0};
	struct contract contract;
	size_t kept = 0;
	int rc = 0;

	c->begin_ts = ts;
	c->filter = filter_at(&c->conf->filter, ts);
	for (size_t i = 0; i < c->board.n && rc == 0; i++) {
		struct board_row row = c->board.rows[i];
		bool later = is_later(row.line);

		if (later || c->filter.has_days)
			rc =
			    line_read(&reader, row.line, &contract, &c->failed);
		if (rc == 0 && c->filter.has_days &&
		    !filter_match(&c->filter, &contract)) {
			c->filtered++;
			continue;
		}
		c->board.rows[kept] = row;
		if (rc == 0 && later) {
			contract.ts = ts;
			buf_clear(&c->line);
			line_write(&c->line, &contract);
			rc = board_replace(&c->board, kept, &contract,
			    (struct span){c->line.p, c->line.n - 1},
			    &c->failed);
		}
		kept++;
	}
	if (rc == 0)
		board_cut(&c->board, kept);
	line_reader_free(&reader);
	return rc;
}

static int
cmp_ids(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

/* Did all come again that should?  The board is sealed: both are in order. */
static int
check_owed(struct chain *c)
{
	size_t seen = 0, gone = 0, at = 0;
	struct span first = SPAN_NONE;

	if (c->n_owed > 0)
		qsort(c->owed, c->n_owed, sizeof(*c->owed), cmp_ids);
	for (size_t i = 0; i < c->n_owed; i++) {
		struct span id = c->owed[i];

		if (i > 0 && span_eq(id, c->owed[i - 1]))
			continue;
		seen++;
		while (
		    at < c->board.n && span_cmp(c->board.rows[at].id, id) < 0)
			at++;
		if (at < c->board.n && span_eq(c->board.rows[at].id, id))
			continue;
		if (gone++ == 0)
			first = id;
	}
	if (gone * 100 <= seen * GONE_MAX_PERCENT)
		return 0;
	return err_set(&c->failed, EX_DATAERR, "INCOMPLETE",
	    "%zu of %zu contracts did not come again, the first: %.*s", gone,
	    seen, (int)first.n, first.p);
}

/* Is it a whole snapshot?  0, or -1 and c->failed. */
static int
seal(struct chain *c)
{
	struct err *e = &c->failed;

	if (e->exit != 0)
		return -1;
	if (c->rejected * 100 > c->rows * REJECTED_MAX_PERCENT)
		return err_set(e, EX_DATAERR, "TOO_MANY_BAD",
		    "%" PRIu64 " of %" PRIu64 " rows rejected, the first: %s",
		    c->rejected, c->rows, c->why.text);
	if (c->board.n == 0 && c->n_owed == 0)
		return err_set(e, EX_DATAERR, "EMPTY", "%s",
		    c->filtered > 0 ? "no contract passes the filter"
				    : "empty chain");
	if (board_seal(&c->board, e) != 0)
		return -1;
	if (c->board.n > (size_t)c->conf->max_contracts)
		return too_many(c);
	return check_owed(c);
}

int
chain_seal(struct chain *c, int64_t ts)
{
	c->is_sealed = true;
	if (c->begin_ts == CHAIN_TS_LATER && c->failed.exit == 0)
		settle(c, ts);
	return seal(c);
}

static void
write_begin(const struct chain *c)
{
	char filter[FILTER_TEXT];
	struct buf b = {0};

	filter_text(&c->conf->filter, filter);
	rec_begin(&b, "chain_begin", c->begin_ts);
	rec_add_str(&b, "symbol", c->symbol);
	rec_add_str(&b, "source", c->conf->source);
	rec_add_str(&b, "reason", chain_reason(c->conf));
	rec_add_str(&b, "for_epoch", c->conf->for_epoch);
	rec_add_str(&b, "filter", filter[0] == '\0' ? NULL : filter);
	rec_end(&b);
	out_write(c->conf->out, b.p, b.n);
	buf_free(&b);
}

static void
write_end(const struct chain *c, const struct chain_end *end)
{
	struct buf b = {0};

	rec_begin(&b, "chain_end", end->ts);
	rec_add_str(&b, "symbol", c->symbol);
	rec_add_int(&b, "contracts", (int64_t)c->board.n);
	rec_add_int(&b, "rejected", (int64_t)c->rejected);
	rec_add_int(&b, "duplicates", (int64_t)c->board.duplicates);
	rec_add_int(&b, "pages", end->pages);
	if (end->spot[0] != '\0') {
		rec_add_num(&b, "spot", span_str(end->spot));
		if (end->spot_ts != 0)
			rec_add_int(&b, "spot_ts", end->spot_ts);
	}
	if (end->bad_values != 0)
		rec_add_int(&b, "bad_values", (int64_t)end->bad_values);
	rec_end(&b);
	out_write(c->conf->out, b.p, b.n);
	buf_free(&b);
}

/* One line about what was discarded on the way; silence when nothing was. */
static void
warn_discards(const struct chain *c, const struct chain_end *end)
{
	char units[48] = "";

	if (c->rejected + c->board.duplicates + end->bad_values + end->slow +
		end->odd_units ==
	    0)
		return;
	if (end->odd_units != 0)
		snprintf(units, sizeof(units),
		    ", %" PRIu64 " odd units of time", end->odd_units);
	err_warn(c->symbol, "DISCARDED",
	    "%" PRIu64 " of %" PRIu64 " rows rejected%s%s, %" PRIu64
	    " duplicates, %" PRIu64 " bad values, %" PRIu64
	    " filtered out, %" PRIu64 " read by jansson%s",
	    c->rejected, c->rows, c->rejected > 0 ? " the first: " : "",
	    c->why.text, c->board.duplicates, end->bad_values, c->filtered,
	    end->slow, units);
}

int
chain_finish(struct chain *c, const struct chain_end *end)
{
	if (!c->is_sealed)
		chain_seal(c, end->ts);
	if (c->failed.exit != 0)
		return chain_abort(c->conf, c->symbol, end->ts, &c->failed);
	write_begin(c);
	for (size_t i = 0; i < c->board.n; i++)
		out_line(c->conf->out, c->board.rows[i].line);
	write_end(c, end);
	warn_discards(c, end);
	return EX_OK;
}
