/* SPDX-License-Identifier: ISC */
#include "player.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "rec.h"
#include "sig.h"

#define ACT_MAX INT64_C(99999999999) /* a larger number is a time in ms */

int
player_until(struct player *p, const char *text)
{
	bool told = strncmp(text, "act:", 4) == 0;
	struct epoch_id id;

	if (told)
		text += 4;
	if (span_int(span_str(text), &p->limit_number) == 0 &&
	    p->limit_number > 0 && (told || p->limit_number <= ACT_MAX)) {
		p->limit = LIMIT_ACT;
		return 0;
	}
	if (!told && epoch_id_parse(span_str(text), &id) == 0) {
		p->limit = LIMIT_EPOCH;
		epoch_id_text(&id, p->limit_epoch);
		return 0;
	}
	p->limit = LIMIT_TS;
	return told ? -1 : clock_parse_operand(text, &p->limit_number);
}

/* ---- what there is ---- */

static struct source *
source_of(struct player *p, const char *symbol)
{
	for (size_t i = 0; i < p->n_sources; i++)
		if (strcmp(p->sources[i].symbol, symbol) == 0)
			return &p->sources[i];
	p->sources =
	    mem_grow(p->sources, p->n_sources + 1, sizeof(*p->sources));
	p->sources[p->n_sources] = (struct source){.in = {.fd = -1}};
	memcpy(p->sources[p->n_sources].symbol, symbol, strlen(symbol) + 1);
	return &p->sources[p->n_sources++];
}

/* Whose is it?  By its first line; "" where that cannot be read: the scan
 * will say why. */
static void
symbol_of(const struct source_file *f, char symbol[SYMBOL_MAX + 1])
{
	struct source s = {.in = {.fd = -1}};
	struct err ignored;

	symbol[0] = '\0';
	source_add(&s, f);
	source_rewind(&s);
	if (source_fill(&s, &ignored) > 0)
		memcpy(symbol, s.line.symbol, SYMBOL_MAX + 1);
	source_leave(&s);
}

void
player_add(struct player *p, const struct source_file *f)
{
	char symbol[SYMBOL_MAX + 1];

	symbol_of(f, symbol);
	source_add(source_of(p, symbol), f);
}

void
player_free(struct player *p)
{
	for (size_t i = 0; i < p->n_sources; i++)
		source_free(&p->sources[i]);
	for (size_t i = 0; i < p->n_stories; i++)
		story_free(&p->stories[i]);
	free(p->sources);
	free(p->stories);
}

static struct story *
story_of(struct player *p, const char *symbol)
{
	struct story *s;

	for (size_t i = 0; i < p->n_stories; i++)
		if (strcmp(p->stories[i].symbol, symbol) == 0)
			return &p->stories[i];
	p->stories =
	    mem_grow(p->stories, p->n_stories + 1, sizeof(*p->stories));
	s = &p->stories[p->n_stories++];
	*s = (struct story){.number = -1};
	memcpy(s->symbol, symbol, strlen(symbol) + 1);
	return s;
}

static bool
is_beyond(const struct player *p, const struct tape_line *l)
{
	switch (p->limit) {
	case LIMIT_TS:
		return l->ts > p->limit_number;
	case LIMIT_ACT:
		return l->what == TAPE_ACT && l->act > p->limit_number;
	case LIMIT_EPOCH:
		return l->what == TAPE_ACT && strcmp(l->kind, "commit") == 0 &&
		       strcmp(l->id, p->limit_epoch) == 0;
	default:
		return false;
	}
}

/* Is all of a source told that is wanted?  The stories of all symbols that it
 * tells of. */
static bool
is_done(const struct player *p, const struct source *src)
{
	size_t done = 0;

	for (size_t i = 0; i < p->n_stories; i++)
		done += p->stories[i].done &&
			source_tells_of(src, p->stories[i].symbol);
	return done > 0 && done == src->n_symbols;
}

/* To the end: behind the limit of one symbol there may be acts of another that
 * are before it.  Where there are none, damage does not matter any more. */
static int
scan_source(struct player *p, struct source *src, struct err *e)
{
	int got;

	source_rewind(src);
	while ((got = source_fill(src, e)) != 0) {
		struct story *s;

		if (got < 0)
			return is_done(p, src) && sig_stop == 0 ? 0 : -1;
		src->full = false;
		source_add_symbol(src, src->line.symbol);
		s = story_of(p, src->line.symbol);
		if (is_beyond(p, &src->line))
			s->done = true;
		if (!s->done)
			story_scan(s, &src->line);
		p->limit_seen |= s->done;
	}
	return 0;
}

int
player_scan(struct player *p, struct err *e)
{
	for (p->now = 0; p->now < p->n_sources; p->now++)
		if (scan_source(p, &p->sources[p->now], e) < 0)
			return -1;
	p->now = 0;
	return 0;
}

void
player_start(struct player *p)
{
	struct epoch_id id;

	for (size_t i = 0; i < p->n_sources; i++)
		source_rewind(&p->sources[i]);
	for (size_t i = 0; i < p->n_stories; i++) {
		struct story *s = &p->stories[i];

		story_start(s);
		s->from[0] = '\0';
		if (p->from[0] != '\0' &&
		    epoch_id_parse(span_str(p->from), &id) == 0 &&
		    strcmp(id.symbol, s->symbol) == 0)
			memcpy(s->from, p->from, sizeof(s->from));
		s->is_from = s->from[0] != '\0';
	}
}

/* The source whose next line is the oldest, or n_sources. */
static int
choose(struct player *p, struct err *e)
{
	size_t best = p->n_sources;

	for (size_t i = 0; i < p->n_sources; i++) {
		struct source *src = &p->sources[i];
		int got;

		if (is_done(p, src))
			continue;
		got = source_fill(src, e);
		if (got < 0) {
			p->now = i;
			return -1;
		}
		if (got > 0 && (best == p->n_sources ||
				   src->line.ts < p->sources[best].line.ts))
			best = i;
	}
	p->now = best;
	return 0;
}

int
player_next(struct player *p, struct story **s, struct err *e)
{
	for (;;) {
		struct source *src;
		int rc;

		*s = NULL;
		if (choose(p, e) < 0)
			return -1;
		if (p->now == p->n_sources)
			return 0;
		src = &p->sources[p->now];
		src->full = false;
		*s = story_of(p, src->line.symbol);
		if (is_beyond(p, &src->line))
			(*s)->done = true;
		if ((*s)->done)
			continue;
		rc = story_tell(*s, &src->line, e);
		(*s)->deed.file = source_name(src);
		(*s)->deed.line_no = source_line(src);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
}

const char *
player_misses(const struct player *p)
{
	bool began = p->from[0] == '\0';

	for (size_t i = 0; i < p->n_stories; i++)
		began |= p->stories[i].acts > 0 && p->stories[i].is_from &&
			 p->stories[i].from[0] == '\0';
	if (!began)
		return p->from;
	return p->limit == LIMIT_EPOCH && !p->limit_seen ? p->limit_epoch
							 : NULL;
}

/* ---- telling ---- */

void
player_place(const struct player *p, char *out, size_t size)
{
	const struct source *src;

	out[0] = '\0';
	if (p->now >= p->n_sources)
		return;
	src = &p->sources[p->now];
	if (source_line(src) == 0)
		snprintf(out, size, "%s", source_name(src));
	else
		snprintf(out, size, "%s, line %" PRIu64, source_name(src),
		    source_line(src));
}

void
player_progress(const struct player *p, int64_t *done, int64_t *all)
{
	*done = *all = 0;
	for (size_t i = 0; i < p->n_sources; i++) {
		*done += p->sources[i].done;
		*all += p->sources[i].size;
	}
}

/* As if it were done. */
static struct story_done
as_told(const struct story *s)
{
	struct story_done d = {.first_act = s->first_act,
	    .last_act = s->last_act,
	    .last_ts = s->last_ts,
	    .acts = s->acts,
	    .epochs = s->epochs};

	memcpy(d.id, s->id, sizeof(d.id));
	return d;
}

void
player_report(const struct player *p, bool told, struct out *out)
{
	struct buf b = {0};

	for (size_t i = 0; i < p->n_stories; i++) {
		const struct story *s = &p->stories[i];
		struct story_done did = told ? as_told(s) : s->did;

		buf_clear(&b);
		rec_begin(&b, "replay", did.last_ts);
		rec_add_str(&b, "symbol", s->symbol);
		rec_add_int(&b, "acts", (int64_t)did.acts);
		rec_add_int(&b, "epochs", (int64_t)did.epochs);
		if (did.acts > 0) {
			rec_add_str(&b, "epoch_id", did.id);
			rec_add_int(&b, "first_act", did.first_act);
			rec_add_int(&b, "last_act", did.last_act);
		}
		rec_add_int(&b, "before", (int64_t)s->before);
		rec_add_int(&b, "void", (int64_t)s->voided);
		rec_add_int(&b, "gaps", (int64_t)s->gaps);
		rec_end(&b);
		out_write(out, b.p, b.n);
	}
	buf_free(&b);
}
