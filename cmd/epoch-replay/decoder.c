/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* memfd_create, pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decoder.h"

#define WORDS_MAX 8192 /* of what children say, as much is looked at */

static int
make_pipe(int fd[2], struct err *e)
{
	if (pipe2(fd, O_CLOEXEC) == 0)
		return 0;
	fd[0] = fd[1] = -1;
	return err_set(e, EX_OSERR, "PIPE", "%s", strerror(errno));
}

static int
start(
    struct decoder *d, const char *const *argv, int from, int to, struct err *e)
{
	const struct child_io io = {from, to, d->words};

	if (child_start(&d->tools[d->n], argv, &io, e) < 0)
		return -1;
	d->n++;
	return 0;
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
		rc = start(d, first, input, mid[1] >= 0 ? mid[1] : out[1], e);
	if (rc == 0 && second != NULL)
		rc = start(d, second, mid[0], out[1], e);
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

int
decoder_end(struct decoder *d, struct err *e)
{
	char text[WORDS_MAX];
	int rc = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct child *c = &d->tools[i];
		struct err here;
		int status = 0, got = child_wait(c, &status, &here);

		if (rc < 0 || (got == 0 && status == 0))
			continue;
		rc = -1;
		*e = here;
		if (got == 0) {
			ssize_t n = pread(d->words, text, sizeof(text) - 1, 0);

			text[n > 0 ? n : 0] = '\0';
			take_words(choose_line(text), c->name, status, e);
		} else if (c->signal != 0) {
			err_set(e, here.exit, here.code, "%s %s", c->name,
			    here.text);
		}
	}
	release(d);
	return rc;
}

void
decoder_stop(struct decoder *d)
{
	for (size_t i = 0; i < d->n; i++)
		child_kill(&d->tools[i]);
	release(d);
}
