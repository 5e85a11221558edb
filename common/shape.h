/* SPDX-License-Identifier: ISC */
/*
 * shape: an object of known shape, by the scanner where it can, by jansson
 * where it cannot.  Both give the same values, so readers of vendor rows and
 * of contract lines have one way to read, whoever did the work.
 *
 * Layer: knows err, buf, rec, scan.
 */
#ifndef EPOCH_SHAPE_H
#define EPOCH_SHAPE_H

#include "buf.h"
#include "err.h"
#include "scan.h"

/* A longer number, or one with an exponent of more than two digits, is read as
 * SCAN_ODD_NUMBER: no record may carry it. */
#define SHAPE_NUMBER_MAX 64

enum shape_path { SHAPE_BAD = -1, SHAPE_FAST, SHAPE_SLOW };

/*
 * Sets out[0..n-1].  SHAPE_FAST: the spans point into text.  SHAPE_SLOW:
 * jansson was asked; they point into own, which is overwritten.  SHAPE_BAD
 * and *e (65): not a valid object.
 */
enum shape_path shape_read(const struct scan_shape *shape, struct span text,
    struct buf *own, struct scan_value *out, struct err *e);

/*
 * A row that was read before its end was known: that saves looking for the
 * end (see split_ahead).  {0} is a valid one.
 */
struct shape_ahead {
	struct span text; /* the row's; .p NULL: there is none */
	struct scan_value v[SCAN_KEYS_MAX];
};

/* Read the row that begins the text, by the scanner only.  Returns its length,
 * 0 when it is not the scanner's.  The text must end in a brace. */
size_t shape_ahead(
    const struct scan_shape *shape, struct span text, struct shape_ahead *a);

/* shape_read into a->v, unless that row is what was read ahead. */
enum shape_path shape_read_ahead(const struct scan_shape *shape,
    struct span text, struct buf *own, struct shape_ahead *a, struct err *e);

/* shape_read without the scanner.  Objects and arrays have no text here. */
enum shape_path shape_read_slow(const struct scan_shape *shape,
    struct span text, struct buf *own, struct scan_value *out, struct err *e);

#endif
