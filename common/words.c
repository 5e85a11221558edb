/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "words.h"

void
words_free(struct words *w)
{
	buf_free(&w->text);
	free(w->end);
	free(w->view);
	*w = (struct words){0};
}

void
words_clear(struct words *w)
{
	buf_clear(&w->text);
	w->n = 0;
}

void
words_close(struct words *w)
{
	if (w->n == w->cap) {
		w->cap = w->cap == 0 ? 64 : w->cap * 2;
		w->end = mem_grow(w->end, w->cap, sizeof(*w->end));
	}
	w->end[w->n++] = w->text.n;
}

void
words_span(struct words *w, struct span s)
{
	buf_span(&w->text, s);
	words_close(w);
}

void
words_str(struct words *w, const char *s)
{
	words_span(w, span_str(s));
}

void
words_int(struct words *w, int64_t v)
{
	buf_int(&w->text, v);
	words_close(w);
}

const struct span *
words_view(struct words *w)
{
	size_t start = 0;

	if (w->view_cap < w->n || w->view == NULL) {
		w->view_cap = w->cap + 1;
		w->view = mem_grow(w->view, w->view_cap, sizeof(*w->view));
	}
	for (size_t i = 0; i < w->n; i++) {
		w->view[i] = (struct span){
		    buf_view(&w->text).p + start, w->end[i] - start};
		start = w->end[i];
	}
	return w->view;
}
