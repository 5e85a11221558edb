/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "sig.h"
#include "source_file.h"
#include "tape.h"

#define PIECE (256 * 1024)
#define RESERVE 32 /* descriptors for all that is no file of these */

int
source_write(int fd, const char *p, size_t n, struct err *e)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return err_set(e, EX_IOERR, "SPOOL",
			    "temporary file: %s", strerror(errno));
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

int
source_spool(struct err *e)
{
	const char *dir = getenv("TMPDIR");
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/epoch-replay.XXXXXX",
	    dir == NULL || *dir == '\0' ? "/tmp" : dir);
	fd = mkstemp(path);
	if (fd < 0)
		return err_set(
		    e, EX_IOERR, "SPOOL", "%s: %s", path, strerror(errno));
	unlink(path);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

struct unpack {
	ZSTD_DCtx *z;
	char *out;
	size_t want; /* 0: between two frames */
};

static int
unpack(struct unpack *u, struct span piece, int fd, struct err *e)
{
	ZSTD_inBuffer in = {piece.p, piece.n, 0};

	while (in.pos < in.size) {
		ZSTD_outBuffer out = {u->out, PIECE, 0};

		u->want = ZSTD_decompressStream(u->z, &out, &in);
		if (ZSTD_isError(u->want))
			return err_set(e, EX_DATAERR, "BAD_ZSTD", "%s",
			    ZSTD_getErrorName(u->want));
		if (source_write(fd, u->out, out.pos, e) < 0)
			return -1;
	}
	return 0;
}

/* All of in, unpacked if it is packed, into a temporary file. */
static int
spool(struct in *in, bool packed, int to, struct err *e)
{
	struct unpack u = {0};
	struct span piece;
	int rc = 0, got = 0;

	if (packed) {
		u.z = ZSTD_createDCtx();
		u.out = mem_alloc(PIECE);
	}
	while (rc == 0 && (got = in_chunk(in, &piece, e)) > 0)
		rc = packed ? unpack(&u, piece, to, e)
			    : source_write(to, piece.p, piece.n, e);
	if (rc == 0 && sig_stop != 0)
		rc = err_set(e, EX_TEMPFAIL, "INTERRUPTED",
		    "stopped by signal %d", (int)sig_stop);
	if (rc == 0 && got == 0 && u.want != 0)
		rc = err_set(e, EX_DATAERR, "BAD_ZSTD", "cut short");
	ZSTD_freeDCtx(u.z);
	free(u.out);
	return got < 0 ? -1 : rc;
}

/* May one more stay open?  Descriptors are given out from below. */
static bool
may_hold(int fd)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) < 0 || most.rlim_cur > FD_SETSIZE)
		most.rlim_cur = FD_SETSIZE;
	return (rlim_t)fd + RESERVE < most.rlim_cur;
}

/* Where what is not a plain file is put: a file of its own, or the end of the
 * common one. */
static int
choose_spool(struct source_file *f, struct err *e)
{
	static int common = -1;

	f->fd = common >= 0 ? common : source_spool(e);
	if (f->fd < 0)
		return -1;
	if (common < 0 && !may_hold(f->fd))
		common = f->fd;
	f->shared = f->fd == common;
	f->from = (int64_t)lseek(f->fd, 0, SEEK_END);
	return 0;
}

static int
put_away(struct source_file *f, struct in *in, bool packed, struct err *e)
{
	if (choose_spool(f, e) < 0 || spool(in, packed, f->fd, e) < 0)
		return -1;
	f->size = (int64_t)lseek(f->fd, 0, SEEK_CUR) - f->from;
	return 0;
}

int
source_file(struct source_file *f, const char *name, struct err *e)
{
	struct span head;
	struct stat st;
	struct in in;
	int rc;

	*f = (struct source_file){.name = name, .fd = -1};
	if (in_open(&in, name, NULL, e) < 0)
		return -1;
	rc = in_peek(&in, TAPE_PEEK, &head, e);
	if (rc >= 0) {
		bool packed = tape_is_packed(head);

		rc = 0;
		if (fstat(in.fd, &st) < 0 || !S_ISREG(st.st_mode) || packed) {
			rc = put_away(f, &in, packed, e);
		} else {
			f->size = (int64_t)st.st_size;
			f->device = st.st_dev;
			f->inode = st.st_ino;
			f->shared = in.fd == STDIN_FILENO;
			if (f->shared || may_hold(in.fd)) {
				f->fd = in.fd;
				in.fd = -1;
			}
		}
	}
	in_close(&in);
	if (rc < 0)
		source_file_close(f);
	return rc;
}

void
source_file_close(struct source_file *f)
{
	if (f->fd >= 0 && !f->shared)
		close(f->fd);
	f->fd = -1;
}

/* ---- reading ---- */

/* By its name again. */
static int
open_named(const struct source_file *f, struct err *e)
{
	int fd = open(f->name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_set(e, EX_NOINPUT, "OPEN", "%s", strerror(errno));
	if (fstat(fd, &st) == 0 && st.st_dev == f->device &&
	    st.st_ino == f->inode)
		return fd;
	close(fd);
	return err_set(e, EX_NOINPUT, "CHANGED",
	    "it is another file than when it was checked");
}

int
source_file_read(const struct source_file *f, int64_t from, int64_t to,
    struct in *in, struct err *e)
{
	*in = (struct in){.fd = f->fd,
	    .name = f->name,
	    .max = STREAM_LINE_MAX,
	    .placed = true,
	    .at = f->from + from,
	    .end = f->from + to};
	if (in->fd < 0)
		in->fd = open_named(f, e);
	return in->fd < 0 ? -1 : 0;
}

void
source_file_end(const struct source_file *f, struct in *in)
{
	if (in->fd >= 0 && in->fd != f->fd)
		close(in->fd);
	in->fd = -1;
	buf_free(&in->buf);
}

/* With a place of its own in the file, which a duplicate has not: two may read
 * it at a time.  One that was passed to us may not be opened again. */
int
source_file_anew(const struct source_file *f)
{
	struct err ignored;
	char path[40];

	if (f->fd < 0)
		return open_named(f, &ignored);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	return f->shared && f->fd != STDIN_FILENO
		   ? -1
		   : open(path, O_RDONLY | O_CLOEXEC);
}
