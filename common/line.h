/* SPDX-License-Identifier: ISC */
/*
 * line: the contract record as a line of the stream, read and written.
 *
 * Reading tries the fastest way first: a line as we write it (canon), any
 * line of that shape (scan), at last jansson, which alone decides what is
 * JSON.  All three give the same struct, and the last one is counted.
 *
 * Layer: knows err, buf, canon, contract, geom, shape, symbol.
 */
#ifndef EPOCH_LINE_H
#define EPOCH_LINE_H

#include <stdint.h>

#include "buf.h"
#include "contract.h"
#include "err.h"

/* Room for what jansson had to be asked about, and how often. */
struct line_reader {
	struct buf own;
	uint64_t fast; /* lines read by the scanner */
	uint64_t slow; /* lines handed to jansson */
};

void line_reader_free(struct line_reader *cr);

/*
 * Read one contract line.  Spans live as long as the line and until the next
 * read with the same reader.  Checks that the id is well-formed and that
 * expiration, strike and right agree with it, that every value is of its
 * kind, and at most 64 bytes.  -1 and *e (65).
 */
int line_read(struct line_reader *cr, struct span line, struct contract *c,
    struct err *e);

/* Append the canonical line, newline included.  Stored-only fields are left
 * out. */
void line_write(struct buf *b, const struct contract *c);

#endif
