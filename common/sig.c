/* SPDX-License-Identifier: ISC */
/* sig: see sig.h. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "sig.h"

atomic_int sig_stop;
atomic_int sig_usr1;

static void
on_stop(int signo)
{
	sig_stop = signo;
}

static void
on_usr1(int signo)
{
	(void)signo;
	sig_usr1 = 1;
}

static void
install(int signo, void (*handler)(int))
{
	struct sigaction sa = {0};

	sigemptyset(&sa.sa_mask);
	sa.sa_handler = handler;
	sigaction(signo, &sa, NULL);
}

/* nohup and a shell's "&" start us with HUP or INT ignored: so be it. */
static void
install_unless_ignored(int signo, void (*handler)(int))
{
	struct sigaction old;

	if (sigaction(signo, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		install(signo, handler);
}

/*
 * No socket may become descriptor 0, 1 or 2.  A closed stdout is replaced by
 * something that cannot be written: output for nobody must fail (74), not
 * vanish.
 */
static void
fill_descriptors(void)
{
	static const int mode[3] = {O_RDONLY, O_RDONLY, O_WRONLY};
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
			(void)!open("/dev/null", mode[fd]);
}

void
sig_init(void)
{
	sigset_t set;

	fill_descriptors();
	install(SIGPIPE, SIG_IGN);
	install(SIGXFSZ, SIG_IGN); /* a full file is an error, not a death */
	install(SIGTERM, on_stop);
	install_unless_ignored(SIGINT, on_stop);
	install_unless_ignored(SIGHUP, on_stop);
	install(SIGUSR1, on_usr1);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void
sig_die_of_pipe(void)
{
	sigset_t set;

	install(SIGPIPE, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGPIPE);
}

int
sig_end(int rc)
{
	int signo = sig_stop;

	if (signo == SIGINT || signo == SIGHUP) {
		install(signo, SIG_DFL);
		raise(signo);
	}
	return rc;
}
