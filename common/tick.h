/* SPDX-License-Identifier: ISC */
/*
 * tick: one live value of one contract: its quote, its last trade, or its
 * volume of the day; the tick record, and which of two ticks is newer.
 *
 * A struct tick owns nothing: its spans point into the line or frame it was
 * read from, a reader's own buffer, or a pool.  Number texts are the vendor's
 * own digits.
 *
 * Source: docs/STREAM.md "tick" and "newer wins".
 * Layer: knows err, buf, geom, scan, shape, contract.
 */
#ifndef EPOCH_TICK_H
#define EPOCH_TICK_H

#include <stdint.h>

#include "buf.h"
#include "contract.h"
#include "err.h"

#define TICK_VALUES 4

struct tick {
	enum contract_group group; /* CG_QUOTE, CG_TRADE or CG_VOLUME */
	struct span id;
	int64_t ts;      /* the vendor's event time, ms */
	int64_t recv_ts; /* ours, ms */
	int64_t seq;     /* feed_seq; 0: it carried none */
	/* the group's values in its fields' order; SPAN_NONE = absent */
	struct span v[TICK_VALUES];
};

/* "quote", "trade" or "agg". */
const char *tick_kind(enum contract_group g);

/* How many values the group has. */
size_t tick_values(enum contract_group g);

/* Has it any value?  One without is no candidate for anything. */
bool tick_has(const struct tick *t);

/*
 * Which of two ticks of one contract and group wins: <0 when b beats a, 0 when
 * they are the same, >0 when a beats b.  Time, then seq, then the bytes of the
 * values joined by TAB, as contract_cmp has it.
 */
int tick_cmp(const struct tick *a, const struct tick *b);

/*
 * Read a tick record.  Spans point into line, or into own where jansson had to
 * be asked.  -1 and *e (65, BAD_JSON or BAD_TICK): not a tick, an id, kind,
 * time or value that cannot be, or no value at all.
 */
int tick_read(struct span line, struct buf *own, struct tick *t, struct err *e);

/* Append the record's line, with its newline. */
void tick_write(struct buf *b, const struct tick *t);

#endif
