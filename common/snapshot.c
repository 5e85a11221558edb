/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "snapshot.h"

/* The feed's stated delay: CBOE's values are that much older than its
 * document. */
#define CBOE_DELAY_MS (900 * 1000)

void
snapshot_free(struct snapshot *s)
{
	rec_free(&s->head);
	board_free(&s->board);
	buf_free(&s->geometry);
	free(s->ids);
	*s = (struct snapshot){0};
}

int
snapshot_begin(struct snapshot *s, struct rec *geometry, struct err *e)
{
	int64_t base;

	snapshot_free(s);
	s->head = *geometry;
	*geometry = (struct rec){0};
	s->end_ts = rec_ts(&s->head); /* also of one that is refused below */
	s->symbol = rec_str(&s->head, "symbol");
	s->source = rec_str(&s->head, "source");
	s->reason = rec_str(&s->head, "reason");
	s->for_epoch = rec_str(&s->head, "for_epoch");
	s->filter = rec_str(&s->head, "filter");
	if (s->filter == NULL)
		s->filter = "";
	if (s->source == NULL || s->reason == NULL) {
		s->source = s->reason = "";
		return err_set(e, EX_DATAERR, "BAD_RECORD",
		    "geometry whose source or reason is not a string");
	}
	if (rec_int(&s->head, "begin_ts", &s->begin_ts) < 0 ||
	    rec_int(&s->head, "end_ts", &s->end_ts) < 0 || s->begin_ts <= 0 ||
	    s->end_ts < s->begin_ts)
		return err_set(e, EX_DATAERR, "BAD_RECORD",
		    "geometry without valid begin_ts and end_ts");
	s->spot = rec_num(&s->head, "spot");
	s->spot_ts = rec_num(&s->head, "spot_ts");
	base = s->begin_ts;
	if (strcmp(s->source, "cboe") == 0)
		base -= CBOE_DELAY_MS;
	snprintf(s->default_ts, sizeof(s->default_ts), "%" PRId64, base);
	return 0;
}

int
snapshot_add(struct snapshot *s, const struct contract *c, struct span line,
    struct err *e)
{
	if (!span_eq(c->symbol, span_str(s->symbol)))
		return err_set(e, EX_DATAERR, "WRONG_SYMBOL",
		    "contract of %.*s inside a snapshot of %s",
		    (int)c->symbol.n, c->symbol.p, s->symbol);
	return board_add(&s->board, c, line, e);
}

static int
check_count(const struct rec *r, const char *what, size_t have, struct err *e)
{
	int64_t said;

	if (rec_int(r, "contracts", &said) < 0 || said < 0 ||
	    (uint64_t)said != have)
		return err_set(e, EX_DATAERR, "INCOMPLETE",
		    "%zu contracts, but %s announces another number", have,
		    what);
	return 0;
}

int
snapshot_finish(struct snapshot *s, const struct rec *end, struct err *e)
{
	const char *hash = rec_str(&s->head, "geometry_hash");
	const char *symbol = rec_str(end, "symbol");

	if (symbol == NULL || strcmp(symbol, s->symbol) != 0)
		return err_set(e, EX_DATAERR, "INCOMPLETE",
		    "the end record is of another symbol");
	if (check_count(end, "chain_end", s->board.n, e) < 0 ||
	    board_seal(&s->board, e) < 0 ||
	    check_count(&s->head, "geometry", s->board.n, e) < 0)
		return -1;
	s->ids = board_ids(&s->board);
	if (geom_summarize(s->ids, s->board.n, &s->geometry, &s->sum, e) < 0)
		return -1;
	if (hash == NULL || strcmp(hash, s->sum.geometry_hash) != 0)
		return err_set(e, EX_DATAERR, "INCOMPLETE",
		    "the contracts do not have the announced geometry_hash");
	return 0;
}
