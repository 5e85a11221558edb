/* SPDX-License-Identifier: ISC */
#include "story.h"

#include <inttypes.h>
#include <stdlib.h>

#include "geom.h"
#include "sha.h"
#include "tape_row.h"

static void
drop_pending(struct story *s)
{
	for (size_t i = 0; i < STORY_PENDING; i++) {
		buf_free(&s->pending[i].rows);
		s->pending[i] = (struct story_pending){.used = 0};
	}
}

void
story_free(struct story *s)
{
	drop_pending(s);
	free(s->rewinds);
	buf_free(&s->text);
	buf_free(&s->deed.geometry);
	free(s->deed.rows);
}

void
story_scan(struct story *s, const struct tape_line *l)
{
	s->ordinal++;
	s->good = l->act;
	if (l->what != TAPE_REWIND)
		return;
	s->rewinds =
	    mem_grow(s->rewinds, s->n_rewinds + 1, sizeof(*s->rewinds));
	s->rewinds[s->n_rewinds++] = (struct story_rewind){
	    .ordinal = s->ordinal, .to = l->act, .least = l->act};
}

void
story_start(struct story *s)
{
	for (size_t i = s->n_rewinds; i-- > 1;)
		if (s->rewinds[i].least < s->rewinds[i - 1].least)
			s->rewinds[i - 1].least = s->rewinds[i].least;
	drop_pending(s);
	s->ordinal = 0;
	s->next_rewind = 0;
	s->number = -1;
	s->good = 0;
	s->started = s->done = false;
	s->id[0] = '\0';
	s->seq = s->first_act = s->last_act = s->last_ts = 0;
	s->acts = s->epochs = s->before = s->voided = s->gaps = 0;
	s->did = (struct story_done){.acts = 0};
}

/* --- contracts --- */

static struct story_pending *
find_pending(struct story *s, const char *id)
{
	for (size_t i = 0; i < STORY_PENDING; i++)
		if (strcmp(s->pending[i].id, id) == 0)
			return &s->pending[i];
	return NULL;
}

/* Of more ids than we hold the one that rested longest will not be missed:
 * each belongs to a promoter at work. */
static void
hold_rows(struct story *s, const struct tape_line *l)
{
	struct story_pending *p = find_pending(s, l->id);

	if (p == NULL) {
		p = &s->pending[0];
		for (size_t i = 1; i < STORY_PENDING; i++)
			if (s->pending[i].used < p->used)
				p = &s->pending[i];
		buf_clear(&p->rows);
		p->chunks = 0;
		memcpy(p->id, l->id, sizeof(p->id));
	}
	p->used = s->ordinal;
	p->chunks++;
	if (p->rows.n > 0)
		buf_char(&p->rows, ';');
	buf_span(&p->rows, l->rows);
}

/* By id; of one id the later row, which is further on in memory, last. */
static int
by_id(const void *a, const void *b)
{
	const struct deed_row *x = a, *y = b;
	int cmp = span_cmp(x->cid, y->cid);

	return cmp != 0 ? cmp : (x->cid.p > y->cid.p) - (x->cid.p < y->cid.p);
}

static void
sort_rows(struct deed *d)
{
	size_t n = 0;

	qsort(d->rows, d->n, sizeof(*d->rows), by_id);
	buf_clear(&d->geometry);
	for (size_t i = 0; i < d->n; i++) {
		if (i + 1 < d->n && span_eq(d->rows[i].cid, d->rows[i + 1].cid))
			continue;
		d->rows[n++] = d->rows[i];
		buf_span(&d->geometry, d->rows[i].cid);
		buf_char(&d->geometry, '\n');
	}
	d->n = n;
}

static int
split_rows(struct deed *d, struct span text)
{
	struct span column[TAPE_ROW_MAX], cid;
	struct geom_id parts;
	struct contract c;
	size_t cap = 0;
	int n;

	d->n = 0;
	for (;;) {
		const char *start = text.p;

		n = tape_row_next(&text, column);
		if (n <= 0)
			return n;
		if (tape_row_contract(column, n, &cid, &c) < 0 ||
		    geom_id_parse(cid, &parts) < 0)
			return -1;
		if (d->n == cap) {
			cap = cap == 0 ? 1024 : cap * 2;
			d->rows = mem_grow(d->rows, cap, sizeof(*d->rows));
		}
		d->rows[d->n++] = (struct deed_row){.cid = column[0],
		    .row = {start,
			(size_t)(column[n - 1].p + column[n - 1].n - start)}};
	}
}

/* --- commits --- */

/* What a commit says of itself. */
struct facts {
	char prev[EPOCH_ID_MAX];
	int64_t chunks;
	char hash[SHA256_TEXT];
	int64_t seq;
};

/* What is too long is nothing: half of it might be something else. */
static void
copy(char *out, size_t size, struct span s)
{
	size_t n = s.n < size ? s.n : 0;

	memcpy(out, s.p, n);
	out[n] = '\0';
}

/* prev begin end had_ws why same chunks, then fields and values. */
static int
read_facts(const struct tape_line *l, struct facts *f)
{
	struct span list = l->args, arg;
	struct buf own = {0};
	char name[32] = "";
	int rc, i;

	*f = (struct facts){.chunks = -1, .seq = -1};
	for (i = 0; (rc = tape_arg(&list, &own, &arg)) > 0; i++) {
		if (i == 0)
			copy(f->prev, sizeof(f->prev), arg);
		else if (i == 6 && span_int(arg, &f->chunks) < 0)
			break;
		else if (i >= 7 && i % 2 == 1)
			copy(name, sizeof(name), arg);
		else if (i >= 7 && strcmp(name, "geometry_hash") == 0)
			copy(f->hash, sizeof(f->hash), arg);
		else if (i >= 7 && strcmp(name, "seq") == 0 &&
			 span_int(arg, &f->seq) < 0)
			break;
	}
	buf_free(&own);
	return rc == 0 && f->chunks > 0 && f->seq > 0 && f->hash[0] != '\0'
		   ? 0
		   : -1;
}

static int
gap(struct story *s, const struct tape_line *l, struct err *e, const char *why)
{
	s->started = false;
	s->gaps++;
	return err_set(e, EX_DATAERR, "GAP",
	    "acts of %s are missing before act %" PRId64 ": %s", s->symbol,
	    l->act, why);
}

static int
incomplete(const struct tape_line *l, struct err *e, const char *why)
{
	return err_set(e, EX_DATAERR, "INCOMPLETE",
	    "commit of %s, act %" PRId64 ": %s", l->id, l->act, why);
}

static int
gather(struct story *s, const struct tape_line *l, const struct facts *f,
    struct err *e)
{
	struct story_pending *p = find_pending(s, l->id);
	char hash[SHA256_TEXT];

	if ((p == NULL || p->chunks < f->chunks) && !s->started)
		return 0; /* the tape begins behind its first contracts */
	if (p == NULL || p->chunks != f->chunks)
		return incomplete(l, e, "not all of its contracts are there");
	buf_clear(&s->text);
	buf_span(&s->text, buf_view(&p->rows));
	buf_free(&p->rows);
	*p = (struct story_pending){.used = 0};
	if (split_rows(&s->deed, buf_view(&s->text)) < 0)
		return incomplete(l, e, "a contract that cannot be");
	sort_rows(&s->deed);
	sha256_hex(buf_view(&s->deed.geometry), hash);
	if (strcmp(hash, f->hash) != 0)
		return incomplete(l, e, "its contracts are not its geometry");
	return 1;
}

static int
tell_commit(struct story *s, const struct tape_line *l, struct err *e)
{
	bool was_started = s->started;
	struct facts f;
	int rc;

	if (read_facts(l, &f) < 0)
		return incomplete(l, e, "it has not the fields of a commit");
	if (!was_started && s->from[0] != '\0' && strcmp(s->from, l->id) != 0) {
		s->before++;
		return 0;
	}
	if (was_started && strcmp(f.prev, s->id) != 0) {
		gap(s, l, e, "the epoch that it follows");
		return -1;
	}
	rc = gather(s, l, &f, e);
	s->before += rc == 0;
	if (rc <= 0)
		return rc;
	s->started = true;
	s->from[0] = '\0';
	s->epochs++;
	memcpy(s->id, l->id, sizeof(s->id));
	s->seq = f.seq;
	return 1;
}

/* --- the other acts --- */

/* Where in the arguments is the seq after it; -1: it tells none. */
static int
seq_place(const char *kind)
{
	static const struct {
		const char *kind;
		int place;
	} places[] = {{"hydrate", 0}, {"force_dirty", 0}, {"refresh_rows", 2},
	    {"refresh_end", 2}, {"dormant", 2}};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (strcmp(places[i].kind, kind) == 0)
			return places[i].place;
	return -1;
}

static int
follow_seq(struct story *s, const struct tape_line *l, struct err *e)
{
	struct span list = l->args, arg = SPAN_NONE;
	struct buf own = {0};
	int place = seq_place(l->kind), i = -1;
	bool stays = false; /* a count without a force */
	int64_t seq;

	while (i < place && tape_arg(&list, &own, &arg) > 0)
		if (++i == 1 && place == 2 && strcmp(l->kind, "dormant") == 0)
			stays = span_eq(arg, SPAN_LIT("0"));
	if (place >= 0 && (i < place || span_int(arg, &seq) < 0)) {
		buf_free(&own);
		return err_set(e, EX_DATAERR, "BAD_ACT",
		    "act %" PRId64 " (%s) tells no seq", l->act, l->kind);
	}
	buf_free(&own);
	if (place < 0)
		return 1;
	if (seq != s->seq + !stays)
		return gap(s, l, e, "the seq of its epoch");
	s->seq = seq;
	return 1;
}

static int
tell_act(struct story *s, const struct tape_line *l, struct err *e)
{
	if (strcmp(l->kind, "rows") == 0) {
		hold_rows(s, l);
		return 0;
	}
	if (!replay_knows(l->kind))
		return err_set(e, EX_DATAERR, "BAD_ACT",
		    "act %" PRId64 " (%s): no such act in this version", l->act,
		    l->kind);
	if (strcmp(l->kind, "commit") == 0)
		return tell_commit(s, l, e);
	if (!s->started) {
		s->before++;
		return 0;
	}
	if (strcmp(l->kind, "retire") == 0)
		return 1;
	if (strcmp(l->id, s->id) != 0)
		return gap(s, l, e, "its epoch is not the active one");
	return follow_seq(s, l, e);
}

/* --- numbers --- */

static int
out_of_order(const struct tape_line *l, const char *why, struct err *e)
{
	return err_set(e, EX_DATAERR, "ORDER", "act %" PRId64 " of %s: %s",
	    l->act, l->symbol, why);
}

/* Will a later rewind make it void? */
static bool
is_void(struct story *s, const struct tape_line *l)
{
	while (s->next_rewind < s->n_rewinds &&
	       s->rewinds[s->next_rewind].ordinal <= s->ordinal)
		s->next_rewind++;
	return s->next_rewind < s->n_rewinds &&
	       l->act > s->rewinds[s->next_rewind].least;
}

static int
check_number(struct story *s, const struct tape_line *l, struct err *e)
{
	bool headless, skips;

	if (l->what == TAPE_REWIND) {
		if (s->number >= 0 &&
		    (l->from != s->number || l->act > l->from))
			return out_of_order(l, "a rewind from elsewhere", e);
		s->number = l->act;
		return 0;
	}
	if (l->what == TAPE_HEAD) {
		if (s->number < 0)
			s->number = l->act;
		else if (l->act < s->number)
			return out_of_order(l,
			    "a file that begins before the last one's end", e);
		return 0;
	}
	if (s->number >= 0 && l->act <= s->number)
		return out_of_order(l,
		    l->act == s->number ? "it comes twice"
					: "it comes too late, or twice",
		    e);
	headless = s->number < 0;
	skips = headless || l->act != s->number + 1;
	s->number = l->act;
	if (!skips || is_void(s, l))
		return 0;
	drop_pending(s);
	/* Who waits for an epoch does not care for what comes before. */
	if (s->from[0] != '\0')
		return 0;
	return gap(
	    s, l, e, headless ? "the head of the tape" : "their numbers");
}

int
story_tell(struct story *s, const struct tape_line *l, struct err *e)
{
	int rc = 0;

	s->ordinal++;
	if (check_number(s, l, e) < 0)
		return -1;
	if (l->what == TAPE_ACT && is_void(s, l))
		s->voided++;
	else if (l->what == TAPE_ACT)
		rc = tell_act(s, l, e);
	if (rc < 0)
		return -1;
	s->good = l->act;
	if (rc == 0)
		return 0;
	s->deed.line = *l;
	if (s->first_act == 0)
		s->first_act = l->act;
	s->acts++;
	s->last_act = l->act;
	s->last_ts = l->ts;
	return 1;
}
