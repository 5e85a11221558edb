/* SPDX-License-Identifier: ISC */
/* Text for people: nothing that Redis holds reaches a terminal unseen. */
#include <stdlib.h>

#include "inspect.h"

static void
pad(struct buf *b, char c, size_t n)
{
	while (n-- > 0)
		buf_char(b, c);
}

/* One line; no blanks behind the last cell. */
static void
add_line(
    struct buf *b, const size_t *widths, size_t n, const struct span *cells)
{
	for (size_t i = 0; i < n; i++) {
		buf_span(b, cells[i]);
		if (i + 1 < n)
			pad(b, ' ', widths[i] - cells[i].n);
	}
	buf_char(b, '\n');
}

/* At least one blank stands between two columns. */
static size_t
column_width(const struct column *columns, size_t n_columns, size_t i,
    const struct span *cells, size_t n_rows)
{
	bool last = i + 1 == n_columns;
	size_t width = columns[i].width, need = strlen(columns[i].header);

	for (size_t row = 0; row < n_rows; row++)
		if (cells[row * n_columns + i].n > need)
			need = cells[row * n_columns + i].n;
	need += !last;
	return need > width ? need : width;
}

void
text_table(struct buf *b, const struct column *columns, size_t n_columns,
    const struct span *cells, size_t n_rows)
{
	size_t *widths = mem_alloc(n_columns * sizeof(*widths));
	struct span *head = mem_alloc(n_columns * sizeof(*head));
	size_t rule = 0;

	for (size_t i = 0; i < n_columns; i++) {
		widths[i] = column_width(columns, n_columns, i, cells, n_rows);
		head[i] = span_str(columns[i].header);
		rule += widths[i];
	}
	add_line(b, widths, n_columns, head);
	pad(b, '-', rule);
	buf_char(b, '\n');
	for (size_t row = 0; row < n_rows; row++)
		add_line(b, widths, n_columns, cells + row * n_columns);
	free(widths);
	free(head);
}
