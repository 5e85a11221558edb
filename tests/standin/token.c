/* SPDX-License-Identifier: ISC */
/* token: see token.h. */
#include <errno.h>
#include <stdio.h>

#include "token.h"

static int
bad(struct err *e, const char *what, struct span word)
{
	return err_set(e, EX_USAGE, "SCRIPT", "%s: %.*s", what,
	    (int)(word.n > 80 ? 80 : word.n), word.p == NULL ? "" : word.p);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int
line_split(struct line *l, struct span text, struct err *e)
{
	const char *p = text.p, *end = text.p + text.n, *from;
	char quote;

	*l = (struct line){.n = 0};
	for (;;) {
		while (p < end && is_blank(*p))
			p++;
		if (p == end || *p == '#')
			return 0;
		if (l->n == WORDS_MAX)
			return bad(e, "too many words", SPAN_NONE);
		quote = *p == '"' || *p == '\'' ? *p++ : '\0';
		for (from = p; p < end; p++)
			if (quote != '\0' ? *p == quote : is_blank(*p))
				break;
		l->words[l->n++] = (struct span){from, (size_t)(p - from)};
		if (quote != '\0' && p == end)
			return bad(
			    e, "quote is not closed", l->words[l->n - 1]);
		p += quote != '\0';
	}
}

struct span
line_next(struct line *l)
{
	return l->at < l->n ? l->words[l->at++] : SPAN_NONE;
}

bool
line_take(struct line *l, const char *word)
{
	if (l->at == l->n || !span_eq(l->words[l->at], span_str(word)))
		return false;
	l->at++;
	return true;
}

static void
skip_blanks(struct span *text)
{
	while (text->n > 0 && is_blank(*text->p)) {
		text->p++;
		text->n--;
	}
}

bool
word_next(struct span *text, struct span *word)
{
	skip_blanks(text);
	*word = (struct span){text->p, 0};
	while (text->n > 0 && !is_blank(*text->p)) {
		text->p++;
		text->n--;
		word->n++;
	}
	skip_blanks(text);
	return word->n > 0;
}

int
text_read(struct buf *out, const char *file, struct err *e)
{
	FILE *f = fopen(file, "re");
	char piece[4096];
	size_t got;

	if (f == NULL)
		return err_set(e, EX_NOINPUT, "READ", "%s", strerror(errno));
	while ((got = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(out, piece, got);
	fclose(f);
	return 0;
}
