/* SPDX-License-Identifier: ISC */
/* A sheet as a grid, coloured where that can be shown. */
#include "grid.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "published.h"

#define ROWS_MIN 10
#define OTHER_LINES 8 /* title, head, spot, prompt */
#define STRIKE_WIDTH 9
#define CELL_WIDTH 9
#define DECIMALS 2

/* ---- tiles into rows ---- */

static void
fill_columns(struct grid *g)
{
	const json_t *widths = json_object_get(g->head.value, "widths");
	size_t fit = (g->screen->width - STRIKE_WIDTH) / CELL_WIDTH;

	g->single =
	    strcmp(published_text(&g->sheet, "strategy"), "single") == 0;
	if (g->single) {
		g->n_columns = 1;
		return;
	}
	for (size_t i = 0;
	     i < json_array_size(widths) && i < fit && i < GRID_COLUMNS_MAX;
	     i++)
		g->widths[g->n_columns++] =
		    json_number_value(json_array_get(widths, i));
}

static void
add_tile(struct grid *g, const json_t *tile)
{
	double strike = published_number(tile, "strike"),
	       width = published_number(tile, "width");

	if (isnan(strike) || isnan(published_number(tile, "mid")))
		return;
	if (g->n_rows == 0 || g->rows[g->n_rows - 1].strike != strike)
		g->rows[g->n_rows++] = (struct grid_row){.strike = strike};
	for (size_t i = 0; i < g->n_columns; i++)
		if (g->single || g->widths[i] == width)
			g->rows[g->n_rows - 1].cells[i] = tile;
}

/* Those near the spot; of more than fit, every second, third … */
static void
choose_rows(struct grid *g, int64_t near_bp)
{
	size_t low = 0, high = g->n_rows, at = 0,
	       fit = g->screen->height > ROWS_MIN + OTHER_LINES
			 ? g->screen->height - OTHER_LINES
			 : ROWS_MIN;

	while (at < g->n_rows && g->rows[at].strike < g->spot)
		at++;
	g->step = 1;
	if (near_bp < 0 || isnan(g->spot)) {
		low = at > fit / 2 ? at - fit / 2 : 0;
		high = low + fit < high ? low + fit : high;
		low = high > fit ? high - fit : 0;
	} else {
		double reach = g->spot * (double)near_bp / 10000;

		while (low < high && g->rows[low].strike < g->spot - reach)
			low++;
		while (high > low && g->rows[high - 1].strike > g->spot + reach)
			high--;
		while ((high - low) / g->step > fit)
			g->step++;
	}
	g->from = low;
	g->to = high;
}

/* What a tile is coloured by: its share of the width, or its price. */
static double
heat_of(const struct grid *g, const json_t *tile)
{
	double mid = published_number(tile, "mid");

	return g->single ? mid : mid / published_number(tile, "width");
}

static void
measure(struct grid *g)
{
	for (size_t k = g->from; k < g->to; k += g->step)
		for (size_t i = 0; i < g->n_columns; i++) {
			const json_t *t = g->rows[k].cells[i];

			if (t == NULL) {
				g->missing++;
				continue;
			}
			g->most = fmax(g->most, heat_of(g, t));
			g->flagged += json_object_get(t, "flags") != NULL;
		}
}

/* ---- drawing ---- */

/* From dark to light: of 256 colours, as terminals have them. */
static void
put_shade(const struct grid *g, struct buf *b, double heat)
{
	static const int shades[] = {
	    17, 18, 54, 90, 126, 161, 203, 209, 215, 222};
	const int n = (int)(sizeof(shades) / sizeof(shades[0]));
	int at = g->most > 0 ? (int)(heat / g->most * n) : 0;

	if (!g->screen->colour)
		return;
	at = at < 0 ? 0 : at >= n ? n - 1 : at;
	buf_fmt(b, "\033[48;5;%dm\033[38;5;%dm", shades[at], at < 6 ? 231 : 16);
}

/*
 * "9.93" right-aligned; a flag behind it.  Half a cent goes away from zero:
 * the double beside it lies on either side, by chance, so it is moved out by
 * more than that, and by less than lies between two prices of six decimals.
 */
static void
put_cell(const struct grid *g, const json_t *tile, struct buf *b)
{
	char value[40];

	if (tile == NULL) {
		buf_fmt(b, "%*s ", CELL_WIDTH - 1, ".");
		return;
	}
	snprintf(value, sizeof(value), "%.*f", DECIMALS,
	    published_number(tile, "mid") * (1 + 1e-13));
	buf_char(b, ' ');
	put_shade(g, b, heat_of(g, tile));
	buf_fmt(b, "%*s%c", CELL_WIDTH - 2, value,
	    json_object_get(tile, "flags") != NULL ? '!' : ' ');
	screen_ink(g->screen, b, INK_PLAIN);
}

static void
put_strike(struct buf *b, double strike)
{
	struct buf s = {0};

	screen_price(&s, strike, 3);
	buf_fmt(b, "%*s", STRIKE_WIDTH, s.p);
	buf_free(&s);
}

static void
put_spot(const struct grid *g, struct buf *b)
{
	screen_ink(g->screen, b, INK_YELLOW);
	buf_fmt(b, "%*.2f ", STRIKE_WIDTH, g->spot);
	screen_fill(
	    g->screen, b, "\342\224\200", '-', g->n_columns * CELL_WIDTH - 7);
	buf_str(b, " spot");
	screen_ink(g->screen, b, INK_PLAIN);
	buf_char(b, '\n');
}

static void
put_head(const struct grid *g, struct buf *b)
{
	buf_fmt(b, "%*s", STRIKE_WIDTH, "STRIKE");
	for (size_t i = 0; i < g->n_columns; i++) {
		char name[40] = "MIDDLE";

		if (!g->single)
			snprintf(name, sizeof(name), "%g WIDE", g->widths[i]);
		buf_fmt(b, "%*s%s", CELL_WIDTH - 1, name,
		    i + 1 < g->n_columns ? " " : "\n");
	}
}

static void
put_rows(const struct grid *g, struct buf *b)
{
	bool above = !isnan(g->spot);
	size_t n = g->to > g->from ? (g->to - 1 - g->from) / g->step + 1 : 0;

	while (n-- > 0) {
		const struct grid_row *r = &g->rows[g->from + n * g->step];

		if (above && r->strike < g->spot) {
			put_spot(g, b);
			above = false;
		}
		put_strike(b, r->strike);
		for (size_t i = 0; i < g->n_columns; i++)
			put_cell(g, r->cells[i], b);
		while (b->n > 0 && b->p[b->n - 1] == ' ')
			b->n--;
		buf_char(b, '\n');
	}
	if (above)
		put_spot(g, b);
}

static void
put_sheet(const struct grid *g, struct buf *b)
{
	struct screen_line l = screen_line(g->screen, b, ", ");
	int64_t ts = 0;
	char when[20] = "-", item[160];

	if (rec_int(&g->sheet, "ts", &ts) == 0)
		clock_utc_text(ts, when);
	snprintf(item, sizeof(item), "%s %s", published_text(&g->sheet, "root"),
	    published_text(&g->sheet, "expiration"));
	screen_item(&l, item);
	snprintf(item, sizeof(item), "%s %s",
	    published_text(&g->sheet, "right"),
	    published_text(&g->sheet, "strategy"));
	screen_item(&l, item);
	snprintf(item, sizeof(item), "newest quote %s UTC", when);
	screen_item(&l, item);
	buf_char(b, '\n');
}

/* What the numbers are, and what is not to be seen. */
static void
put_legend(const struct grid *g, struct buf *b)
{
	struct screen_line l = screen_line(g->screen, b, "; ");
	size_t widths =
	    json_array_size(json_object_get(g->head.value, "widths"));
	char item[80];

	screen_item(&l, "middle of the quotes, in points");
	if (g->step > 1) {
		snprintf(item, sizeof(item), "every %zu strikes", g->step);
		screen_item(&l, item);
	}
	if (g->missing > 0) {
		snprintf(item, sizeof(item), ". no price (%zu)", g->missing);
		screen_item(&l, item);
	}
	if (g->flagged > 0) {
		snprintf(item, sizeof(item), "! quotes contradict (%zu)",
		    g->flagged);
		screen_item(&l, item);
	}
	if (!g->single && widths > g->n_columns) {
		snprintf(item, sizeof(item), "wider ones that do not fit: %zu",
		    widths - g->n_columns);
		screen_item(&l, item);
	}
	buf_str(b, "\n\n");
}

void
grid_draw(struct grid *g, int64_t near_bp, int64_t seq, struct buf *b)
{
	const json_t *tiles = json_object_get(g->sheet.value, "tiles");

	g->spot = published_number(g->head.value, "spot");
	g->step = 1;
	g->rows = mem_zalloc((json_array_size(tiles) + 1) * sizeof(*g->rows));
	fill_columns(g);
	for (size_t i = 0; i < json_array_size(tiles); i++)
		add_tile(g, json_array_get(tiles, i));
	choose_rows(g, near_bp);
	measure(g);
	published_subject(g->screen, &g->head, seq, b);
	put_sheet(g, b);
	put_legend(g, b);
	if (g->from == g->to) {
		buf_str(b, "no prices there\n");
	} else {
		put_head(g, b);
		put_rows(g, b);
	}
	free(g->rows);
}
