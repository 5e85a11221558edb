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
 * Layer: knows buf, clock.
 */
#ifndef EPOCH_CONTRACT_H
#define EPOCH_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/* One list for all tables: F(field, name, kind, in_line), in the order of
 * docs/REDIS.md; the record's order is the same, without the stored-only
 * ones (in_line false). */
#define CONTRACT_FIELDS(F)                                                     \
	F(CF_EXPIRATION, "expiration", CK_DATE, true)                          \
	F(CF_STRIKE, "strike", CK_UNSIGNED, true)                              \
	F(CF_RIGHT, "right", CK_RIGHT, true)                                   \
	F(CF_MULTIPLIER, "multiplier", CK_UNSIGNED, true)                      \
	F(CF_BID, "bid", CK_UNSIGNED, true)                                    \
	F(CF_ASK, "ask", CK_UNSIGNED, true)                                    \
	F(CF_BID_SIZE, "bid_size", CK_UNSIGNED, true)                          \
	F(CF_ASK_SIZE, "ask_size", CK_UNSIGNED, true)                          \
	F(CF_QUOTE_TS, "quote_ts", CK_TIME, true)                              \
	F(CF_QUOTE_SEQ, "quote_seq", CK_SEQ, false)                            \
	F(CF_LAST, "last", CK_UNSIGNED, true)                                  \
	F(CF_LAST_SIZE, "last_size", CK_UNSIGNED, true)                        \
	F(CF_TRADE_TS, "trade_ts", CK_TIME, true)                              \
	F(CF_TRADE_SEQ, "trade_seq", CK_SEQ, false)                            \
	F(CF_IV, "iv", CK_UNSIGNED, true)                                      \
	F(CF_DELTA, "delta", CK_SIGNED, true)                                  \
	F(CF_GAMMA, "gamma", CK_SIGNED, true)                                  \
	F(CF_THETA, "theta", CK_SIGNED, true)                                  \
	F(CF_VEGA, "vega", CK_SIGNED, true)                                    \
	F(CF_OI, "oi", CK_UNSIGNED, true)                                      \
	F(CF_VOLUME, "volume", CK_UNSIGNED, true)                              \
	F(CF_VOLUME_TS, "volume_ts", CK_TIME, false)                           \
	F(CF_VOLUME_SEQ, "volume_seq", CK_SEQ, false)

#define CONTRACT_ENUM(field, name, kind, in_line) field,
enum contract_field { CONTRACT_FIELDS(CONTRACT_ENUM) CF_COUNT };
#undef CONTRACT_ENUM

#define CONTRACT_VALUE_MAX 64 /* bytes: more would spoil Redis's listpacks */

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

/* The last step of that order: two groups' n values, absent ones empty, joined
 * by TAB, byte by byte. */
int contract_values_cmp(const struct span *a, const struct span *b, size_t n);

/* Replace dst's group by src's, whole: what src lacks becomes absent. */
void contract_take(
    struct contract *dst, const struct contract *src, enum contract_group g);

/*
 * Give every group of a snapshot's row that has values but no time of its
 * own the snapshot's: text must outlive c.  Volume always takes it.  A group
 * without values loses its time: it is no candidate, and must not look newer
 * than one with values.
 */
void contract_default_times(struct contract *c, struct span ts_text);

#endif
