/* SPDX-License-Identifier: ISC */
/*
 * grid: a sheet of a heatmap as strikes by widths, for --heatmap.
 */
#ifndef INSPECT_GRID_H
#define INSPECT_GRID_H

#include "rec.h"
#include "screen.h"

#define GRID_COLUMNS_MAX 40

struct grid_row {
	double strike;
	const json_t *cells[GRID_COLUMNS_MAX]; /* tiles; NULL: there is none */
};

struct grid {
	const struct screen *screen;
	struct rec head, sheet; /* the records */
	/* private */
	double spot; /* NaN: unknown */
	double widths[GRID_COLUMNS_MAX];
	size_t n_columns;
	bool single;
	struct grid_row *rows;         /* of all strikes, ascending */
	size_t n_rows, from, to, step; /* which are shown */
	double most; /* the highest share of the width, or price */
	size_t missing, flagged;
};

/*
 * Around the spot, or as far as near_bp basis points of it (-1: as many rows
 * as fit a screen).  seq: of the epoch, now.
 */
void grid_draw(struct grid *g, int64_t near_bp, int64_t seq, struct buf *b);

#endif
