/* SPDX-License-Identifier: ISC */
/*
 * source_file: what was named, to be read as often as needed, from any place,
 * by many at a time; and more of them than may be open at a time.
 *
 * Up to a limit they stay open: then nothing that happens to a name matters
 * while we read.  Those behind it are opened when they are read, and must be
 * the same files then.  Stdin and what is compressed is first put into a
 * temporary file without a name, of its own or, behind that limit, a common
 * one.
 */
#ifndef REPLAY_SOURCE_FILE_H
#define REPLAY_SOURCE_FILE_H

#include <sys/types.h>

#include "stream.h"

struct source_file {
	const char *name;
	int64_t size;

	int fd;       /* private from here on; -1: is not open */
	bool shared;  /* the descriptor is not its own … */
	int64_t from; /* … and it begins there */
	dev_t device;
	ino_t inode;
};

/* Find a file, "-" is stdin.  -1 and *e: 66 it is not there, 65 it is no
 * whole zstd, 74 no room for the temporary file. */
int source_file(struct source_file *f, const char *name, struct err *e);
void source_file_close(struct source_file *f);

/* Read its bytes from up to to: until source_file_end.  It goes as far as it
 * did when it was found.  -1 and *e (66, CHANGED: it is another file by now).
 */
int source_file_read(const struct source_file *f, int64_t from, int64_t to,
    struct in *in, struct err *e);
void source_file_end(const struct source_file *f, struct in *in);

/* A descriptor, the caller's, from which all of it can be read; -1: there is
 * none. */
int source_file_anew(const struct source_file *f);

/* A temporary file that nobody else sees, and all of some bytes into it.  -1
 * and *e (74). */
int source_spool(struct err *e);
int source_write(int fd, const char *p, size_t n, struct err *e);

#endif
