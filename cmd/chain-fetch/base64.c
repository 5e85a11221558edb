/* SPDX-License-Identifier: ISC */
/* base64: see base64.h. */
#include "base64.h"

static const char plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
base64_write(struct buf *b, struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	char four[4];

	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		unsigned v = (unsigned)p[i] << 16;

		if (left > 1)
			v |= (unsigned)p[i + 1] << 8;
		if (left > 2)
			v |= p[i + 2];
		four[0] = plain[v >> 18];
		four[1] = plain[v >> 12 & 63];
		four[2] = left > 1 ? plain[v >> 6 & 63] : '=';
		four[3] = left > 2 ? plain[v & 63] : '=';
		buf_add(b, four, sizeof(four));
	}
}

static int
read_digits(struct buf *b, struct span text, const char *digits)
{
	unsigned v = 0, bits = 0;
	const char *at;

	if (text.n % 4 == 1)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		at = memchr(digits, text.p[i], 64);
		if (at == NULL)
			return -1;
		v = v << 6 | (unsigned)(at - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_char(b, (char)(v >> bits & 255));
		}
	}
	return 0;
}

int
base64_read(struct buf *b, struct span text)
{
	struct span s = text;

	while (s.n > 0 && text.n - s.n < 2 && s.p[s.n - 1] == '=')
		s.n--;
	return text.n % 4 != 0 ? -1 : read_digits(b, s, plain);
}

int
base64_read_url(struct buf *b, struct span text)
{
	return read_digits(b, text, url);
}
