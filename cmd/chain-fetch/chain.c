/* SPDX-License-Identifier: ISC */
#include <inttypes.h>

#include "chain.h"
#include "line.h"
#include "rec.h"

#define REJECTED_MAX_PERCENT 1

void
chain_start(struct chain *c, const struct chain_conf *conf, const char *symbol,
    int64_t begin_ts)
{
	c->conf = conf;
	c->symbol = symbol;
	c->begin_ts = begin_ts;
	c->filter = filter_at(&conf->filter, begin_ts);
	board_clear(&c->board);
	c->rows = c->rejected = c->filtered = 0;
	c->why = (struct err){0};
	c->failed = (struct err){0};
}

void
chain_free(struct chain *c)
{
	board_free(&c->board);
	buf_free(&c->line);
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
	if (c->board.n >= (size_t)c->conf->max_contracts) {
		err_set(&c->failed, EX_DATAERR, "TOO_MANY",
		    "more than %" PRId64 " contracts", c->conf->max_contracts);
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

int
chain_abort(const struct chain_conf *conf, const char *symbol, int64_t ts,
    const struct err *e)
{
	struct buf b = {0};

	rec_begin(&b, "chain_abort", ts);
	rec_add_str(&b, "symbol", symbol);
	rec_add_str(&b, "reason", conf->reason);
	rec_add_str(&b, "error", e->code);
	rec_add_int(&b, "exit", e->exit);
	rec_add_str(&b, "detail", e->text);
	rec_end(&b);
	out_write(conf->out, b.p, b.n);
	buf_free(&b);
	return err_report(symbol, e);
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
	if (c->board.n == 0)
		return err_set(e, EX_DATAERR, "EMPTY", "%s",
		    c->filtered > 0 ? "no contract passes the filter"
				    : "empty chain");
	return board_seal(&c->board, e);
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
	rec_add_str(&b, "reason", c->conf->reason);
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
	if (c->rejected + c->board.duplicates + end->bad_values + end->slow ==
	    0)
		return;
	err_warn(c->symbol, "DISCARDED",
	    "%" PRIu64 " of %" PRIu64 " rows rejected%s%s, %zu duplicates, "
	    "%" PRIu64 " bad values, %" PRIu64 " filtered out, %" PRIu64
	    " read by jansson",
	    c->rejected, c->rows, c->rejected > 0 ? " the first: " : "",
	    c->why.text, c->board.duplicates, end->bad_values, c->filtered,
	    end->slow);
}

int
chain_finish(struct chain *c, const struct chain_end *end)
{
	if (seal(c) != 0)
		return chain_abort(c->conf, c->symbol, end->ts, &c->failed);
	write_begin(c);
	for (size_t i = 0; i < c->board.n; i++)
		out_line(c->conf->out, c->board.rows[i].line);
	write_end(c, end);
	warn_discards(c, end);
	return EX_OK;
}
