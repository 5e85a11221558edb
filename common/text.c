/* SPDX-License-Identifier: ISC */
#include "text.h"

#include "err.h"

void
text_vis(struct buf *b, struct span s)
{
	char piece[4 * 64 + 1];

	for (size_t i = 0; i < s.n; i += 64) {
		size_t n = s.n - i < 64 ? s.n - i : 64;

		err_vis(piece, sizeof(piece), s.p + i, n);
		buf_str(b, piece);
	}
}
