/* SPDX-License-Identifier: ISC */
/*
 * pages: Massive's pages of one chain, from wherever they come, to one
 * snapshot.  A page counts only when all of it was valid.
 */
#ifndef CHAIN_FETCH_PAGES_H
#define CHAIN_FETCH_PAGES_H

#include "chain.h"
#include "massive.h"
#include "split.h"

/* One page's contracts on the board. */
struct pages_part {
	struct pages_part *older;  /* of all pages */
	struct pages_part *before; /* of the same sum, see pages_add */
	size_t from, n;
};

/* What came out of some pages. */
struct pages_count {
	struct pages_part *newest; /* NULL: of no page */
	struct chain_mark chain;
	uint64_t bad_values, slow, odd_units;
};

struct pages {
	struct chain chain;
	struct massive_rows rows;
	struct split *split;
	struct pages_part *newest;
	int64_t n;       /* pages */
	int64_t until;   /* monotonic ms: no longer; 0: as long as it takes */
	bool wants_rows; /* the next page must not be empty */
	bool is_empty;   /* the last one was refused, since it was */
};

/* Start over; {0} is a valid one before the first. */
void pages_start(struct pages *p, const struct chain_conf *conf,
    const char *symbol, int64_t begin_ts);
void pages_free(struct pages *p);

void pages_row(struct pages *p, struct span row);

/* For split_ahead: ctx is the pages whose pages_row is called next. */
size_t pages_ahead(struct span text, void *ctx);

/*
 * A whole body, which must be exactly one page.  -1 and *e, and nothing of it
 * stays: CUT when its JSON does not end, BAD_JSON, BAD_PAGE, NEXT_URL; STOPPED
 * and DEADLINE when that came while it was read.
 */
int pages_body(struct pages *p, struct span body, struct massive_page *page,
    struct err *e);

struct pages_count pages_counted(const struct pages *p);

/* Add what one page brought. */
void pages_add(struct pages_count *sum, const struct pages_count *before,
    const struct pages_count *after);

/* All that is in the sum will come again, because it is asked for again: it
 * is forgotten, and must come. */
void pages_again(struct pages *p, const struct pages_count *of);

/* Writes the snapshot, or why there is none.  Returns the exit status. */
int pages_finish(struct pages *p, int64_t ts);

#endif
