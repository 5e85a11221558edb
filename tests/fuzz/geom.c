/* SPDX-License-Identifier: ISC */
/*
 * fuzz/geom: ids are what a second, plainer reading says they are; and the
 * hash of a board depends on its set of ids alone.
 *
 * Input: text.  Its lines are candidates for ids.
 */
#include <stdlib.h>

#include "board.h"
#include "geom.h"
#include "line.h"

#define IDS_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static bool
among(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* ^O:[A-Z0-9.]{1,12}[0-9]{6}[CP][0-9]{8}$, a date, a strike. */
static bool
is_id(struct span s)
{
	static const int days[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	char text[32];
	size_t i;
	int date, d, m;

	if (s.n < 18 || s.n > 29 || memchr(s.p, '\0', s.n) != NULL)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (strncmp(text, "O:", 2) != 0 || !among(text[s.n - 9], "CP") ||
	    strcmp(text + s.n - 8, "00000000") == 0)
		return false;
	for (i = 2; i < s.n; i++) {
		if (i < s.n - 15
			? !among(
			      text[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.")
			: i != s.n - 9 && !among(text[i], "0123456789"))
			return false;
	}
	text[s.n - 9] = '\0';
	date = atoi(text + s.n - 15);
	d = date % 100;
	m = date / 100 % 100;
	return m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] &&
	       (m != 2 || d < 29 || date / 10000 % 4 == 0);
}

/* A line of our own for an id, by way of strike text and its reading. */
static void
write_line(struct buf *b, struct span id, const struct geom_id *parts)
{
	char strike[STRIKE_TEXT];
	int32_t milli;

	geom_strike_text(parts->strike_milli, strike);
	require(geom_strike_parse(span_str(strike), &milli) == 0);
	require(milli == parts->strike_milli);
	buf_clear(b);
	buf_fmt(b,
	    "{\"type\":\"contract\",\"ts\":1,\"symbol\":\"X\",\"id\":\"%.*s\","
	    "\"expiration\":\"%s\",\"strike\":%s,\"right\":\"%s\"}",
	    (int)id.n, id.p, parts->expiration, strike,
	    parts->right == 'C' ? "call" : "put");
}

static void
add(struct board *b, struct span id)
{
	struct line_reader cr = {0};
	struct geom_id parts;
	struct contract c;
	struct buf line = {0};
	struct err e;

	require(geom_id_parse(id, &parts) == 0);
	write_line(&line, id, &parts);
	require(line_read(&cr, buf_view(&line), &c, &e) == 0);
	require(board_add(b, &c, buf_view(&line), &e) == 0);
	buf_free(&line);
	line_reader_free(&cr);
}

static void
summarize(struct board *b, struct geom_summary *out)
{
	struct buf text = {0};
	struct span *ids, *again;
	struct err e;

	require(board_seal(b, &e) == 0);
	ids = board_ids(b);
	require(geom_summarize(ids, b->n, &text, out, &e) == 0);
	require(geom_split(buf_view(&text), &again) == (long)b->n);
	free(again);
	free(ids);
	buf_free(&text);
	board_free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *end = p + n, *nl;
	struct board a = {0}, b = {0};
	struct geom_summary sa, sb;
	struct span ids[IDS_MAX];
	struct geom_id parts;
	size_t n_ids = 0, i;

	for (; p < end && n_ids < IDS_MAX; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		ids[n_ids] = (struct span){p, (size_t)(nl - p)};
		require((geom_id_parse(ids[n_ids], &parts) == 0) ==
			is_id(ids[n_ids]));
		n_ids += is_id(ids[n_ids]);
	}
	for (i = 0; i < n_ids; i++)
		add(&a, ids[i]);
	for (i = n_ids; i > 0; i--) {
		add(&b, ids[i - 1]);
		if (i % 3 == 0)
			add(&b, ids[n_ids - i]);
	}
	summarize(&a, &sa);
	summarize(&b, &sb);
	require(strcmp(sa.geometry_hash, sb.geometry_hash) == 0);
	require(strcmp(sa.grid_hash, sb.grid_hash) == 0);
	require(sa.contracts == sb.contracts && sa.strikes == sb.strikes);
	require(sa.expirations == sb.expirations);
	return 0;
}
