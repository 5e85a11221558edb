/* SPDX-License-Identifier: ISC */
/*
 * fuzz/stream: whatever the pieces in which input arrives, the lines are the
 * same, and memory stays within the longest line.
 *
 * Input: a byte that seeds the cuts, then the stream.  Pieces arrive as the
 * messages of a packet socket: one read takes exactly one.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream.h"

#define LONGEST 1000
#define PIECES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

/* What must be seen, by the plainest means. */
static void
expect(const char *p, size_t n, struct buf *want)
{
	const char *end = p + n, *nl;
	size_t len;

	for (; (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1) {
		len = (size_t)(nl - p);
		if (len > 0 && nl[-1] == '\r')
			len--;
		if (len > LONGEST)
			buf_str(want, "!");
		else if (len > 0)
			buf_add(want, p, len);
		else
			continue;
		buf_char(want, '\n');
	}
	if (p < end)
		buf_str(want, "torn");
}

static void
send_pieces(int fd, const char *p, size_t n, unsigned int seed)
{
	size_t most = n / PIECES + 1, piece;

	while (n > 0) {
		seed = seed * 1103515245u + 12345u;
		piece = most + (seed >> 16) % (2 * most);
		piece = piece < n ? piece : n;
		require(send(fd, p, piece, 0) == (ssize_t)piece);
		p += piece;
		n -= piece;
	}
}

static void
read_all(struct in *in, struct buf *got)
{
	struct span line;
	struct err e;
	int r;

	while ((r = in_next(in, &line, &e)) > 0) {
		if (r == 2) {
			buf_str(got, "!\n");
			continue;
		}
		require(line.n > 0 && line.n <= LONGEST);
		require(line.p[line.n] == '\0');
		buf_span(got, line);
		buf_char(got, '\n');
	}
	require(r == 0);
	if (in->torn > 0)
		buf_str(got, "torn");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf want = {0}, got = {0};
	struct in in = {.name = "-", .max = LONGEST};
	const char *text = (const char *)data + 1;
	int fd[2], round;

	if (n < 1 || n > 65536)
		return 0;
	expect(text, n - 1, &want);
	for (round = 0; round < 2; round++) {
		require(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) == 0);
		send_pieces(fd[1], text, n - 1, data[0] + 256u * round);
		close(fd[1]);
		in = (struct in){.name = "-", .max = LONGEST, .fd = fd[0]};
		buf_clear(&got);
		read_all(&in, &got);
		require(span_eq(buf_view(&want), buf_view(&got)));
		require(in.buf.cap <= 4 * 65536);
		in_close(&in);
	}
	buf_free(&want);
	buf_free(&got);
	return 0;
}
