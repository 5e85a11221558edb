/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "words.h"

void
words_free(struct words *w)
{
	buf_free(&w->text);
	free(w->item);
	free(w->view);
	*w = (struct words){0};
}

void
words_clear(struct words *w)
{
	buf_clear(&w->text);
	w->n = 0;
}

static void
add(struct words *w, const char *lent, size_t n)
{
	if (w->n == w->cap) {
		w->cap = w->cap == 0 ? 64 : w->cap * 2;
		w->item = mem_grow(w->item, w->cap, sizeof(*w->item));
	}
	w->item[w->n++] = (struct words_item){lent, n};
}

void
words_close(struct words *w)
{
	add(w, NULL, w->text.n);
}

void
words_lend(struct words *w, struct span s)
{
	add(w, s.p == NULL ? "" : s.p, s.n);
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
		const struct words_item *x = &w->item[i];

		if (x->lent != NULL) {
			w->view[i] = (struct span){x->lent, x->n};
			continue;
		}
		w->view[i] =
		    (struct span){buf_view(&w->text).p + start, x->n - start};
		start = x->n;
	}
	return w->view;
}
