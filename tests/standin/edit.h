/* SPDX-License-Identifier: ISC */
/*
 * edit: change one member of an object of compact JSON, all other bytes
 * staying as they are.
 *
 * Layer: knows buf.
 */
#ifndef STANDIN_EDIT_H
#define STANDIN_EDIT_H

#include "buf.h"

/*
 * Append object to out with the member at the dotted path replaced by json,
 * or added, or, json being SPAN_NONE, left out.  object must be what we wrote
 * ourselves.
 */
void edit_object(
    struct buf *out, struct span object, struct span path, struct span json);

#endif
