/* SPDX-License-Identifier: ISC */
/*
 * disk: a library for LD_PRELOAD that knows what a power cut would leave.
 *
 *	DISK_SHADOW=dir   what the disk is bound to have: data.INODE, the bytes
 *	                  of a file when it was last synced; names, a line
 *	                  "INODE NAME" for each entry of the directory that was
 *	                  synced last
 *	DISK_KILL_AT=n    SIGKILL before the nth sync, rename or removal
 *	DISK_ERR_AT=n     the nth sync fails with EIO: what was written since
 *the one before is gone, and a later sync does not bring it back, as Linux has
 *it, but where it is cut off first
 *
 * The real disk is not asked.  Whatever else it may have, it need not: so a
 *test that finds all in the shadow knows that nothing was believed safe which
 *is not.  What is removed or replaced stays in the shadow as kept.INODE, so
 *that no number comes twice.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long steps, syncs;

static long
setting(const char *name)
{
	const char *text = getenv(name);

	return text == NULL ? 0 : strtol(text, NULL, 10);
}

static void
step(void)
{
	if (++steps == setting("DISK_KILL_AT"))
		kill(getpid(), SIGKILL);
}

/* A test whose shadow is wrong proves nothing. */
static void
check(bool good)
{
	if (!good)
		abort();
}

static char *
path_of(char path[static 512], const char *what, ino_t ino)
{
	const char *shadow = getenv("DISK_SHADOW");

	check(shadow != NULL);
	snprintf(path, 512, "%s/%s.%ju", shadow, what, (uintmax_t)ino);
	return path;
}

/* From where on the bytes of a file are lost, whatever is synced; -1: none. */
static long
lost_from(ino_t ino)
{
	char path[512];
	long from = -1;
	FILE *f = fopen(path_of(path, "lost", ino), "r");

	if (f == NULL)
		return -1;
	check(fscanf(f, "%ld", &from) == 1);
	fclose(f);
	return from;
}

/* Nothing that was written since the last sync comes to the disk any more. */
static void
lose(ino_t ino)
{
	char path[512];
	struct stat st;
	bool was_synced = stat(path_of(path, "data", ino), &st) == 0;
	FILE *f;

	if (lost_from(ino) >= 0)
		return;
	f = fopen(path_of(path, "lost", ino), "w");
	check(f != NULL);
	fprintf(f, "%ld\n", was_synced ? (long)st.st_size : 0L);
	check(fclose(f) == 0);
}

static void
copy_file(int fd, ino_t ino)
{
	char path[512], piece[4096];
	long left = lost_from(ino);
	ssize_t n = 1;
	int from, to;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	from = open(path, O_RDONLY | O_CLOEXEC);
	to = open(path_of(path, "data", ino),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	check(from >= 0 && to >= 0);
	while (n > 0 && left != 0) {
		size_t most = sizeof(piece);

		if (left > 0 && (size_t)left < most)
			most = (size_t)left;
		n = read(from, piece, most);
		check(n >= 0 &&
		      syscall(SYS_write, to, piece, (size_t)n) == (long)n);
		left -= left > 0 ? n : 0;
	}
	close(from);
	close(to);
}

static void
copy_names(int fd)
{
	char path[512];
	const struct dirent *e;
	DIR *d = fdopendir(openat(fd, ".", O_RDONLY | O_CLOEXEC));
	FILE *f;

	snprintf(path, sizeof(path), "%s/names", getenv("DISK_SHADOW"));
	f = fopen(path, "w");
	check(d != NULL && f != NULL);
	while ((e = readdir(d)) != NULL)
		if (e->d_type == DT_REG)
			fprintf(f, "%ju %s\n", (uintmax_t)e->d_ino, e->d_name);
	closedir(d);
	check(fclose(f) == 0);
}

static int
sync_to_shadow(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		errno = EINVAL;
		return -1;
	}
	step();
	if (++syncs == setting("DISK_ERR_AT")) {
		if (S_ISREG(st.st_mode))
			lose(st.st_ino);
		errno = EIO;
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		copy_names(fd);
	else
		copy_file(fd, st.st_ino);
	return 0;
}

int
fsync(int fd)
{
	return sync_to_shadow(fd);
}

int
fdatasync(int fd)
{
	return sync_to_shadow(fd);
}

int
ftruncate64(int fd, off64_t size)
{
	char path[512];
	struct stat st;

	if (fstat(fd, &st) == 0 && lost_from(st.st_ino) >= size)
		unlink(path_of(path, "lost", st.st_ino));
	return (int)syscall(SYS_ftruncate, fd, size);
}

int
ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

static void
keep(int dir, const char *name)
{
	char path[512];
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	check(linkat(dir, name, AT_FDCWD, path_of(path, "kept", st.st_ino),
		  0) == 0 ||
	      errno == EEXIST);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	step();
	keep(to_dir, to);
	return (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

int
unlinkat(int dir, const char *name, int flags)
{
	step();
	keep(dir, name);
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}
