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

/* Bytes that follow the first one of a character, and the least and the most
 * that the second may be. */
static int
follow_bytes(unsigned char first, unsigned char *least, unsigned char *most)
{
	*least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first < 0x80)
		return 0;
	if (first < 0xc2 || first > 0xf4)
		return -1;
	return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

bool
text_is_utf8(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;

	while (p < end) {
		unsigned char least, most;
		int n = follow_bytes(*p++, &least, &most);

		if (n < 0 || end - p < n)
			return false;
		for (; n > 0; n--, p++) {
			if (*p < least || *p > most)
				return false;
			least = 0x80;
			most = 0xbf;
		}
	}
	return true;
}
