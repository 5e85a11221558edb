/* SPDX-License-Identifier: ISC */
/*
 * base64: bytes as text (RFC 4648), as archives have bodies and the vendor's
 * cursors have their arguments.
 */
#ifndef CHAIN_FETCH_BASE64_H
#define CHAIN_FETCH_BASE64_H

#include "buf.h"

/* Append it, padded. */
void base64_write(struct buf *b, struct span bytes);

/* Append what a padded text stands for.  -1: it is none. */
int base64_read(struct buf *b, struct span text);

/* The same of an unpadded text with - and _ instead of + and /. */
int base64_read_url(struct buf *b, struct span text);

#endif
