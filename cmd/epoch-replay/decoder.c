/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* memfd_create, pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder.h"
#include "sig.h"

#define WORDS_MAX 8192 /* of what children say, as much is looked at */

extern char **environ;

/* The tool beside us, else its name alone. */
static void
find_tool(const char *name, char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL) {
		snprintf(
		    slash + 1, size - (size_t)(slash + 1 - path), "%s", name);
		if (access(path, X_OK) == 0)
			return;
	}
	snprintf(path, size, "%s", name);
}

static int
spawn(
    struct decoder *d, const char *const *argv, int from, int to, struct err *e)
{
	posix_spawn_file_actions_t a;
	char path[4096];
	char **args;
	int rc;

	find_tool(argv[0], path, sizeof(path));
	memcpy(&args, &argv, sizeof(args)); /* it takes them as not const */
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_adddup2(&a, from, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&a, to, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&a, d->words, STDERR_FILENO);
	rc = posix_spawnp(&d->pids[d->n], path, &a, NULL, args, environ);
	posix_spawn_file_actions_destroy(&a);
	if (rc != 0)
		return err_set(e, EX_UNAVAILABLE, "NO_DECODER",
		    "%s cannot be run: %s", argv[0], strerror(rc));
	d->names[d->n++] = argv[0];
	return 0;
}

static int
make_pipe(int fd[2], struct err *e)
{
	if (pipe2(fd, O_CLOEXEC) == 0)
		return 0;
	fd[0] = fd[1] = -1;
	return err_set(e, EX_OSERR, "PIPE", "%s", strerror(errno));
}

int
decoder_start(struct decoder *d, int input, const char *const *first,
    const char *const *second, struct err *e)
{
	int out[2] = {-1, -1}, mid[2] = {-1, -1}, rc;

	*d = (struct decoder){.in = {.fd = -1, .max = STREAM_LINE_MAX}};
	d->words = memfd_create("words", MFD_CLOEXEC);
	rc = d->words < 0 ? err_set(e, EX_OSERR, "MEMFD", "%s", strerror(errno))
			  : make_pipe(out, e);
	if (rc == 0 && second != NULL)
		rc = make_pipe(mid, e);
	if (rc == 0)
		rc =
		    spawn(d, first, input, second != NULL ? mid[1] : out[1], e);
	if (rc == 0 && second != NULL)
		rc = spawn(d, second, mid[0], out[1], e);
	for (size_t i = 0; i < 2; i++)
		if (mid[i] >= 0)
			close(mid[i]);
	if (out[1] >= 0)
		close(out[1]);
	d->in.fd = out[0];
	if (rc < 0)
		decoder_stop(d);
	return rc;
}

/* The line that tells most: one that names a line, else the last. */
static char *
choose_line(char *text)
{
	char *best = text, *line, *next;

	for (line = text; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		best = line;
		if (strstr(line, ": line ") != NULL)
			break;
	}
	return best;
}

/* "TOOL: SUBJECT: CODE: text (exit N)": code and text of it. */
static void
take_words(char *line, const char *tool, int status, struct err *e)
{
	char *word = line, *end = strstr(line, " (exit ");

	if (end != NULL)
		*end = '\0';
	for (; (end = strstr(word, ": ")) != NULL; word = end + 2) {
		size_t n =
		    strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

		if (n < 2 || word + n != end)
			continue;
		*end = '\0';
		err_set(e, status, word, "%s: %s", tool, end + 2);
		return;
	}
	err_set(e, status, "DECODER", "%s ended with %d%s%s", tool, status,
	    *line == '\0' ? "" : ": ", line);
}

static void
release(struct decoder *d)
{
	in_close(&d->in);
	if (d->words >= 0)
		close(d->words);
	d->words = -1;
	d->n = 0;
}

/* Each child's end: its exit status, 70 for a signal. */
static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EX_OSERR;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

int
decoder_end(struct decoder *d, struct err *e)
{
	char text[WORDS_MAX] = "";
	const char *tool = NULL;
	int worst = 0;

	for (size_t i = 0; i < d->n; i++) {
		int status = wait_for(d->pids[i]);

		if (status != 0 && worst == 0) {
			worst = status;
			tool = d->names[i];
		}
	}
	if (worst != 0) {
		ssize_t n = pread(d->words, text, sizeof(text) - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		take_words(choose_line(text), tool, worst, e);
	}
	release(d);
	return worst == 0 ? 0 : -1;
}

void
decoder_stop(struct decoder *d)
{
	for (size_t i = 0; i < d->n; i++)
		kill(d->pids[i], SIGTERM);
	in_close(&d->in);
	for (size_t i = 0; i < d->n; i++)
		wait_for(d->pids[i]);
	release(d);
}
