/* SPDX-License-Identifier: ISC */
/*
 * profile: a gex record as bars by strike around the spot, for --gex.
 */
#ifndef INSPECT_PROFILE_H
#define INSPECT_PROFILE_H

#include "rec.h"
#include "screen.h"

#define PROFILE_ROWS 44

struct bar {
	double low; /* strikes from here … */
	double call, put, net;
};

struct profile {
	const struct screen *screen;
	struct rec rec; /* with a spot */
	/* private */
	double spot, step; /* … to below low + step */
	struct bar bars[PROFILE_ROWS];
	size_t n;
	double most; /* the longest bar */
	size_t half; /* columns to each side */
	bool nets;   /* there is room for the column NET */
};

/*
 * As far as near_bp basis points of the spot (-1: as the levels need).  seq: of
 * the epoch, now.
 */
void profile_draw(
    struct profile *p, int64_t near_bp, int64_t seq, struct buf *b);

/* Between its parts. */

struct profile_level {
	const char *field, *name;
	bool extra; /* not in every record: a line of its own */
};
extern const struct profile_level profile_levels[]; /* a field of NULL ends */

bool profile_has_second(const struct profile *p); /* a second zero gamma */
void profile_title(const struct profile *p, int64_t seq, struct buf *b);

#endif
