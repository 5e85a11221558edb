/* SPDX-License-Identifier: ISC */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
empty(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *f;

	while (d != NULL && (f = readdir(d)) != NULL)
		unlinkat(dirfd(d), f->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(path);
}

/* Its own session: what is sent to our group is not for it.  None of our
 * output stays open in it, or a reader would wait for it, too. */
static void
sweep(const char *path, int fd)
{
	int null = open("/dev/null", O_RDWR);
	char c;

	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	while (read(fd, &c, 1) < 0 && errno == EINTR)
		continue;
	empty(path);
	_exit(0);
}

static int
start_sweeper(struct folder *f, struct err *e)
{
	int fds[2];

	if (pipe(fds) < 0)
		return err_set(
		    e, EX_OSERR, "FOLDER", "pipe: %s", strerror(errno));
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	f->sweeper = fork();
	if (f->sweeper == 0) {
		close(fds[1]);
		sweep(f->path, fds[0]);
	}
	close(fds[0]);
	f->fd = fds[1];
	if (f->sweeper > 0)
		return 0;
	close(f->fd);
	return err_set(e, EX_OSERR, "FOLDER", "fork: %s", strerror(errno));
}

int
folder_make(struct folder *f, struct err *e)
{
	static const char name[] = "/epoch-at.XXXXXX";
	const char *dir = getenv("TMPDIR");

	*f = (struct folder){.fd = -1};
	/* The server's own folder is another one, and after a "?" the address
	 * of a socket goes on. */
	if (dir == NULL || *dir != '/' || strchr(dir, '?') != NULL ||
	    strlen(dir) + sizeof(name) > FOLDER_MAX)
		dir = "/tmp";
	snprintf(f->path, sizeof(f->path), "%s%s", dir, name);
	if (mkdtemp(f->path) == NULL)
		err_set(
		    e, EX_IOERR, "FOLDER", "%s: %s", f->path, strerror(errno));
	else if (start_sweeper(f, e) == 0)
		return 0;
	else
		rmdir(f->path);
	f->path[0] = '\0';
	return -1;
}

void
folder_remove(struct folder *f)
{
	if (f->path[0] == '\0')
		return;
	close(f->fd);
	while (waitpid(f->sweeper, NULL, 0) < 0 && errno == EINTR)
		continue;
	f->path[0] = '\0';
}
