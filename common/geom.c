/* SPDX-License-Identifier: ISC */
/* geom: see geom.h. */
#include <stdlib.h>

#include "geom.h"
#include "sha.h"

#define ROOT_MAX 12
#define SUFFIX 15 /* yymmdd, right and strike, at the end of every id */
#define STRIKE_DIGITS 8

/* Two decimal digits at p; -1 when they are not. */
static inline int32_t
read_pair(const char *p)
{
	unsigned int tens = (unsigned int)p[0] - '0';
	unsigned int ones = (unsigned int)p[1] - '0';

	return tens > 9 || ones > 9 ? -1 : (int32_t)(tens * 10 + ones);
}

/* The same of the STRIKE_DIGITS of a strike. */
static inline int32_t
read_strike(const char *p)
{
	int32_t a = read_pair(p), b = read_pair(p + 2);
	int32_t c = read_pair(p + 4), d = read_pair(p + 6);

	if ((a | b | c | d) < 0)
		return -1;
	return a * 1000000 + b * 10000 + c * 100 + d;
}

static bool
is_root(struct span s)
{
	size_t i;
	char c;

	if (s.n < 1 || s.n > ROOT_MAX)
		return false;
	for (i = 0; i < s.n; i++) {
		c = s.p[i];
		if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.')
			return false;
	}
	return true;
}

/* yymmdd at p to YYYY-MM-DD; -1 when there is no such day. */
static int
read_date(const char *p, char out[DATE_TEXT])
{
	int32_t y = read_pair(p), m = read_pair(p + 2);
	int32_t d = read_pair(p + 4);

	if (y < 0 || d < 1 || d > clock_month_days(2000 + y, m))
		return -1;
	memcpy(out, "20yy-mm-dd", DATE_TEXT);
	memcpy(out + 2, p, 2);
	memcpy(out + 5, p + 2, 2);
	memcpy(out + 8, p + 4, 2);
	return 0;
}

/* From the right: a root may itself end in digits (GOOG1). */
int
geom_id_parse(struct span id, struct geom_id *out)
{
	const char *tail;

	if (id.n < 2 + 1 + SUFFIX || id.p[0] != 'O' || id.p[1] != ':')
		return -1;
	tail = id.p + id.n - SUFFIX;
	out->root = (struct span){id.p + 2, id.n - 2 - SUFFIX};
	out->right = tail[6];
	out->strike_milli = read_strike(tail + 7);
	if (!is_root(out->root) || out->strike_milli <= 0 ||
	    (out->right != 'C' && out->right != 'P'))
		return -1;
	return read_date(tail, out->expiration);
}

void
geom_strike_text(int32_t milli, char out[STRIKE_TEXT])
{
	char text[12], *p = text + sizeof(text);
	int32_t rest = milli % 1000;
	int place;

	for (place = 0; place < 3; place++, rest /= 10)
		if (p != text + sizeof(text) || rest % 10 != 0)
			*--p = (char)('0' + rest % 10);
	if (p != text + sizeof(text))
		*--p = '.';
	milli /= 1000;
	do {
		*--p = (char)('0' + milli % 10);
		milli /= 10;
	} while (milli != 0);
	memcpy(out, p, (size_t)(text + sizeof(text) - p));
	out[text + sizeof(text) - p] = '\0';
}

int
geom_strike_parse(struct span text, int32_t *milli)
{
	struct span whole = text;
	const char *dot;
	int64_t v;
	size_t i, places = 0;

	if (text.n == 0)
		return -1;
	dot = memchr(text.p, '.', text.n);
	if (dot != NULL) {
		whole.n = (size_t)(dot - text.p);
		places = text.n - whole.n - 1;
		if (places < 1 || places > 3)
			return -1;
	}
	if (whole.n > 5 || span_int(whole, &v) == -1)
		return -1;
	for (i = 0; i < 3; i++) {
		v *= 10;
		if (i >= places)
			continue;
		if (dot[1 + i] < '0' || dot[1 + i] > '9')
			return -1;
		v += dot[1 + i] - '0';
	}
	if (v <= 0)
		return -1;
	*milli = (int32_t)v;
	return 0;
}

/* The distinct strikes met so far: an open hash table, 0 is a free place (no
 * strike is 0).  A board has some thousand strikes at most, many times over. */
struct strikes {
	int32_t *slot;
	size_t cap, n; /* cap is a power of two */
};

static void
strikes_add(struct strikes *s, int32_t milli)
{
	struct strikes old = *s;
	size_t i;

	if (2 * s->n >= s->cap) {
		s->cap = s->cap == 0 ? 1024 : s->cap * 2;
		s->slot = mem_zalloc(s->cap * sizeof(*s->slot));
		s->n = 0;
		for (i = 0; i < old.cap; i++)
			if (old.slot[i] != 0)
				strikes_add(s, old.slot[i]);
		free(old.slot);
	}
	i = (uint32_t)milli * UINT32_C(2654435761) >> 7;
	for (i &= s->cap - 1; s->slot[i] != 0; i = (i + 1) & (s->cap - 1))
		if (s->slot[i] == milli)
			return;
	s->slot[i] = milli;
	s->n++;
}

static int
compare_strikes(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* Ascending, one a line, in thousandths.  The table is used up. */
static void
strikes_write(struct strikes *s, struct buf *b)
{
	size_t i, n = 0;

	for (i = 0; i < s->cap; i++)
		if (s->slot[i] != 0)
			s->slot[n++] = s->slot[i];
	if (n > 0)
		qsort(s->slot, n, sizeof(*s->slot), compare_strikes);
	for (i = 0; i < n; i++) {
		buf_int(b, s->slot[i]);
		buf_char(b, '\n');
	}
	free(s->slot);
}

/* Dates as met: an id's neighbours share its date, so that few come twice. */
struct dates {
	char (*text)[DATE_TEXT];
	size_t cap, n;
};

static void
dates_add(struct dates *d, const char date[DATE_TEXT])
{
	if (d->n > 0 && memcmp(d->text[d->n - 1], date, DATE_TEXT) == 0)
		return;
	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? 64 : d->cap * 2;
		d->text = mem_grow(d->text, d->cap, sizeof(*d->text));
	}
	memcpy(d->text[d->n++], date, DATE_TEXT);
}

static int
compare_dates(const void *a, const void *b)
{
	return memcmp(a, b, DATE_TEXT);
}

/* Ascending and distinct, one a line; returns their number. */
static size_t
dates_write(struct dates *d, struct buf *b)
{
	size_t i, n = 0;

	if (d->n > 0)
		qsort(d->text, d->n, sizeof(*d->text), compare_dates);
	for (i = 0; i < d->n; i++) {
		if (i > 0 && compare_dates(d->text[i - 1], d->text[i]) == 0)
			continue;
		buf_add(b, d->text[i], DATE_TEXT - 1);
		buf_char(b, '\n');
		n++;
	}
	free(d->text);
	return n;
}

static int
bad_id(struct span id, struct err *e)
{
	return err_set(e, EX_DATAERR, "BAD_ID", "not a contract id: %.*s",
	    (int)(id.n < 40 ? id.n : 40), id.p);
}

/*
 * The id that follows before (NONE for the first), whose parts are in *id.
 * In sorted ids most neighbours differ in nothing but the strike: then that
 * is all that has to be read, and compared.
 */
static int
next_id(struct span before, struct span at, struct geom_id *id, struct err *e)
{
	size_t same = at.n - STRIKE_DIGITS;
	int32_t last;
	bool ascends;

	if (before.p != NULL && at.n == before.n &&
	    memcmp(at.p, before.p, same) == 0) {
		last = id->strike_milli;
		id->strike_milli = read_strike(at.p + same);
		if (id->strike_milli <= 0)
			return bad_id(at, e);
		ascends = last < id->strike_milli;
	} else {
		if (geom_id_parse(at, id) == -1)
			return bad_id(at, e);
		ascends = before.p == NULL || span_cmp(before, at) < 0;
	}
	if (!ascends)
		return err_set(e, EX_SOFTWARE, "ID_ORDER",
		    "ids are not sorted and distinct at %.*s", (int)at.n, at.p);
	return 0;
}

static int
walk_ids(const struct span *ids, size_t n, struct buf *text,
    struct strikes *strikes, struct dates *dates, struct err *e)
{
	struct span before = SPAN_NONE;
	struct geom_id id;
	size_t i;
	char *p;

	for (i = 0; i < n; before = ids[i++]) {
		if (next_id(before, ids[i], &id, e) == -1)
			return -1;
		buf_reserve(text, ids[i].n + 1);
		p = text->p + text->n;
		memcpy(p, ids[i].p, ids[i].n);
		p[ids[i].n] = '\n';
		text->n += ids[i].n + 1;
		strikes_add(strikes, id.strike_milli);
		dates_add(dates, id.expiration);
	}
	if (n > 0)
		text->p[text->n] = '\0';
	return 0;
}

int
geom_summarize(const struct span *ids, size_t n, struct buf *text,
    struct geom_summary *out, struct err *e)
{
	struct buf own = {0}, grid = {0};
	struct strikes strikes = {0};
	struct dates dates = {0};
	int r;

	if (text == NULL)
		text = &own;
	buf_clear(text);
	buf_reserve(text, n * 24);
	r = walk_ids(ids, n, text, &strikes, &dates, e);
	out->contracts = n;
	out->strikes = strikes.n;
	strikes_write(&strikes, &grid);
	buf_str(&grid, "--\n");
	out->expirations = dates_write(&dates, &grid);
	if (r == 0) {
		sha256_hex(buf_view(text), out->geometry_hash);
		sha256_hex(buf_view(&grid), out->grid_hash);
	}
	buf_free(&own);
	buf_free(&grid);
	return r;
}

long
geom_split(struct span text, struct span **ids)
{
	const char *p = text.p, *end = text.p + text.n, *nl;
	struct span *list = NULL;
	size_t n = 0, cap = 0;

	*ids = NULL;
	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (n == cap) {
			cap = cap == 0 ? 1024 : cap * 2;
			list = mem_grow(list, cap, sizeof(*list));
		}
		if (nl == NULL || nl == p)
			goto bad;
		list[n] = (struct span){p, (size_t)(nl - p)};
		if (n > 0 && span_cmp(list[n - 1], list[n]) >= 0)
			goto bad;
		n++;
	}
	*ids = list == NULL ? mem_alloc(sizeof(*list)) : list;
	return (long)n;
bad:
	free(list);
	return -1;
}

void
geom_diff(const struct span *a, size_t na, const struct span *b, size_t nb,
    void (*left)(struct span, void *), void (*entered)(struct span, void *),
    void *ctx)
{
	size_t i = 0, j = 0;
	int c;

	while (i < na || j < nb) {
		if (i == na)
			c = 1;
		else if (j == nb)
			c = -1;
		else
			c = span_cmp(a[i], b[j]);
		if (c < 0 && left != NULL)
			left(a[i], ctx);
		if (c > 0 && entered != NULL)
			entered(b[j], ctx);
		i += c <= 0;
		j += c >= 0;
	}
}
