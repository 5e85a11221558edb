/* SPDX-License-Identifier: ISC */
/*
 * split: a vendor's document, row by row, never whole.
 *
 * Fed with pieces of any size, it finds the rows of one array (for CBOE
 * "data.options", for others "results") and hands out the text of one row at
 * a time; everything around the rows, with the array left empty, is the
 * document's shell: small, and jansson's to read.  Several documents may
 * follow each other, separated by white space.
 *
 * It checks structure (brackets, strings, commas between rows); what is in a
 * row or in the shell is judged by who reads that.
 *
 * Layer: knows err, buf.
 */
#ifndef EPOCH_SPLIT_H
#define EPOCH_SPLIT_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

#define SPLIT_ROW_MAX (1024 * 1024)
#define SPLIT_SHELL_MAX (1024 * 1024)

enum split_event {
	SPLIT_MORE, /* feed the next piece */
	SPLIT_ROW,  /* *text is a row, borrowed until the next call */
	SPLIT_DOC,  /* a document ended; *text is its whole shell, likewise */
	SPLIT_BAD   /* *e (65): not a document of this kind; end of use */
};

struct split; /* private */

/* path: "options" of "data" is "data.options"; one or two levels. */
struct split *split_new(const char *path);
void split_free(struct split **s);

/*
 * Whoever reads the rows may find their ends on the way.  ahead is asked at
 * each row that is an object, with the rest of the piece up to its last brace
 * '}'; it returns the length of the valid JSON object that begins there, or 0
 * when it does not know.  The row is the next event.
 */
void split_ahead(
    struct split *s, size_t (*ahead)(struct span text, void *ctx), void *ctx);

/* Give it a piece of input; it is borrowed until SPLIT_MORE comes back. */
void split_feed(struct split *s, struct span piece);

enum split_event split_next(struct split *s, struct span *text, struct err *e);

/*
 * The shell as far as it is known, closed so that it reads as JSON: lets a
 * caller learn the header (a timestamp before the rows) at the first row.
 */
void split_shell_so_far(const struct split *s, struct buf *out);

/* True when the input so far ends inside a document: at EOF, a cut one. */
bool split_pending(const struct split *s);

#endif
