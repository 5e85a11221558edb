/* SPDX-License-Identifier: ISC */
/*
 * chain: the bodies of the vendor's two snapshot routes, with the faults of
 * content: pages, rows, next_url.
 *
 * Layer: knows standin, query, page, edit.
 */
#ifndef STANDIN_CHAIN_H
#define STANDIN_CHAIN_H

#include "page.h"
#include "standin.h"

/* A request for a chain or a contract, looked up. */
struct chain_job {
	struct book *board; /* NULL: unknown underlying */
	struct span name;   /* the underlying as asked for */
	struct span ticker; /* of the contract */
	struct query query;
	struct page page;
	struct buf why; /* not empty: the arguments are wrong, and how */
};

/* Read the arguments, find the page; sets a->page.  May be called again. */
void chain_look(const struct standin *s, struct request *r, struct answer *a,
    struct chain_job *job, struct span name, struct span ticker);
void chain_job_free(struct chain_job *job);

void chain_page(const struct standin *s, const struct request *r,
    struct answer *a, struct chain_job *job);

/* -1: there is no such contract. */
int chain_contract(struct answer *a, struct chain_job *job);

/* Append URL with %P replaced by the request's own path and query. */
void chain_url(struct span url, struct request *r, struct buf *out);

#endif
