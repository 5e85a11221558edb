/* SPDX-License-Identifier: ISC */
/*
 * text: bytes from outside as text of ours: visible, and the same everywhere.
 *
 * Layer: knows err, buf.
 */
#ifndef EPOCH_TEXT_H
#define EPOCH_TEXT_H

#include <stdbool.h>

#include "buf.h"

/* Append s with control bytes, non-ASCII and backslash visible (err_vis). */
void text_vis(struct buf *b, struct span s);

/* Is it UTF-8, as RFC 3629 has it? */
bool text_is_utf8(struct span s);

#endif
