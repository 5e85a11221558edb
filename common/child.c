/* SPDX-License-Identifier: ISC */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "sig.h"

#define LOOK_MS 10 /* at most, between two looks whether it ended */

/* NAME beside our own executable; "" when its place is unknown. */
static void
beside_us(const char *name, char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);

	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n <= 0 || (size_t)n + strlen(name) >= size)
		n = 0;
	else
		memcpy(path + n, name, strlen(name) + 1);
	path[n <= 0 ? 0 : n + (ssize_t)strlen(name)] = '\0';
}

/* In the child: its first three descriptors. */
static void
take_io(const struct child_io *io)
{
	if (io == NULL) {
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		return;
	}
	dup2(io->in, STDIN_FILENO);
	dup2(io->out, STDOUT_FILENO);
	dup2(io->err, STDERR_FILENO);
}

/* In the child: become that program; why it cannot be goes into fd. */
static void
become(const char *path, char *const argv[], pid_t parent, int fd)
{
	int why;

	/* Who was our parent may be gone before the kernel was told. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EX_OSERR);
	/* redis-server ends by INT even where it is ignored. */
	setsid();
	execv(path, argv);
	if (errno == ENOENT)
		execvp(argv[0], argv);
	why = errno;
	(void)!write(fd, &why, sizeof(why));
	_exit(EX_UNAVAILABLE);
}

/* Nothing comes once it is that program: the pipe closes by itself. */
static int
read_why(int fd)
{
	int why = 0;
	ssize_t n;

	do
		n = read(fd, &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(why) ? why : 0;
}

int
child_start(struct child *c, const char *const *argv, const struct child_io *io,
    struct err *e)
{
	pid_t parent = getpid();
	char path[4096], **words;
	size_t n = 1;
	int fds[2], why;

	beside_us(argv[0], path, sizeof(path));
	*c = (struct child){.name = argv[0]};
	if (pipe(fds) < 0)
		return err_set(
		    e, EX_OSERR, "START", "pipe: %s", strerror(errno));
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	while (argv[n - 1] != NULL)
		n++;
	words = mem_alloc(n * sizeof(*words)); /* execv wants them so */
	memcpy(words, argv, n * sizeof(*words));
	c->pid = fork();
	if (c->pid == 0) {
		take_io(io);
		become(path, words, parent, fds[1]);
	}
	why = c->pid < 0 ? errno : 0;
	free(words);
	close(fds[1]);
	if (why == 0)
		why = read_why(fds[0]);
	close(fds[0]);
	if (why == 0)
		return 0;
	if (c->pid < 0)
		c->pid = 0;
	child_kill(c);
	return err_set(e,
	    why == EAGAIN || why == ENOMEM ? EX_TEMPFAIL : EX_UNAVAILABLE,
	    "START", "cannot run %s: %s", c->name, strerror(why));
}

bool
child_ended(struct child *c, int *status)
{
	int how = 0;
	pid_t pid = waitpid(c->pid, &how, WNOHANG);

	if (pid == 0 || (pid < 0 && errno == EINTR))
		return false;
	c->pid = 0;
	c->signal = pid > 0 && WIFSIGNALED(how) ? WTERMSIG(how) : 0;
	*status = pid > 0 && WIFEXITED(how) ? WEXITSTATUS(how) : EX_SOFTWARE;
	return true;
}

int
child_wait(struct child *c, int *status, struct err *e)
{
	for (int64_t ms = 1; !child_ended(c, status); ms *= 2) {
		if (sig_stop != 0) {
			child_kill(c);
			return err_set(e, EX_TEMPFAIL, "INTERRUPTED",
			    "stopped by signal %d", (int)sig_stop);
		}
		clock_sleep_ms(ms < LOOK_MS ? ms : (ms = LOOK_MS));
	}
	if (c->signal != 0)
		return err_set(
		    e, EX_SOFTWARE, "CRASHED", "ended by signal %d", c->signal);
	return 0;
}

void
child_kill(struct child *c)
{
	if (c->pid == 0)
		return;
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	c->pid = 0;
}
