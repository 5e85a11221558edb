/* SPDX-License-Identifier: ISC */
/* wanted: see wanted.h. */
#include <stdio.h>
#include <stdlib.h>

#include "wanted.h"

#define QUOTES 1 /* among the channels: the one without a wildcard */

const char *const channel_names[CHANNELS] = {"T", "Q", "A", "AM"};

static int
by_text(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return strcmp(x->text, y->text);
}

static void
add(struct pair *p, size_t *n, size_t channel, const char *what)
{
	snprintf(
	    p[(*n)++].text, PAIR_TEXT, "%s.%s", channel_names[channel], what);
}

struct pair *
wanted_pairs(
    const struct tap_conf *conf, const struct boards_news *news, size_t *out)
{
	size_t chosen = news == NULL ? 0 : news->nquotes, n = 0, kept = 0;
	bool has_board = news != NULL && news->nroots > 0;
	struct pair *p = mem_zalloc(
	    (CHANNELS * (conf->ncontracts + 1) + chosen + 1) * sizeof(*p));

	for (size_t c = 0; c < CHANNELS; c++) {
		if (!conf->channels[c])
			continue;
		if (has_board && c != QUOTES) {
			add(p, &n, c, "*");
			continue;
		}
		for (size_t i = 0; i < conf->ncontracts; i++)
			add(p, &n, c, conf->contracts[i]);
		for (size_t i = 0;
		     c == QUOTES && i < chosen &&
		     (int64_t)(conf->ncontracts + i) < conf->quotes;
		     i++)
			add(p, &n, c, news->quotes[i]);
	}
	qsort(p, n, sizeof(*p), by_text);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(p[kept - 1].text, p[i].text) != 0)
			p[kept++] = p[i];
	*out = kept;
	return p;
}
