/* SPDX-License-Identifier: ISC */
/* market: see market.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "market.h"

#define SLOTS 65536u
#define ODD_IDS 250 /* contracts of each origin but the boards' */

struct listed {
	size_t number;
	uint32_t price; /* cents, around which it moves */
	double weight;
};

/* The contracts that a channel's events may be of. */
struct pool {
	uint32_t *list;
	size_t n;
	uint32_t *slots; /* into list's contracts, by weight; NULL: empty */
};

struct market {
	struct feed *feed;
	struct listed *all; /* the boards', then those of the others */
	size_t n[ORIGINS];
	struct pool pools[CHANNELS][ORIGINS];
};

uint32_t
market_random(uint64_t *state, uint32_t n)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(((x ^ x >> 31) >> 32) * n >> 32);
}

/* ---------------------------------------------------------------- contracts */

/* Days since some day: good enough for a weight. */
static double
days(int32_t date)
{
	return date / 10000 * 365.25 + date / 100 % 100 * 30.4 + date % 100;
}

static void
add_contract(struct market *m, struct span name, double price, double weight)
{
	size_t n = m->n[OF_BOARD] + m->n[OF_NO_BOARD] + m->n[OF_NO_ROOT];

	m->all[n] = (struct listed){.number = ids_number(&m->feed->ids, name),
	    .price = 100 + (uint32_t)(price * 100),
	    .weight = weight};
}

static void
add_board(struct market *m, const struct book *b)
{
	double spot = strtod(b->header.spot, NULL), today = 0, first = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		double d = days(b->rows[i].key.expiration);

		first = i == 0 || d < first ? d : first;
	}
	today = first;
	for (uint32_t i = 0; i < b->n; i++) {
		const struct book_key *k = &b->rows[i].key;
		double strike = k->strike / 1000.0;
		double away = spot > 0 ? fabs(log(strike / spot)) : 0;
		double ahead = days(k->expiration) - today;
		double in = k->right == 'C' ? spot - strike : strike - spot;

		add_contract(m, span_str(k->ticker),
		    (in > 0 ? in : 0) +
			spot * 0.002 * sqrt(1 + ahead) * exp(-20 * away),
		    exp(-40 * away) / (1 + ahead / 5) + 1e-12);
		m->n[OF_BOARD]++;
	}
}

/* Contracts that no board has: a strike some thousandths beside one of a
 * board's, or the same of a root that is none. */
static void
add_odd(struct market *m, const struct standin *s, const struct book *b)
{
	uint64_t random = b->n;
	char name[40];

	while (m->n[OF_NO_ROOT] < ODD_IDS && b->n > 0) {
		const struct book_row *r =
		    &b->rows[market_random(&random, b->n)];
		size_t n = strlen(r->key.ticker);
		unsigned strike =
		    (unsigned)r->key.strike + 1 + market_random(&random, 8);
		bool is_known = false;

		snprintf(name, sizeof(name), "%.*s%08u", (int)(n - 8),
		    r->key.ticker, strike);
		for (size_t i = 0; i < s->nboards; i++)
			is_known |=
			    book_find(&s->boards[i], span_str(name)) != NULL;
		if (is_known)
			continue;
		if (m->n[OF_NO_BOARD] < ODD_IDS) {
			add_contract(m, span_str(name), 5, 1);
			m->n[OF_NO_BOARD]++;
			continue;
		}
		snprintf(name, sizeof(name), "O:ZZQ%.*s", 15,
		    r->key.ticker + n - 15);
		add_contract(m, span_str(name), 5, 1);
		m->n[OF_NO_ROOT]++;
	}
}

/* -------------------------------------------------------------------- pools */

static void
fill_slots(const struct market *m, struct pool *p)
{
	double total = 0, reached = 0;
	size_t at = 0;

	for (size_t i = 0; i < p->n; i++)
		total += m->all[p->list[i]].weight;
	p->slots = mem_alloc(SLOTS * sizeof(*p->slots));
	for (uint32_t s = 0; s < SLOTS; s++) {
		while (at + 1 < p->n && reached + m->all[p->list[at]].weight <
					    total * (s + 0.5) / SLOTS)
			reached += m->all[p->list[at++]].weight;
		p->slots[s] = p->list[at];
	}
}

static void
fill_pools(struct market *m, bool is_subscribed_only)
{
	for (int ch = 0; ch < CHANNELS; ch++) {
		size_t at = 0;

		for (int o = 0; o < ORIGINS; o++) {
			struct pool *p = &m->pools[ch][o];

			p->list = mem_alloc((m->n[o] + 1) * sizeof(*p->list));
			for (size_t i = 0; i < m->n[o]; i++, at++)
				if (!is_subscribed_only ||
				    feed_wanted(m->feed, (enum channel)ch,
					m->all[at].number))
					p->list[p->n++] = (uint32_t)at;
			if (p->n > 0)
				fill_slots(m, p);
		}
	}
}

/* The board of a symbol that a burst is about: the version-th, or the one
 * that HTTP serves. */
static bool
is_wanted(const struct standin *s, size_t board, const struct market_want *want)
{
	const struct book *b = &s->boards[board];
	size_t version = want->version, before = 0, in_all = 0;

	if (want->symbol.p != NULL &&
	    !span_eq(want->symbol, span_str(b->header.symbol.name)))
		return false;
	if (version == 0)
		version = s->version == 0 ? 1 : s->version;
	for (size_t i = 0; i < s->nboards; i++) {
		if (strcmp(s->boards[i].header.symbol.name,
			b->header.symbol.name) != 0)
			continue;
		before += i <= board;
		in_all++;
	}
	return before == (version < in_all ? version : in_all);
}

struct market *
market_new(struct feed *f, const struct market_want *want, struct err *e)
{
	const struct standin *s = f->server;
	struct market *m = mem_zalloc(sizeof(*m));
	const struct book *one = NULL;
	size_t n = 0;

	m->feed = f;
	for (size_t i = 0; i < s->nboards; i++)
		n += s->boards[i].n;
	m->all = mem_alloc((n + 2 * ODD_IDS) * sizeof(*m->all));
	for (size_t i = 0; i < s->nboards; i++) {
		if (!is_wanted(s, i, want))
			continue;
		one = &s->boards[i];
		add_board(m, one);
	}
	if (m->n[OF_BOARD] == 0) {
		market_free(m);
		err_set(e, EX_USAGE, "BOARD", "no such board, or an empty one");
		return NULL;
	}
	add_odd(m, s, one);
	fill_pools(m, want->is_subscribed_only);
	return m;
}

void
market_free(struct market *m)
{
	for (int ch = 0; m != NULL && ch < CHANNELS; ch++)
		for (int o = 0; o < ORIGINS; o++) {
			free(m->pools[ch][o].list);
			free(m->pools[ch][o].slots);
		}
	if (m != NULL)
		free(m->all);
	free(m);
}

bool
market_has(const struct market *m, enum channel ch)
{
	return m->pools[ch][OF_BOARD].n > 0;
}

/* ------------------------------------------------------------------- events */

/* A ticker's next q. */
static uint64_t
next_q(struct feed *f, size_t number, uint64_t *random)
{
	size_t had = f->nq;
	uint64_t h = 0;

	if (number >= had) {
		f->nq = f->ids.cap;
		f->q = mem_grow(f->q, f->nq, sizeof(*f->q));
		memset(f->q + had, 0, (f->nq - had) * sizeof(*f->q));
	}
	if (f->q[number] == 0) { /* of its name: numbers depend on who asked */
		for (const char *p = f->ids.names[number]; *p != '\0'; p++)
			h = h * 31 + (unsigned char)*p;
		f->q[number] = 100000000 + h % 800000000;
	}
	return f->q[number] += 1 + market_random(random, 1000);
}

void
market_tick(struct market *m, uint64_t *random, enum channel ch,
    enum origin origin, struct tick *out)
{
	const struct pool *p = &m->pools[ch][origin];
	const struct listed *c;

	if (p->n == 0)
		p = &m->pools[ch][origin = OF_BOARD];
	if (market_random(random, 10) == 0)
		c = &m->all[p->list[market_random(random, (uint32_t)p->n)]];
	else
		c = &m->all[p->slots[market_random(random, SLOTS)]];
	*out =
	    (struct tick){.channel = ch, .origin = origin, .number = c->number};
	out->q = next_q(m->feed, c->number, random);
	out->price = c->price * (950 + market_random(random, 101)) / 1000 +
		     market_random(random, 10);
	out->other = out->price + 5 + market_random(random, 60);
	out->size = 1 + market_random(random, 90);
	out->size2 = 1 + market_random(random, 90);
}

/* -------------------------------------------------------------------- words */

static char *
put_text(char *p, const char *text)
{
	size_t n = strlen(text);

	memcpy(p, text, n);
	return p + n;
}

static char *
put_int(char *p, uint64_t v)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	while (n > 0)
		*p++ = digits[--n];
	return p;
}

static char *
put_cents(char *p, uint32_t v)
{
	p = put_int(p, v / 100);
	if (v % 100 == 0)
		return p;
	*p++ = '.';
	*p++ = (char)('0' + v / 10 % 10);
	if (v % 10 != 0)
		*p++ = (char)('0' + v % 10);
	return p;
}

static char *
put_time(char *p, int64_t t, int64_t scale)
{
	return put_int(p, (uint64_t)(scale > 0 ? t * scale : t / -scale));
}

static char *
put_quote(char *p, const struct tick *t, int64_t scale)
{
	p = put_text(p, "\",\"bx\":302,\"ax\":");
	p = put_int(p, 300 + t->size % 20);
	p = put_cents(put_text(p, ",\"bp\":"), t->price);
	p = put_cents(put_text(p, ",\"ap\":"), t->other);
	p = put_int(put_text(p, ",\"bs\":"), t->size);
	p = put_int(put_text(p, ",\"as\":"), t->size2);
	p = put_time(put_text(p, ",\"t\":"), t->t, scale);
	return put_int(put_text(p, ",\"q\":"), t->q);
}

static char *
put_trade(char *p, const struct tick *t, int64_t scale)
{
	p = put_text(p, "\",\"x\":");
	p = put_int(p, 300 + t->size2 % 20);
	p = put_cents(put_text(p, ",\"p\":"), t->price);
	p = put_int(put_text(p, ",\"s\":"), t->size);
	p = put_int(put_text(p, ",\"c\":["), 209 + t->size % 40);
	p = put_time(put_text(p, "],\"t\":"), t->t, scale);
	return put_int(put_text(p, ",\"q\":"), t->q);
}

/* A second's or a minute's; the day's volume grows as q does. */
static char *
put_bar(char *p, const struct tick *t, int64_t scale)
{
	int64_t window = t->channel == CH_A ? 1000 : 60000;
	int64_t start = t->t / window * window;

	p = put_int(put_text(p, "\",\"v\":"), t->size);
	p = put_int(put_text(p, ",\"av\":"), t->q / 100);
	p = put_cents(put_text(p, ",\"op\":"), t->price + 7);
	p = put_cents(put_text(p, ",\"vw\":"), t->price + 2);
	p = put_cents(put_text(p, ",\"o\":"), t->price + 1);
	p = put_cents(put_text(p, ",\"c\":"), t->price);
	p = put_cents(put_text(p, ",\"h\":"), t->other);
	p = put_cents(put_text(p, ",\"l\":"), t->price);
	p = put_cents(put_text(p, ",\"a\":"), t->price + 3);
	p = put_int(put_text(p, ",\"z\":"), 1 + t->size / 3);
	p = put_time(put_text(p, ",\"s\":"), start, scale);
	return put_time(put_text(p, ",\"e\":"), start + window, scale);
}

void
market_write(
    const struct feed *f, const struct tick *t, int64_t scale, struct buf *b)
{
	const char *name = f->ids.names[t->number];
	char *p;

	buf_clear(b);
	buf_reserve(b, 512 + strlen(name));
	p = put_text(b->p, "{\"ev\":\"");
	p = put_text(p, channel_names[t->channel]);
	p = put_text(put_text(p, "\",\"sym\":\""), name);
	if (t->channel == CH_Q)
		p = put_quote(p, t, scale);
	else if (t->channel == CH_T)
		p = put_trade(p, t, scale);
	else
		p = put_bar(p, t, scale);
	*p++ = '}';
	b->n = (size_t)(p - b->p);
	*p = '\0';
}
