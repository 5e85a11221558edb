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

/* The same without the scanner.  Objects and arrays have no text here. */
enum shape_path shape_read_slow(const struct scan_shape *shape,
    struct span text, struct buf *own, struct scan_value *out, struct err *e);

#endif
