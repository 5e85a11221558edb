/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "sig.h"
#include "source.h"

void
source_add(struct source *s, const struct source_file *f)
{
	s->files = mem_grow(s->files, s->n + 1, sizeof(*s->files));
	s->files[s->n++] = *f;
	s->size += f->size;
}

static int
begin_file(struct source *s, struct err *e)
{
	const struct source_file *f = &s->files[s->at];

	s->reading = source_file_read(f, 0, f->size, &s->in, e) == 0;
	return s->reading ? 0 : -1;
}

/* in.name and its lines stay: an error may be told of them. */
static void
end_file(struct source *s)
{
	if (s->reading)
		source_file_end(&s->files[s->at], &s->in);
	s->reading = false;
}

void
source_leave(struct source *s)
{
	end_file(s);
	free(s->files);
	free(s->symbols);
}

void
source_free(struct source *s)
{
	end_file(s);
	for (size_t i = 0; i < s->n; i++)
		source_file_close(&s->files[i]);
	source_leave(s);
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
	end_file(s);
	s->at = 0;
	s->done = 0;
	s->full = s->ended = false;
}

int
source_fill(struct source *s, struct err *e)
{
	struct span text;
	int got;

	if (s->full)
		return 1;
	while (!s->ended && s->at < s->n) {
		if (!s->reading && begin_file(s, e) < 0)
			return -1;
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
		end_file(s);
		s->at++;
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
