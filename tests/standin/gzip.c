/* SPDX-License-Identifier: ISC */
/*
 * gzip: bodies as gzip members, level 1 as proxies do by default.
 *
 * A bomb costs us nothing: one MiB of blanks is compressed once, ended at a
 * byte boundary with an empty history, and repeated.
 */
#include <stdlib.h>

#define ZLIB_CONST /* input is not ours to write to */
#include <zlib.h>

#include "standin.h"

#define MIB ((size_t)1024 * 1024)

static const char bomb_head[] = "{\"status\":\"OK\",\"results\":[";
static const char bomb_tail[] = "]}";

/* Append the deflated text; level, windowBits and flush are zlib's. */
static void
add_deflated(struct buf *out, struct span text, int level, int bits, int flush)
{
	z_stream z = {0};
	size_t room = compressBound(text.n) + 64;

	if (deflateInit2(&z, level, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		abort();
	buf_reserve(out, room);
	z.next_in = (const Bytef *)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = (Bytef *)out->p + out->n;
	z.avail_out = (uInt)room;
	deflate(&z, flush);
	out->n += room - z.avail_out;
	out->p[out->n] = '\0';
	deflateEnd(&z);
}

void
gzip_make(struct buf *out, struct span text)
{
	add_deflated(out, text, 1, 15 + 16, Z_FINISH);
}

static void
add_le32(struct buf *out, unsigned long v)
{
	for (int i = 0; i < 4; i++, v >>= 8)
		buf_char(out, (char)(v & 0xff));
}

void
gzip_bomb(struct buf *out, int64_t mib)
{
	const struct span head = {bomb_head, sizeof(bomb_head) - 1};
	const struct span tail = {bomb_tail, sizeof(bomb_tail) - 1};
	char *blanks = mem_alloc(MIB);
	struct buf block = {0};
	uLong crc = crc32(0, (const Bytef *)head.p, (uInt)head.n), crc_block;

	memset(blanks, ' ', MIB);
	crc_block = crc32(0, (const Bytef *)blanks, (uInt)MIB);
	buf_add(out, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
	add_deflated(out, head, 9, -15, Z_FULL_FLUSH);
	add_deflated(&block, (struct span){blanks, MIB}, 9, -15, Z_FULL_FLUSH);
	for (int64_t i = 0; i < mib; i++) {
		buf_span(out, buf_view(&block));
		crc = crc32_combine(crc, crc_block, (z_off_t)MIB);
	}
	add_deflated(out, tail, 9, -15, Z_FINISH);
	crc = crc32_combine(crc, crc32(0, (const Bytef *)tail.p, (uInt)tail.n),
	    (z_off_t)tail.n);
	add_le32(out, crc);
	add_le32(out, (unsigned long)((size_t)mib * MIB + head.n + tail.n));
	free(blanks);
	buf_free(&block);
}
