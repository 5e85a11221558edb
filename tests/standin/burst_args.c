/* SPDX-License-Identifier: ISC */
/* burst_args: COUNT RATE [NAME=VALUE]..., and what --help says of them. */
#include "burst.h"

static int
bad(struct err *e, struct span word)
{
	err_set(e, EX_USAGE, "BURST", "not a burst's: %.*s", (int)word.n,
	    word.p == NULL ? "" : word.p);
	return -1;
}

/* "N" or "N:M". */
static int
read_two(struct span text, int64_t *n, int64_t *m)
{
	const char *colon = memchr(text.p, ':', text.n);
	struct span first = text;

	if (m == NULL || colon == NULL)
		return m != NULL ? -1 : span_int(text, n);
	first.n = (size_t)(colon - text.p);
	if (span_int(first, n) != 0)
		return -1;
	return span_int((struct span){colon + 1, text.n - first.n - 1}, m);
}

/* "Q:9,T:1". */
static int
read_kinds(struct burst *b, struct span text)
{
	const char *comma;
	struct span one, name;
	int64_t share;
	enum channel ch;

	memset(b->kinds, 0, sizeof(b->kinds));
	b->kinds_sum = 0;
	for (; text.n > 0; text.p += one.n, text.n -= one.n) {
		comma = memchr(text.p, ',', text.n);
		one = text;
		if (comma != NULL)
			one.n = (size_t)(comma - text.p);
		name = one;
		while (name.n > 0 && name.p[name.n - 1] != ':')
			name.n--;
		if (name.n == 0)
			return -1;
		ch = channel_of((struct span){name.p, name.n - 1});
		if (ch > CH_AM ||
		    span_int((struct span){name.p + name.n, one.n - name.n},
			&share) != 0)
			return -1;
		b->kinds_sum += share - b->kinds[ch];
		b->kinds[ch] = share;
		if (comma != NULL)
			one.n++;
	}
	return b->kinds_sum > 0 ? 0 : -1;
}

static int
read_unit(struct burst *b, struct span text)
{
	static const struct {
		const char *name;
		int64_t scale;
	} units[] = {{"s", -1000}, {"ms", 1}, {"us", 1000}, {"ns", 1000000}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!span_eq(text, span_str(units[i].name)))
			continue;
		b->scale = units[i].scale;
		return 0;
	}
	return -1;
}

static int
read_pick(struct burst *b, struct span text)
{
	b->from.is_subscribed_only = span_eq(text, SPAN_LIT("subscribed"));
	return b->from.is_subscribed_only || span_eq(text, SPAN_LIT("board"))
		   ? 0
		   : -1;
}

static int
read_named(struct burst *b, struct span name, struct span value)
{
	const struct {
		const char *name;
		int64_t *n, *m;
	} numbers[] = {{"seed", &b->seed, NULL}, {"start", &b->start, NULL},
	    {"unknown", &b->unknown, NULL}, {"foreign", &b->foreign, NULL},
	    {"duplicate", &b->again, NULL}, {"reorder", &b->window, NULL},
	    {"late", &b->late, &b->late_ms},
	    {"future", &b->future, &b->future_ms}, {"frame", &b->frame, NULL}};
	int64_t version;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (span_eq(name, span_str(numbers[i].name)))
			return read_two(value, numbers[i].n, numbers[i].m);
	if (span_eq(name, SPAN_LIT("kinds")))
		return read_kinds(b, value);
	if (span_eq(name, SPAN_LIT("unit")))
		return read_unit(b, value);
	if (span_eq(name, SPAN_LIT("pick")))
		return read_pick(b, value);
	if (span_eq(name, SPAN_LIT("symbol"))) {
		b->from.symbol = value;
		return 0;
	}
	if (!span_eq(name, SPAN_LIT("board")) || span_int(value, &version) != 0)
		return -1;
	b->from.version = (size_t)version;
	return 0;
}

static bool
is_sane(const struct burst *b)
{
	return b->unknown + b->foreign <= 100 && b->again <= 100 &&
	       b->late <= 100 && b->future <= 100 &&
	       b->window <= BURST_WINDOW_MAX;
}

int
burst_read(struct burst *b, struct span args, struct err *e)
{
	struct span word, name;
	int at = 0;

	while (word_next(&args, &word)) {
		const char *eq = memchr(word.p, '=', word.n);

		if (at < 2) {
			if (span_int(word, at++ == 0 ? &b->count : &b->rate) !=
			    0)
				return bad(e, word);
			continue;
		}
		if (eq == NULL)
			return bad(e, word);
		name = (struct span){word.p, (size_t)(eq - word.p)};
		if (read_named(b, name,
			(struct span){eq + 1, word.n - name.n - 1}) != 0)
			return bad(e, word);
	}
	return at == 2 && is_sane(b) ? 0 : bad(e, args);
}

void
burst_help(struct buf *b)
{
	buf_str(b,
	    "burst COUNT RATE [NAME=VALUE]...: COUNT made-up events, RATE a "
	    "second (0: as\n"
	    "fast as they are taken); only what is subscribed is sent.  "
	    "Shares in percent.\n"
	    "  seed=N             same seed, same events (1)\n"
	    "  kinds=Q:9,T:1      shares of Q, T, A and AM\n"
	    "  pick=board|subscribed\n"
	    "                     of all contracts, or only of those that are "
	    "subscribed\n"
	    "  unknown=P          of contracts that no board has (0); with "
	    "pick=subscribed only\n"
	    "                     on channels that are subscribed whole\n"
	    "  foreign=P          of roots that no board has (0)\n"
	    "  start=MS           t of the first; the others follow by RATE, "
	    "not by the clock\n"
	    "  unit=s|ms|us|ns    of t (ms)\n"
	    "  duplicate=P        sent twice (0)\n"
	    "  reorder=N          shuffled among N that follow each other (0)\n"
	    "  late=P:MS          t that much earlier (0)\n"
	    "  future=P:MS        t that much later (0)\n"
	    "  frame=BYTES        events collected into messages so long "
	    "(16384)\n"
	    "  symbol=NAME        one board's only (all)\n"
	    "  board=N            of its N-th version (the one that HTTP "
	    "serves)\n");
}
