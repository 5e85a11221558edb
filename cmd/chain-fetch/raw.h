/* SPDX-License-Identifier: ISC */
/*
 * raw: a vendor's body as chain_page records, and back.  A record is a line
 * of at most 1 MiB and a body may have 64, so it travels in parts.
 */
#ifndef CHAIN_FETCH_RAW_H
#define CHAIN_FETCH_RAW_H

#include "rec.h"
#include "stream.h"

#define RAW_BODY_MAX (64 * 1024 * 1024)

struct raw_page {
	const char *symbol, *source, *reason, *filter, *url;
	const char *run; /* the snapshot's own: others' pages have another */
	int64_t ts;      /* when it was received, ms */
	int64_t page;    /* 1, 2, … of its snapshot */
	int64_t walk;    /* 1, 2, …: pages of one led to each other */
	int64_t into;    /* so many bring the walk's contracts again, or 0 */
	bool is_last;    /* nothing more belongs to the snapshot */
};

void raw_write(struct out *out, const struct raw_page *page, struct span body);

/* Append the record's part of a body.  -1 and *e (65). */
int raw_read(const struct rec *r, struct buf *body, struct err *e);

#endif
