/* SPDX-License-Identifier: ISC */
/* heatmap: the board, its quotes, and what is computed when. */
#include "heatmap.h"

#include <stdio.h>
#include <stdlib.h>

#include "num.h"
#include "price.h"
#include "rec.h"
#include "settle.h"
#include "symbol.h"

const enum contract_field heatmap_fields[HEATMAP_FIELDS] = {
    CF_BID, CF_ASK, CF_QUOTE_TS};

const char *const heatmap_whys[] = {"in", "stale", "too_large", "crossed",
    "zero_bid", "no_quote", "not_listed", "adjusted"};

/* ---- the board ---- */

static bool
is_same_run(const struct heatmap_run *r, const struct geom_id *id, bool call)
{
	return r->call == call && span_eq(r->root, id->root) &&
	       strcmp(r->expiration, id->expiration) == 0;
}

static void
begin_run(struct heatmap *h, size_t first, const struct geom_id *id)
{
	struct heatmap_run *r = &h->runs[h->n_runs++];

	r->root = id->root;
	r->call = id->right == 'C';
	r->first = first;
	r->settles = settle_instant(id);
	r->adjusted = settle_root(id, h->symbol) == SETTLE_ADJUSTED;
	r->partner = SIZE_MAX;
	memcpy(r->expiration, id->expiration, DATE_TEXT);
}

/* Sorted ids: contracts of one root, date and right are neighbours, their
 * strikes ascending; calls come before puts. */
static int
read_ids(struct heatmap *h, const struct span *ids, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct geom_id id;

		if (geom_id_parse(ids[i], &id) < 0)
			return err_set(e, EX_DATAERR, "BAD_ID",
			    "no option id: %.*s",
			    (int)(ids[i].n > 60 ? 60 : ids[i].n), ids[i].p);
		if (h->n_runs == 0 ||
		    !is_same_run(&h->runs[h->n_runs - 1], &id, id.right == 'C'))
			begin_run(h, i, &id);
		h->runs[h->n_runs - 1].n++;
		h->legs[i].strike = id.strike_milli;
		h->legs[i].run = (uint32_t)(h->n_runs - 1);
		h->legs[i].ts = HEATMAP_NO_TS;
	}
	return 0;
}

static void
pair_runs(struct heatmap *h)
{
	for (size_t i = 1; i < h->n_runs; i++) {
		struct heatmap_run *call = &h->runs[i - 1], *put = &h->runs[i];

		if (!call->call || put->call ||
		    !span_eq(call->root, put->root) ||
		    strcmp(call->expiration, put->expiration) != 0)
			continue;
		call->partner = i;
		put->partner = i - 1;
	}
}

struct heatmap *
heatmap_open(const struct heatmap_conf *conf, const char *symbol,
    const char *epoch_id, const struct span *ids, size_t n, struct err *e)
{
	struct heatmap *h = mem_zalloc(sizeof(*h));
	struct symbol s;

	h->conf = *conf;
	snprintf(h->symbol, sizeof(h->symbol), "%s", symbol);
	snprintf(h->epoch_id, sizeof(h->epoch_id), "%s", epoch_id);
	/* Of the indices, options on OEX alone are American. */
	h->european = symbol_parse(span_str(symbol), false, &s) == 0 &&
		      s.is_index && strcmp(s.name, "OEX") != 0;
	h->n = n;
	h->legs = mem_zalloc((n + 1) * sizeof(*h->legs));
	h->runs = mem_zalloc((n + 1) * sizeof(*h->runs));
	h->instant = HEATMAP_NO_TS;
	if (read_ids(h, ids, n, e) < 0) {
		heatmap_close(h);
		return NULL;
	}
	h->runs =
	    mem_grow(h->runs, h->n_runs == 0 ? 1 : h->n_runs, sizeof(*h->runs));
	pair_runs(h);
	return h;
}

void
heatmap_close(struct heatmap *h)
{
	for (size_t i = 0; i < h->n_runs; i++)
		heatmap_unpick(&h->runs[i]);
	buf_free(&h->spare);
	free(h->sheets);
	free(h->gone);
	free(h->runs);
	free(h->legs);
	free(h);
}

/* ---- quotes ---- */

/* 0 known, 1 known to be too large, -1 unknown. */
static int
read_price(struct span text, int64_t *price)
{
	double v;

	*price = 0;
	if (text.p == NULL)
		return -1;
	if (price_parse(text, price) == 0)
		return 0;
	if (num_parse(text, &v) < 0 || v < 0)
		return -1;
	return v > 0; /* -0.0 is 0 */
}

void
heatmap_take(struct heatmap *h, size_t i, const struct contract *c)
{
	struct heatmap_leg *x = &h->legs[i], was = *x;
	int bid = read_price(c->f[CF_BID], &x->bid),
	    ask = read_price(c->f[CF_ASK], &x->ask);

	x->large = bid > 0 || ask > 0;
	/* An ask of 0 is one that nobody knows. */
	x->known = bid >= 0 && ask >= 0 && (x->large || x->ask > 0);
	if (c->f[CF_QUOTE_TS].p == NULL ||
	    span_int(c->f[CF_QUOTE_TS], &x->ts) < 0)
		x->ts = HEATMAP_NO_TS;
	if (x->bid != was.bid || x->ask != was.ask || x->ts != was.ts ||
	    x->known != was.known || x->large != was.large)
		h->runs[x->run].stale = true;
}

/* ---- which legs can be used ---- */

static enum heatmap_why
judge_quote(const struct heatmap *h, const struct heatmap_leg *x)
{
	if (!x->known)
		return HEATMAP_NO_QUOTE;
	if (x->large)
		return HEATMAP_TOO_LARGE;
	if (x->bid == 0 && !h->conf.zero_bid)
		return HEATMAP_ZERO_BID;
	return x->ask < x->bid ? HEATMAP_CROSSED : HEATMAP_IN;
}

static void
judge_legs(const struct heatmap *h, struct heatmap_run *r, int64_t limit)
{
	r->newest_ts = r->newest_stale_ts = HEATMAP_NO_TS;
	r->oldest_used_ts = INT64_MAX;
	r->used = 0;
	for (size_t i = r->first; i < r->first + r->n; i++) {
		struct heatmap_leg *x = &h->legs[i];

		x->why = judge_quote(h, x);
		if (x->ts > r->newest_ts)
			r->newest_ts = x->ts;
		if (x->why != HEATMAP_IN)
			continue;
		if (x->ts < limit) {
			x->why = HEATMAP_STALE;
			if (x->ts > r->newest_stale_ts)
				r->newest_stale_ts = x->ts;
		} else {
			r->used++;
			if (x->ts < r->oldest_used_ts)
				r->oldest_used_ts = x->ts;
		}
	}
}

/* Quotes of before this are too old: by the newest one of the board, never
 * by a clock.  A quote without a time is, too, when age matters. */
static int64_t
find_limit(const struct heatmap *h)
{
	int64_t newest = HEATMAP_NO_TS;

	if (h->conf.max_age_ms == 0)
		return INT64_MIN;
	for (size_t i = 0; i < h->n; i++)
		if (h->legs[i].ts > newest)
			newest = h->legs[i].ts;
	return newest > h->conf.max_age_ms ? newest - h->conf.max_age_ms : 0;
}

/* Has a leg become too old, or young enough, without a change of its own? */
static bool
has_aged(const struct heatmap *h, const struct heatmap_run *r, int64_t limit)
{
	return h->conf.max_age_ms > 0 &&
	       (r->oldest_used_ts < limit || r->newest_stale_ts >= limit);
}

/* ---- computing ---- */

static bool
needs_flags(const struct heatmap *h, const struct heatmap_run *r)
{
	return r->picked && (r->stale || (r->partner != SIZE_MAX &&
					     h->runs[r->partner].stale));
}

static void
add_up(struct heatmap *h)
{
	h->tiles = h->contracts = 0;
	h->ts = h->instant;
	memset(h->missing, 0, sizeof(h->missing));
	for (size_t i = 0; i < h->n_sheets; i++) {
		h->tiles += h->sheets[i]->n;
		for (int w = 0; w < HEATMAP_WHYS; w++)
			h->missing[w] += h->sheets[i]->missing[w];
	}
	h->missing[HEATMAP_ADJUSTED] = h->adjusted;
	for (size_t i = 0; i < h->n_runs; i++) {
		struct heatmap_run *r = &h->runs[i];

		r->stale = false;
		if (!r->picked)
			continue;
		h->contracts += r->used;
		if (r->newest_ts > h->ts)
			h->ts = r->newest_ts;
	}
	if (h->ts == HEATMAP_NO_TS)
		h->ts = 0;
}

void
heatmap_compute(struct heatmap *h, int64_t instant)
{
	int64_t limit;

	h->n_gone = 0;
	for (size_t i = 0; i < h->n_sheets; i++)
		h->sheets[i]->changed = false;
	if (h->sheets == NULL || instant != h->instant) {
		h->instant = instant;
		heatmap_pick(h);
	}
	limit = find_limit(h);
	for (size_t i = 0; i < h->n_runs; i++) {
		struct heatmap_run *r = &h->runs[i];

		if (!r->picked)
			continue;
		r->stale |= has_aged(h, r, limit);
		if (r->stale) {
			judge_legs(h, r, limit);
			heatmap_values(h, r);
		}
	}
	for (size_t i = 0; i < h->n_runs; i++)
		if (needs_flags(h, &h->runs[i])) {
			heatmap_flags(h, &h->runs[i]);
			heatmap_text(h, &h->runs[i]);
		}
	add_up(h);
}

/* ---- the head ---- */

static void
add_missing(const struct heatmap *h, struct buf *b)
{
	char comma = '{';

	buf_str(b, ",\"missing\":");
	for (int w = HEATMAP_IN + 1; w < HEATMAP_WHYS; w++) {
		if (h->missing[w] == 0)
			continue;
		buf_fmt(
		    b, "%c\"%s\":%zu", comma, heatmap_whys[w], h->missing[w]);
		comma = ',';
	}
	buf_str(b, comma == '{' ? "{}" : "}");
}

void
heatmap_head(const struct heatmap *h, int64_t seq, struct span geometry_hash,
    struct span spot, struct buf *b)
{
	char text[GEOM_HASH_TEXT > STRIKE_TEXT ? GEOM_HASH_TEXT : STRIKE_TEXT];
	double number;

	rec_begin(b, "heatmap", h->ts);
	rec_add_str(b, "symbol", h->symbol);
	rec_add_str(b, "epoch_id", h->epoch_id);
	rec_add_int(b, "seq", seq);
	if (geometry_hash.n > 0 && geometry_hash.n < GEOM_HASH_TEXT) {
		memcpy(text, geometry_hash.p, geometry_hash.n);
		text[geometry_hash.n] = '\0';
		rec_add_str(b, "geometry_hash", text);
	}
	if (spot.p != NULL && num_parse(spot, &number) == 0)
		rec_add_num(b, "spot", spot);
	buf_str(b, ",\"widths\":[");
	for (size_t i = 0; i < h->n_widths; i++) {
		geom_strike_text(h->widths[i], text);
		buf_fmt(b, "%s%s", i == 0 ? "" : ",", text);
	}
	buf_char(b, ']');
	rec_add_int(b, "sheets", (int64_t)h->n_sheets);
	rec_add_int(b, "tiles", (int64_t)h->tiles);
	add_missing(h, b);
	rec_add_int(b, "contracts", (int64_t)h->contracts);
	rec_end(b);
}
