/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "sig.h"

#define PIECE (256 * 1024)
#define PEEK 64

bool
capture_is(const struct source_file *f)
{
	static const char *const tape[] = {"tape", "act", "rewind"};
	char text[PEEK];
	ssize_t n = pread(f->fd, text, sizeof(text), 0);
	struct span type;

	if (n <= 0)
		return false;
	type = rec_peek_type((struct span){text, (size_t)n});
	for (size_t i = 0; i < sizeof(tape) / sizeof(tape[0]); i++)
		if (span_eq(type, span_str(tape[i])))
			return false;
	return type.p != NULL || text[0] == '[';
}

void
captures_add(struct captures *c, const struct source_file *f)
{
	c->files = mem_grow(c->files, c->n_files + 1, sizeof(*c->files));
	c->files[c->n_files++] = (struct capture_file){.f = *f};
}

void
captures_free(struct captures *c)
{
	for (size_t i = 0; i < c->n_files; i++)
		close(c->files[i].f.fd);
	for (size_t i = 0; i < c->n_shots; i++)
		free(c->shots[i].pages.s);
	for (size_t i = 0; i < c->n_taps; i++)
		free(c->taps[i].text.s);
	free(c->files);
	free(c->shots);
	free(c->taps);
	free(c->symbols);
}

struct capture_symbol *
captures_symbol(struct captures *c, const char *name)
{
	size_t at = 0;

	while (at < c->n_symbols && strcmp(c->symbols[at].name, name) < 0)
		at++;
	if (at < c->n_symbols && strcmp(c->symbols[at].name, name) == 0)
		return &c->symbols[at];
	c->symbols =
	    mem_grow(c->symbols, c->n_symbols + 1, sizeof(*c->symbols));
	memmove(c->symbols + at + 1, c->symbols + at,
	    (c->n_symbols++ - at) * sizeof(*c->symbols));
	c->symbols[at] = (struct capture_symbol){.aborted = 0};
	snprintf(c->symbols[at].name, sizeof(c->symbols[at].name), "%s", name);
	return &c->symbols[at];
}

int
captures_interrupted(void)
{
	return err_fail(NULL, EX_TEMPFAIL, "INTERRUPTED",
	    "stopped by signal %d", (int)sig_stop);
}

int
captures_fail(const struct captures *c, const struct reading *r, uint64_t line,
    const struct err *e)
{
	char place[200];
	const char *name = c->files[r->s[0].file].f.name;

	if (e->exit == EX_TEMPFAIL)
		return err_report(NULL, e);
	if (line > 0)
		snprintf(
		    place, sizeof(place), "%.150s, line %" PRIu64, name, line);
	else
		snprintf(place, sizeof(place), "%.190s", name);
	return err_report(place, e);
}

/* Append a stretch of a file. */
static int
copy(const struct captures *c, const struct stretch *s, int to, struct err *e)
{
	char *text = mem_alloc(PIECE);
	int64_t at = s->from;
	int rc = 0;

	while (rc == 0 && at < s->to) {
		size_t most = s->to - at < PIECE ? (size_t)(s->to - at) : PIECE;
		ssize_t n = pread(c->files[s->file].f.fd, text, most, at);

		if (n <= 0) {
			rc = err_set(e, EX_NOINPUT, "READ", "%s",
			    n < 0 ? strerror(errno) : "it became shorter");
		} else {
			rc = source_write(to, text, (size_t)n, e);
			at += n;
		}
	}
	free(text);
	return rc;
}

int
captures_open(const struct captures *c, const struct reading *r, struct err *e)
{
	const struct source_file *f = &c->files[r->s[0].file].f;
	int fd, rc = 0;

	if (r->n == 1 && r->s[0].from == 0 && r->s[0].to == f->size) {
		fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return err_set(
			    e, EX_OSERR, "OPEN", "%s", strerror(errno));
	} else {
		fd = source_spool(e);
		for (size_t i = 0; fd >= 0 && rc == 0 && i < r->n; i++)
			rc = copy(c, &r->s[i], fd, e);
	}
	if (rc < 0) {
		close(fd);
		return -1;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}
