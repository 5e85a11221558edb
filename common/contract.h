/* SPDX-License-Identifier: ISC */
/*
 * contract: the contract record as spans, and the one rule of what beats
 * what (newer wins, per group).
 *
 * A struct contract owns nothing: its spans point into the line it was read
 * from, into a reader's own buffer (when jansson had to be asked), or into a
 * Redis reply.  Number texts are the vendor's own digits.
 *
 * Source of the rule: docs/STREAM.md "newer wins".
 * Layer: knows err, buf, clock, shape, geom, symbol.
 */
#ifndef EPOCH_CONTRACT_H
#define EPOCH_CONTRACT_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

/* In the order of docs/REDIS.md; the line's order is the same, without the
 * stored-only ones. */
enum contract_field {
	CF_EXPIRATION,
	CF_STRIKE,
	CF_RIGHT,
	CF_MULTIPLIER,
	CF_BID,
	CF_ASK,
	CF_BID_SIZE,
	CF_ASK_SIZE,
	CF_QUOTE_TS,
	CF_QUOTE_SEQ, /* stored only */
	CF_LAST,
	CF_LAST_SIZE,
	CF_TRADE_TS,
	CF_TRADE_SEQ, /* stored only */
	CF_IV,
	CF_DELTA,
	CF_GAMMA,
	CF_THETA,
	CF_VEGA,
	CF_OI,
	CF_VOLUME,
	CF_VOLUME_TS,  /* stored only */
	CF_VOLUME_SEQ, /* stored only */
	CF_COUNT
};

enum contract_kind {
	CK_DATE,
	CK_RIGHT,
	CK_UNSIGNED, /* a number that is not negative: price, size, iv, oi */
	CK_SIGNED,   /* any number: a greek */
	CK_TIME,     /* integer ms */
	CK_SEQ       /* integer */
};

struct contract_field_info {
	const char *name;
	enum contract_kind kind;
	bool in_line; /* part of the contract record */
};

extern const struct contract_field_info contract_fields[CF_COUNT];

enum contract_group { CG_QUOTE, CG_TRADE, CG_VOLUME, CG_CHAIN, CG_COUNT };

struct contract_group_info {
	const char *name;
	enum contract_field first, last; /* its values, inclusive */
	int ts, seq; /* its time and sequence fields; -1: the chain has none */
};

extern const struct contract_group_info contract_groups[CG_COUNT];

struct contract {
	int64_t ts;
	struct span symbol;
	struct span id;
	struct span f[CF_COUNT]; /* SPAN_NONE = absent */
};

/* Room for what jansson had to be asked about, and how often. */
struct contract_reader {
	struct buf own;
	uint64_t fast; /* lines read by the scanner */
	uint64_t slow; /* lines handed to jansson */
};

void contract_reader_free(struct contract_reader *cr);

/*
 * Read one contract line.  Spans live as long as the line and until the next
 * read with the same reader.  Checks that the id is well-formed and that
 * expiration, strike and right agree with it, that every value is of its
 * kind, and at most 64 bytes.  -1 and *e (65).
 */
int contract_read(struct contract_reader *cr, struct span line,
    struct contract *c, struct err *e);

/* Append the canonical line, newline included.  Stored-only fields are left
 * out. */
void contract_write(struct buf *b, const struct contract *c);

/* Is text of that kind?  A number: in JSON's grammar, ≤ 64 bytes, an exponent
 * of at most two digits, so that no double overflows or loses it. */
bool contract_value_ok(enum contract_kind kind, struct span text);

/* The same of a text that scan or shape found to be a number. */
bool contract_number_ok(enum contract_kind kind, struct span number);

/* Has the group any value (its time does not count)? */
bool contract_has(const struct contract *c, enum contract_group g);

/*
 * Which of two contracts' groups wins: <0 when b beats a, 0 when they are the
 * same, >0 when a beats b.  Order: time (a missing one is older than any),
 * then origin (no seq = snapshot, before tick), then seq, then the bytes of
 * the values joined by TAB.  The chain group has no time: the newer snapshot
 * wins, and that is the caller's to know; here its bytes decide.
 */
int contract_cmp(
    const struct contract *a, const struct contract *b, enum contract_group g);

/* Replace dst's group by src's, whole: what src lacks becomes absent. */
void contract_take(
    struct contract *dst, const struct contract *src, enum contract_group g);

/*
 * Give every group of a snapshot's row that has values but no time of its
 * own the snapshot's: text must outlive c.  Volume always takes it.
 */
void contract_default_times(struct contract *c, struct span ts_text);

#endif
