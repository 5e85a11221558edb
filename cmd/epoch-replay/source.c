/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "sig.h"
#include "source.h"

#define PIECE (256 * 1024)

static const unsigned char zstd_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};

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

int
source_file(struct source_file *f, const char *name, struct err *e)
{
	struct span head;
	struct stat st;
	struct in in;
	bool packed;
	int fd, rc;

	*f = (struct source_file){.name = name, .fd = -1};
	if (in_open(&in, name, NULL, e) < 0)
		return -1;
	if (in_peek(&in, sizeof(zstd_magic), &head, e) < 0) {
		in_close(&in);
		return -1;
	}
	packed = head.n >= 4 && memcmp(head.p, zstd_magic, 4) == 0;
	if (fstat(in.fd, &st) == 0 && S_ISREG(st.st_mode) && !packed) {
		f->fd = fcntl(in.fd, F_DUPFD_CLOEXEC, 3);
		f->size = (int64_t)st.st_size;
		in_close(&in);
		return f->fd < 0
			   ? err_set(e, EX_OSERR, "OPEN", "%s", strerror(errno))
			   : 0;
	}
	fd = source_spool(e);
	rc = fd < 0 ? -1 : spool(&in, packed, fd, e);
	in_close(&in);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	f->fd = fd;
	f->size = (int64_t)lseek(fd, 0, SEEK_CUR);
	return 0;
}

void
source_add(struct source *s, const struct source_file *f)
{
	s->files = mem_grow(s->files, s->n + 1, sizeof(*s->files));
	s->files[s->n++] = *f;
	s->size += f->size;
}

static void
begin_file(struct source *s)
{
	buf_free(&s->in.buf);
	s->in = (struct in){.max = STREAM_LINE_MAX};
	if (s->at == s->n)
		return;
	s->in.fd = s->files[s->at].fd;
	s->in.name = s->files[s->at].name;
	lseek(s->in.fd, 0, SEEK_SET);
}

void
source_free(struct source *s)
{
	buf_free(&s->in.buf);
	for (size_t i = 0; i < s->n; i++)
		close(s->files[i].fd);
	free(s->files);
	free(s->symbols);
}

bool
source_tells_of(const struct source *s, const char *symbol)
{
	for (size_t i = 0; i < s->n_symbols; i++)
		if (strcmp(s->symbols[i], symbol) == 0)
			return true;
	return false;
}

void
source_add_symbol(struct source *s, const char *symbol)
{
	if (source_tells_of(s, symbol))
		return;
	s->symbols =
	    mem_grow(s->symbols, s->n_symbols + 1, sizeof(*s->symbols));
	memcpy(s->symbols[s->n_symbols++], symbol, strlen(symbol) + 1);
}

void
source_rewind(struct source *s)
{
	s->at = 0;
	s->done = 0;
	s->full = s->ended = false;
	begin_file(s);
}

int
source_fill(struct source *s, struct err *e)
{
	struct span text;
	int got;

	if (s->full)
		return 1;
	while (!s->ended && s->at < s->n) {
		got = in_next(&s->in, &text, e);
		if (got < 0)
			return -1;
		if (got == 2)
			return err_set(e, EX_DATAERR, "BAD_TAPE",
			    "not a line of a tape: too long");
		if (got == 1) {
			s->done += (int64_t)text.n + 1;
			if (tape_read(text, &s->line, e) < 0)
				return -1;
			s->full = true;
			return 1;
		}
		if (sig_stop != 0)
			return err_set(e, EX_TEMPFAIL, "INTERRUPTED",
			    "stopped by signal %d", (int)sig_stop);
		if (s->in.torn > 0) {
			s->in.line_no++;
			return err_set(
			    e, EX_DATAERR, "TORN", "unfinished last line");
		}
		s->at++;
		begin_file(s);
	}
	s->ended = true;
	return 0;
}

const char *
source_name(const struct source *s)
{
	return s->in.name == NULL ? "-" : s->in.name;
}

uint64_t
source_line(const struct source *s)
{
	return s->in.line_no;
}
