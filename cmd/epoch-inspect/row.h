/* SPDX-License-Identifier: ISC */
/*
 * row: all that the table and the timeline know of one epoch, read by id, in
 * one pipeline for all rows; and the fields that can be asked of it.
 */
#ifndef EPOCH_ROW_H
#define EPOCH_ROW_H

#include "inspect.h"

struct word {
	char text[32];
	bool there;
};

struct row {
	const struct target *t; /* without an id: there was no epoch */
	struct hash meta;
	int64_t since; /* ms: when it became the active one; row_since */
	bool dirty, clean;
	struct word had_ws, heatmap, gex;
};

/* n rows for n targets; allocated.  A key that is not there leaves its place
 * in the row empty.  -1 and *e. */
int rows_read(struct inspect *in, const struct target *t, size_t n,
    struct row **rows, struct err *e);
void rows_free(struct row *rows, size_t n);

/*
 * When each became the active one, by the times of snapshots: when the one
 * before it was superseded, where that is the next row.  Else, as rows_read
 * leaves it: the time of its own snapshot, as long as no refresh moved that
 * on; then the second in its id, the same but for the ms (or later, when
 * epochs came too fast).
 */
void rows_since(struct row *rows, size_t n);

enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_FLAG };

/* Print them as the options want it: a table of these columns, fields of
 * theirs, records. */
void rows_print(struct inspect *in, const struct row *rows, size_t n,
    const struct column *columns, size_t n_columns); /* table.c */

/* A field of a row: from a function, or else meta's field of that name. */
struct field {
	const char *name;
	void (*get)(const struct row *r, int64_t now, struct buf *b);
	enum field_kind kind;
	const char *json; /* its name in records, when that differs */
};

/* Sorted by name. */
extern const struct field row_fields[];
extern const size_t row_fields_n;

/* NULL when there is no such field. */
const struct field *field_find(struct span name);

/* The raw value; nothing is appended when it is unknown. */
void field_get(
    const struct field *f, const struct row *r, int64_t now, struct buf *b);

#endif
