/* SPDX-License-Identifier: ISC */
/*
 * progress: one line on a terminal that tells how far a fetch has come, and
 * goes when it is over; nothing where stderr is no terminal.
 */
#ifndef CHAIN_FETCH_PROGRESS_H
#define CHAIN_FETCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool shown;
	const char *symbol;
	int64_t begin, last; /* monotonic ms */
};

void progress_start(struct progress *p, const char *symbol, bool quiet);
void progress_show(struct progress *p, int64_t pages, size_t contracts);
void progress_end(struct progress *p);

#endif
