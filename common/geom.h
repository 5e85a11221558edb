/* SPDX-License-Identifier: ISC */
/*
 * geom: contract ids, and the canonical geometry of a board with its hashes.
 * Pure: no input, no output, no Redis.
 *
 * geometry = the distinct contract ids, sorted bytewise, one a line, each
 * ended by \n; geometry_hash = its SHA-256 in hex.  grid_hash covers SPEC's
 * "sorted strikes + expirations": it misses a strike newly listed in one
 * expiration when another already has it, so it is published, but does not
 * decide.  Source: docs/STREAM.md, geometry.
 *
 * Layer: knows err, buf, clock, sha.
 */
#ifndef EPOCH_GEOM_H
#define EPOCH_GEOM_H

#include <stdint.h>

#include "buf.h"
#include "clock.h"
#include "sha.h"

#define GEOM_HASH_TEXT SHA256_TEXT
#define STRIKE_TEXT 16 /* "99999.999" and a NUL, with room */

/* The parts of an option id: "O:" root yymmdd C|P strike×1000 (8 digits). */
struct geom_id {
	struct span root;           /* borrowed from the id's text */
	char expiration[DATE_TEXT]; /* YYYY-MM-DD */
	char right;                 /* 'C' or 'P' */
	int32_t strike_milli;       /* thousandths of a dollar, > 0 */
};

/* -1 when it is not a well-formed id of a real date and a strike > 0. */
int geom_id_parse(struct span id, struct geom_id *out);

/* "7000", "4987.5": thousandths, trailing zeros dropped. */
void geom_strike_text(int32_t milli, char out[STRIKE_TEXT]);

/* The reverse for users' filters: a decimal with ≤ 3 places; -1 if not. */
int geom_strike_parse(struct span text, int32_t *milli);

struct geom_summary {
	char geometry_hash[GEOM_HASH_TEXT];
	char grid_hash[GEOM_HASH_TEXT];
	size_t contracts, strikes, expirations;
};

/*
 * Over ids sorted bytewise and distinct.  text, if not NULL, receives the
 * canonical geometry.  -1 and *e (65, BAD_ID) when an id does not parse, (70)
 * when they are not sorted and distinct.
 */
int geom_summarize(const struct span *ids, size_t n, struct buf *text,
    struct geom_summary *out, struct err *e);

/*
 * Split a canonical geometry into its ids, borrowed from text.  Returns their
 * number; *ids is allocated (free it).  A text that is not canonical (empty
 * line, unsorted, no last newline) returns -1.
 */
long geom_split(struct span text, struct span **ids);

/*
 * Walk two sorted id lists: what is only in a (left), only in b (entered).
 * Either callback may be NULL.
 */
void geom_diff(const struct span *a, size_t na, const struct span *b, size_t nb,
    void (*left)(struct span, void *), void (*entered)(struct span, void *),
    void *ctx);

#endif
