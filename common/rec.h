/* SPDX-License-Identifier: ISC */
/*
 * rec: one record of the stream, read by jansson (the authority on what is
 * JSON) and built field by field.
 *
 * Numbers keep the digits in which they were written: after jansson accepted
 * a text, rec reads it a second time with every number turned into a string,
 * so that 623.49 never becomes 623.49000000000001.
 *
 * Layer: knows err, buf, symbol.  Never Redis, never stdin.
 */
#ifndef EPOCH_REC_H
#define EPOCH_REC_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "buf.h"
#include "err.h"

#define REC_DEPTH_MAX 32

/* A parsed JSON object.  {0} is a valid empty one; rec_free is idempotent. */
struct rec {
	json_t *value; /* owned: the object as jansson reads it */
	json_t *text; /* owned: the same, every number a string of its digits */
};

void rec_free(struct rec *r);

/*
 * Read any JSON object: duplicate keys, depth over 32, NUL, bad UTF-8 and
 * numbers out of range are refused.  -1 and *e (65, BAD_JSON).
 */
int rec_parse(struct rec *r, struct span text, struct err *e);

/*
 * Read a record of the stream: an object with a string "type" and an integer
 * "ts" whose type's required fields are present, none null.  Unknown types
 * need only type and ts.  -1 and *e (65, BAD_JSON or BAD_RECORD).
 */
int rec_read(struct rec *r, struct span line, struct err *e);

/*
 * The "type" of a line without parsing it, for lines that begin
 * {"type":"NAME" as our writers write them; SPAN_NONE for any other line,
 * which then needs rec_read and rec_type.
 */
struct span rec_peek_type(struct span line);

/* All getters borrow from r.  dotted paths ("data.symbol") descend objects. */
const char *rec_type(const struct rec *r);
int64_t rec_ts(const struct rec *r);
/* A string member, or NULL when absent or not a string without NULs. */
const char *rec_str(const struct rec *r, const char *path);
/* Elements of an array member, 0 when it is none; the string at i, or NULL. */
size_t rec_items(const struct rec *r, const char *path);
const char *rec_item(const struct rec *r, const char *path, size_t i);
/* A number's own digits, or SPAN_NONE when absent or not a number. */
struct span rec_num(const struct rec *r, const char *path);
/* 0 and *out, or -1 when absent or not an integer within int64. */
int rec_int(const struct rec *r, const char *path, int64_t *out);
/* True when a member of that path is there at all (null included). */
bool rec_has(const struct rec *r, const char *path);

/*
 * Building: rec_begin, then fields in their documented order, then rec_end,
 * which closes the object and ends the line.  Absent values are left out by
 * the builders themselves: NULL strings, SPAN_NONE numbers.
 */
void rec_begin(struct buf *b, const char *type, int64_t ts);
void rec_add_str(struct buf *b, const char *key, const char *value);
void rec_add_int(struct buf *b, const char *key, int64_t value);
void rec_add_num(struct buf *b, const char *key, struct span digits);
/* A value that is JSON already. */
void rec_add_json(struct buf *b, const char *key, struct span json);
void rec_add_bool(struct buf *b, const char *key, bool value);
void rec_end(struct buf *b);

/* A JSON string literal, ASCII only, quotes included. */
void rec_quote(struct buf *b, struct span text);

#endif
