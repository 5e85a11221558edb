/* SPDX-License-Identifier: ISC */
/*
 * squeeze: a finished file, compressed.
 *
 * Only when it is whole and on disk the compressed one takes the place of the
 * plain one, by its very name, and then its own: so whoever is killed, or loses
 * power, leaves each act in the directory once.  The next one begins anew, or
 * finds under the plain name what is compressed already.  Who is told to stop
 * stops: a day's file takes longer than that may.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "reel.h"
#include "sig.h"

#define LEVEL 3
#define PIECE (256 * 1024)

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return -1;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

/* Everything of from, compressed, to to; 1 told to stop before that. */
static int
copy(ZSTD_CCtx *z, int from, int to, char *plain, char *packed)
{
	while (sig_stop == 0) {
		ssize_t n = read(from, plain, PIECE);
		ZSTD_inBuffer in = {plain, 0, 0};
		size_t left;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		in.size = (size_t)n;
		do {
			ZSTD_outBuffer out = {packed, PIECE, 0};

			left = ZSTD_compressStream2(z, &out, &in,
			    n == 0 ? ZSTD_e_end : ZSTD_e_continue);
			if (ZSTD_isError(left)) {
				errno = EIO;
				return -1;
			}
			if (write_all(to, packed, out.pos) < 0)
				return -1;
		} while (in.pos < in.size || (n == 0 && left > 0));
		if (n == 0)
			return 0;
	}
	return 1;
}

static int
compress(int from, int to)
{
	char *plain = mem_alloc(PIECE), *packed = mem_alloc(PIECE);
	ZSTD_CCtx *z = ZSTD_createCCtx();
	int rc = -1;

	if (z != NULL) {
		ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL);
		ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
		rc = copy(z, from, to, plain, packed);
	}
	ZSTD_freeCCtx(z);
	free(plain);
	free(packed);
	return rc;
}

/* Does a file begin as a compressed one does? */
static bool
is_packed(int fd)
{
	char head[TAPE_PEEK];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	return n > 0 && tape_is_packed((struct span){head, (size_t)n});
}

/* The compressed one instead of the plain one, under the plain one's name. */
static int
replace(int dir, const char *name, int from)
{
	char part[80];
	int to, rc = -1;

	snprintf(part, sizeof(part), ".%s.zst.part", name);
	to = openat(dir, part,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (to < 0)
		return -1;
	rc = compress(from, to);
	if (rc == 0 && (fsync(to) < 0 || renameat(dir, part, dir, name) < 0))
		rc = -1;
	close(to);
	if (rc != 0) {
		int why = errno;

		unlinkat(dir, part, 0);
		errno = why;
	}
	return rc;
}

int
squeeze(int dir, const char *name, struct err *e)
{
	char whole[80];
	int from, rc = -1;

	snprintf(whole, sizeof(whole), "%s.zst", name);
	from = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (from >= 0)
		rc = is_packed(from) ? 0 : replace(dir, name, from);
	if (rc == 0 && (renameat(dir, name, dir, whole) < 0 || fsync(dir) < 0))
		rc = -1;
	if (rc < 0)
		err_set(e, EX_IOERR, "TAPE", "%s: %s", whole, strerror(errno));
	if (from >= 0)
		close(from);
	return rc < 0 ? -1 : 0;
}
