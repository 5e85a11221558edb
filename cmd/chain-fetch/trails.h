/* SPDX-License-Identifier: ISC */
/*
 * trails: do an archive's pages lead to each other?  Each walk begins where one
 * can begin, goes on where its page before led to, and ends; one that was
 * divided says into how many, and none of these is missing.
 */
#ifndef CHAIN_FETCH_TRAILS_H
#define CHAIN_FETCH_TRAILS_H

#include "pages.h"
#include "rec.h"

struct trail;

struct trails {
	struct trail *list;
	int64_t n;
	int64_t due; /* walks that there must be; 0: it is not told */
};

void trails_start(struct trails *t); /* with another snapshot */
void trails_free(struct trails *t);

/* A page's record and body, after those before it.  -1 and *e (65, 76). */
int trails_page(struct trails *t, struct pages *pages, const struct rec *r,
    struct span body, struct err *e);

/* The last page came.  -1 and *e (65) unless each walk came to its end. */
int trails_end(const struct trails *t, struct err *e);

#endif
