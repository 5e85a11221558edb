/* SPDX-License-Identifier: ISC */
/*
 * What the views of epoch-inspect share: the connection, the output, the
 * options, and which epochs are meant.
 */
#ifndef EPOCH_INSPECT_H
#define EPOCH_INSPECT_H

#include <stdbool.h>

#include "key.h"
#include "stream.h"
#include "text.h"
#include "view.h"

/* A symbol or an epoch id; once resolved, both. */
struct target {
	char symbol[SYMBOL_MAX + 1];
	char id[EPOCH_ID_MAX]; /* "" = the active one */
	bool by_id;            /* the operand was an id */
};

struct inspect {
	struct view view;
	struct out out;
	int64_t now;
	struct target *operands; /* none: all symbols */
	size_t n_operands;
	const char *fields; /* -o, or NULL */
	bool header, json, text, values;
	bool none_is_fine; /* no active epoch at all is no failure */
	int64_t near_bp;   /* basis points around the spot, -1 for all */
	const char *from;  /* --from ID, or NULL */
	const char *model; /* --name NAME, or NULL */
	const char *expiration, *strategy, *right; /* of --heatmap, or NULL */
	int64_t watch_ms;                          /* --watch, 0 without */
	int rc;                                    /* the worst status so far */
};

/* Report *e about subject and remember its status. */
void inspect_fail(struct inspect *in, const char *subject, const struct err *e);

/* target.c: -1 when text is neither a symbol nor an epoch id. */
int target_parse(const char *text, struct target *t);

/*
 * The operands (or all symbols), resolved; *list is allocated.  A symbol
 * without an active epoch is reported and left out.  active_only: ids stand
 * for their symbol.  -1 and *e when Redis could not be read.
 */
int targets_resolve(
    struct inspect *in, struct target **list, size_t *n, struct err *e);

/* Sort by symbol, then id, and drop repetitions; returns their number. */
size_t targets_sort(struct target *list, size_t n);

/* Append the epochs of a symbol's timeline, newest first; *list is allocated.
 * -1 and *e. */
int targets_timeline(struct inspect *in, const char *symbol,
    struct target **list, size_t *n, struct err *e); /* table.c */

/* text.c: a table whose columns start at fixed offsets and widen when they
 * must. */
struct column {
	const char *header;
	const char *field;
	size_t width; /* to the next column, or to the end of the rule */
};

/* cells: rows x columns, already visible. */
void text_table(struct buf *b, const struct column *columns, size_t n_columns,
    const struct span *cells, size_t n_rows);

/* The views; -1 and *e when Redis could not be read. */
int view_table(struct inspect *in, struct err *e);   /* table.c */
int view_history(struct inspect *in, struct err *e); /* table.c */
int view_at(struct inspect *in, struct err *e);      /* at.c */
int view_board(struct inspect *in, struct err *e);   /* board.c */
int view_diff(struct inspect *in, struct err *e);    /* differ.c */
int view_check(struct inspect *in, struct err *e);   /* check.c */
int view_digest(struct inspect *in, struct err *e);  /* digest.c */
int view_doctor(struct inspect *in, struct err *e);  /* doctor.c */
int view_metrics(struct inspect *in, struct err *e); /* metrics.c */
int view_models(struct inspect *in, struct err *e);  /* models.c */
int view_gex(struct inspect *in, struct err *e);     /* gex.c */
int view_heatmap(struct inspect *in, struct err *e); /* heatmap.c */

/* table.c, board.c: is every name of a -o list known?  If not, the list of
 * the known ones is appended to known. */
bool table_fields_ok(const char *list, struct buf *known);
bool board_fields_ok(const char *list, struct buf *known);

/* watch.c: the table again and again, until a signal; returns a status. */
int watch_table(struct inspect *in, int64_t interval_ms);

#endif
