/* SPDX-License-Identifier: ISC */
/*
 * form: how the vendor spells things in URLs: form strings (a=1&b=2) and
 * base64url without padding, which together make a cursor.
 *
 * Layer: knows buf, words.
 */
#ifndef STANDIN_FORM_H
#define STANDIN_FORM_H

#include "buf.h"
#include "words.h"

/* Append text with all but A-Z a-z 0-9 - _ . ~ as %XX, blanks as '+'. */
void form_escape(struct buf *b, struct span text);

/* Append "name=value", a '&' before it unless it is the first since start. */
void form_add(struct buf *b, size_t start, const char *name, struct span value);

/* Split a form string into words: name, value, name, value …  -1: bad %XX. */
int form_parse(struct words *w, struct span text);

/* The first value of that name in name, value … words; SPAN_NONE if none. */
struct span form_get(struct words *w, const char *name);

/* base64url (RFC 4648, section 5), unpadded.  -1: not that. */
void form_base64(struct buf *b, struct span bytes);
int form_unbase64(struct buf *b, struct span text);

#endif
