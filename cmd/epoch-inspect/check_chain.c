/* SPDX-License-Identifier: ISC */
/* Do a symbol's epochs form one chain, with the right marks on them? */
#include <string.h>

#include "check.h"

static void
check_active(struct check *c, const struct moment *s)
{
	const struct seen *head = s->n > 0 ? &s->epochs[0] : NULL;
	struct span active = buf_view(&s->active.text);
	struct epoch_id id;

	if (!s->active.there) {
		check_found(c, "ACTIVE_MISSING",
		    "a timeline of %zu epochs, but none is active", s->n);
		return;
	}
	if (epoch_id_parse(active, &id) < 0)
		check_found(c, "ACTIVE_ID", "active is no epoch id: %.*s",
		    (int)active.n, active.p);
	else if (strcmp(id.symbol, c->symbol) != 0)
		check_found(c, "ACTIVE_SYMBOL", "active belongs to %s: %.*s",
		    id.symbol, (int)active.n, active.p);
	if (head == NULL || !span_eq(head->text, active))
		check_found(c, "TIMELINE_HEAD",
		    "active %.*s is not the newest of the timeline",
		    (int)active.n, active.p);
	if (!s->tracked)
		check_found(
		    c, "UNTRACKED", "active is neither dirty nor clean");
}

static void
check_timeline(struct check *c, const struct moment *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct seen *x = &s->epochs[i];

		if (!x->well_formed || strcmp(x->id.symbol, c->symbol) != 0) {
			check_found(c, "TIMELINE_ID",
			    "entry %zu is no epoch id of it: %.*s", i,
			    (int)x->text.n, x->text.p);
			continue;
		}
		if (i > 0 && x[-1].well_formed &&
		    x->id.seconds >= x[-1].id.seconds)
			check_found(c, "TIMELINE_ORDER", "%s stands behind %s",
			    x->name, x[-1].name);
		if (x->staged)
			check_found(c, "STAGED",
			    "%s is committed and still a reservation", x->name);
	}
}

/* epoch:last is what keeps ids from being given out twice. */
static void
check_last(struct check *c, const struct moment *s)
{
	int64_t last = -1;

	if (s->last.there)
		span_int(buf_view(&s->last.text), &last);
	for (size_t i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].well_formed &&
		    s->epochs[i].id.seconds > last) {
			check_found(c, "LAST",
			    "the highest second reserved is %s, below %s",
			    s->last.there ? s->last.text.p : "missing",
			    s->epochs[i].name);
			return;
		}
}

/* Each one names the next older, and is named by the next newer. */
static void
check_links(struct check *c, const struct moment *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct seen *x = &s->epochs[i];
		struct span prev = hash_get(&x->meta, "prev");
		struct span by = hash_get(&x->meta, "superseded_by");
		struct span older = i + 1 < s->n ? x[1].text : SPAN_NONE;
		int64_t ts;

		if (!x->well_formed || x->meta.n == 0)
			continue; /* named elsewhere */
		if (older.p != NULL ? !span_eq(prev, older)
				    : prev.n > 0 && s->tail_there)
			check_found(c, "PREV",
			    "prev of %s is %.*s, the timeline says %.*s",
			    x->name, prev.n == 0 ? 1 : (int)prev.n,
			    prev.n == 0 ? "-" : prev.p,
			    older.p == NULL ? 1 : (int)older.n,
			    older.p == NULL ? "-" : older.p);
		if (i == 0 && by.n > 0)
			check_found(c, "SUPERSEDED",
			    "the newest, %s, is superseded by %.*s", x->name,
			    (int)by.n, by.p);
		if (i > 0 && (!span_eq(by, x[-1].text) ||
				 hash_int(&x->meta, "superseded_ts", &ts) < 0))
			check_found(c, "NOT_SUPERSEDED",
			    "%s lacks superseded_ts, or superseded_by is "
			    "not %.*s",
			    x->name, (int)x[-1].text.n, x[-1].text.p);
	}
}

bool
was_damaged(const struct moment *s, size_t i)
{
	return i > 0 && i < s->n &&
	       span_eq(hash_get(&s->epochs[i - 1].meta, "reason"),
		   SPAN_LIT("damaged"));
}

void
check_chain(struct check *c, const struct moment *s)
{
	check_active(c, s);
	check_timeline(c, s);
	check_last(c, s);
	check_links(c, s);
	for (size_t i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].well_formed && !was_damaged(s, i))
			check_meta(c, &s->epochs[i]);
}
