/* SPDX-License-Identifier: ISC */
/*
 * split: see split.h.
 *
 * A row that lies in one piece is handed out where it lies; one that crosses
 * pieces is collected first.  Brackets are remembered as bits, shell and row
 * in one stack, so that a row cannot close what it did not open.
 */
#include <stdlib.h>
#include <string.h>

#include "split.h"

#define PATH_MAX_PARTS 2
#define DEPTH_MAX 63 /* of shell and row together */

enum state {
	BETWEEN, /* documents: white space only */
	SHELL,   /* around the rows */
	ROWS,    /* in the array, before or after a row */
	ROW,     /* in a row with brackets, or a string */
	WORD,    /* in a row that is a number or a word */
	BROKEN
};

enum turn { FIRST, NEXT, AFTER }; /* before the first row; behind "," or row */

struct split {
	char *path;
	struct span parts[PATH_MAX_PARTS];
	unsigned n_parts;

	struct span in;
	size_t pos;
	size_t braces_to; /* behind the last brace of the piece */
	size_t row_from;  /* where the row, or its rest, starts in the piece */

	enum state state;
	enum turn turn;
	bool in_string, escaped;

	uint64_t braces; /* bit d: the bracket at depth d is a brace */
	unsigned depth;
	unsigned row_depth; /* of the array that holds the rows */

	unsigned inside;  /* parts of the path whose object we are in */
	bool want_key;    /* in the shell: the next string is a key */
	bool on_path;     /* the key just read is the next part */
	size_t string_at; /* where the string starts in the shell */

	size_t (*ahead)(struct span text, void *ctx); /* NULL: nobody */
	void *ahead_ctx;

	struct buf shell, row;
};

struct split *
split_new(const char *path)
{
	struct split *s = mem_zalloc(sizeof(*s));
	const char *dot = strchr(path, '.');
	size_t n = strlen(path) + 1;

	s->path = mem_alloc(n);
	memcpy(s->path, path, n);
	s->n_parts = dot == NULL ? 1 : 2;
	s->parts[0] = span_str(s->path);
	if (dot != NULL) {
		s->parts[0].n = (size_t)(dot - path);
		s->parts[1] = span_str(s->path + s->parts[0].n + 1);
	}
	return s;
}

void
split_free(struct split **s)
{
	if (*s == NULL)
		return;
	buf_free(&(*s)->shell);
	buf_free(&(*s)->row);
	free((*s)->path);
	free(*s);
	*s = NULL;
}

void
split_ahead(
    struct split *s, size_t (*ahead)(struct span text, void *ctx), void *ctx)
{
	s->ahead = ahead;
	s->ahead_ctx = ctx;
}

void
split_feed(struct split *s, struct span piece)
{
	s->braces_to = s->ahead == NULL ? 0 : piece.n;
	while (s->braces_to > 0 && piece.p[s->braces_to - 1] != '}')
		s->braces_to--;
	s->in = piece;
	s->pos = 0;
	s->row_from = 0;
}

bool
split_pending(const struct split *s)
{
	return s->state != BETWEEN;
}

void
split_shell_so_far(const struct split *s, struct buf *out)
{
	unsigned d = s->state == ROW ? s->row_depth : s->depth;

	buf_span(out, buf_view(&s->shell));
	for (; d > 0; d--)
		buf_char(out, (s->braces >> d & 1) != 0 ? '}' : ']');
}

static enum split_event
broken(struct split *s, struct err *e, const char *code, const char *what)
{
	s->state = BROKEN;
	err_set(e, EX_DATAERR, code, "%s", what);
	return SPLIT_BAD;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* An opening or closing bracket; false when it does not fit. */
static bool
bracket(struct split *s, char c)
{
	if (c == '{' || c == '[') {
		if (s->depth == DEPTH_MAX)
			return false;
		s->depth++;
		s->braces &= ~(UINT64_C(1) << s->depth);
		s->braces |= (uint64_t)(c == '{') << s->depth;
		return true;
	}
	if (s->depth == 0 || (s->braces >> s->depth & 1) != (c == '}'))
		return false;
	s->depth--;
	return true;
}

static void
start_document(struct split *s)
{
	s->state = SHELL;
	s->inside = 0;
	s->want_key = true;
	s->on_path = false;
	buf_clear(&s->shell);
	buf_char(&s->shell, '{');
	bracket(s, '{');
}

/* A string of the shell ended: was it the key on the way to the rows? */
static void
end_shell_string(struct split *s)
{
	struct span key = {
	    s->shell.p + s->string_at, s->shell.n - 1 - s->string_at};

	s->in_string = false;
	s->on_path = s->want_key && s->depth == s->inside + 1 &&
		     s->inside < s->n_parts &&
		     span_eq(key, s->parts[s->inside]);
	s->want_key = false;
}

/* One byte of the shell, already kept.  false: the brackets do not match. */
static bool
shell_byte(struct split *s, char c)
{
	bool here = s->on_path;

	if (s->in_string) {
		if (s->escaped)
			s->escaped = false;
		else if (c == '\\')
			s->escaped = true;
		else if (c == '"')
			end_shell_string(s);
		return true;
	}
	if (is_blank(c) || c == ':')
		return true;
	s->on_path = false;
	if (c == '"') {
		s->in_string = true;
		s->string_at = s->shell.n;
	} else if (c == ',') {
		s->want_key = (s->braces >> s->depth & 1) != 0;
	} else if (c == '{' || c == '[') {
		if (!bracket(s, c))
			return false;
		s->want_key = c == '{';
		if (here && c == '{' && s->inside + 1 < s->n_parts)
			s->inside++;
		if (here && c == '[' && s->inside + 1 == s->n_parts) {
			s->state = ROWS;
			s->turn = FIRST;
			s->row_depth = s->depth;
		}
	} else if (c == '}' || c == ']') {
		if (!bracket(s, c))
			return false;
		if (s->depth > 0 && s->inside > s->depth - 1)
			s->inside = s->depth - 1;
	}
	return true;
}

static enum split_event
next_in_shell(struct split *s, struct span *text, struct err *e)
{
	while (s->pos < s->in.n && s->state == SHELL) {
		char c = s->in.p[s->pos++];

		if (s->shell.n == SPLIT_SHELL_MAX)
			return broken(s, e, "TOO_LONG",
			    "more than 1 MiB of document around its rows");
		buf_char(&s->shell, c);
		if (!shell_byte(s, c))
			return broken(s, e, "BAD_JSON",
			    "brackets of the document do not match");
		if (s->depth == 0) {
			s->state = BETWEEN;
			*text = buf_view(&s->shell);
			return SPLIT_DOC;
		}
	}
	return SPLIT_MORE;
}

/* The row ends before pos. */
static enum split_event
end_row(struct split *s, struct span *text)
{
	*text = (struct span){s->in.p + s->row_from, s->pos - s->row_from};
	if (s->row.n > 0) {
		buf_span(&s->row, *text);
		*text = buf_view(&s->row);
	}
	s->state = ROWS;
	s->turn = AFTER;
	return SPLIT_ROW;
}

/* Behind the row that starts at pos, if somebody knows; else pos. */
static size_t
look_ahead(const struct split *s)
{
	size_t n = 0;

	if (s->pos < s->braces_to && s->in.p[s->pos] == '{')
		n = s->ahead(
		    (struct span){s->in.p + s->pos, s->braces_to - s->pos},
		    s->ahead_ctx);
	return n > SPLIT_ROW_MAX ? s->pos : s->pos + n;
}

/* The first byte of a row. */
static enum split_event
start_row(struct split *s, char c, struct span *text, struct err *e)
{
	if (s->turn == AFTER)
		return broken(s, e, "BAD_JSON", "no comma between two rows");
	if (c == ',' || c == ':' || c == ']' || c == '}')
		return broken(s, e, "BAD_JSON", "a row is missing");
	buf_clear(&s->row);
	s->row_from = s->pos;
	s->pos = look_ahead(s);
	if (s->pos > s->row_from)
		return end_row(s, text);
	s->state = c == '{' || c == '[' || c == '"' ? ROW : WORD;
	return SPLIT_MORE;
}

static enum split_event
next_in_rows(struct split *s, struct span *text, struct err *e)
{
	while (s->pos < s->in.n) {
		char c = s->in.p[s->pos];

		if (is_blank(c)) {
			s->pos++;
		} else if (c == ',' && s->turn == AFTER) {
			s->pos++;
			s->turn = NEXT;
		} else if (c == ']' && s->turn != NEXT) {
			s->pos++;
			s->state = SHELL;
			buf_char(&s->shell, c);
			bracket(s, c);
			break;
		} else {
			return start_row(s, c, text, e);
		}
	}
	return SPLIT_MORE;
}

/* The piece ends in a row, or the row may be too long. */
static enum split_event
keep_row(struct split *s, struct err *e)
{
	size_t n = s->pos - s->row_from;

	if (s->row.n + n > SPLIT_ROW_MAX)
		return broken(s, e, "TOO_LONG", "a row of more than 1 MiB");
	buf_add(&s->row, s->in.p + s->row_from, n);
	s->row_from = s->pos;
	return SPLIT_MORE;
}

/* What ends a run of dull bytes: in strings, and outside of them. */
#define STRING_STOP 1
#define ROW_STOP 2

static const unsigned char stops[256] = {
    ['"'] = STRING_STOP | ROW_STOP,
    ['\\'] = STRING_STOP,
    ['{'] = ROW_STOP,
    ['}'] = ROW_STOP,
    ['['] = ROW_STOP,
    [']'] = ROW_STOP,
};

static inline const char *
skip_to(const char *p, const char *end, int stop)
{
	const unsigned char *u = (const unsigned char *)p;

	/* by fours: this looks at every byte of the input */
	for (; end - (const char *)u >= 4; u += 4) {
		if (stops[u[0]] & stop)
			return (const char *)u;
		if (stops[u[1]] & stop)
			return (const char *)u + 1;
		if (stops[u[2]] & stop)
			return (const char *)u + 2;
		if (stops[u[3]] & stop)
			return (const char *)u + 3;
	}
	while ((const char *)u < end && (stops[*u] & stop) == 0)
		u++;
	return (const char *)u;
}

static enum split_event
next_in_row(struct split *s, struct span *text, struct err *e)
{
	const char *p = s->in.p + s->pos, *end = s->in.p + s->in.n;
	bool in_string = s->in_string, done = false;

	while (p < end && !done) {
		if (s->escaped) {
			s->escaped = false;
			p++;
		} else if (!in_string) {
			p = skip_to(p, end, ROW_STOP);
			if (p == end)
				break;
			in_string = *p == '"';
			if (!in_string && !bracket(s, *p))
				return broken(s, e, "BAD_JSON",
				    "brackets of a row do not match");
			p++;
			done = !in_string && s->depth == s->row_depth;
		}
		if (in_string && !s->escaped) {
			p = skip_to(p, end, STRING_STOP);
			if (p == end)
				break;
			s->escaped = *p == '\\';
			in_string = s->escaped;
			p++;
			done = !in_string && s->depth == s->row_depth;
		}
	}
	s->in_string = in_string;
	s->pos = (size_t)(p - s->in.p);
	if (!done || s->row.n + s->pos - s->row_from > SPLIT_ROW_MAX)
		return keep_row(s, e);
	return end_row(s, text);
}

/* A row without brackets ends where something else begins. */
static enum split_event
next_in_word(struct split *s, struct span *text, struct err *e)
{
	while (s->pos < s->in.n && !is_blank(s->in.p[s->pos]) &&
	       memchr(",:\"{}[]", s->in.p[s->pos], 7) == NULL)
		s->pos++;
	if (s->pos == s->in.n ||
	    s->row.n + s->pos - s->row_from > SPLIT_ROW_MAX)
		return keep_row(s, e);
	return end_row(s, text);
}

static enum split_event
next_between(struct split *s, struct err *e)
{
	while (s->pos < s->in.n) {
		char c = s->in.p[s->pos++];

		if (is_blank(c))
			continue;
		if (c != '{')
			return broken(s, e, "BAD_JSON", "not a JSON document");
		start_document(s);
		break;
	}
	return SPLIT_MORE;
}

enum split_event
split_next(struct split *s, struct span *text, struct err *e)
{
	enum split_event event = SPLIT_MORE;

	while (s->pos < s->in.n && event == SPLIT_MORE) {
		switch (s->state) {
		case BETWEEN:
			event = next_between(s, e);
			break;
		case SHELL:
			event = next_in_shell(s, text, e);
			break;
		case ROWS:
			event = next_in_rows(s, text, e);
			break;
		case ROW:
			event = next_in_row(s, text, e);
			break;
		case WORD:
			event = next_in_word(s, text, e);
			break;
		case BROKEN:
			return broken(s, e, "BAD_JSON", "not a document");
		}
	}
	return event;
}
