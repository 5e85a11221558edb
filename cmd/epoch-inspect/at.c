/* SPDX-License-Identifier: ISC */
/*
 * Which epoch was the active one at a moment, by what Redis remembers: the
 * newest of the timeline that had begun by then.
 *
 * An epoch's meta has no moment of its commit, only times of records: it
 * begins with its snapshot's end, which is what its predecessor keeps as
 * superseded_ts.  Meta outlives the contracts, so a retired epoch is named,
 * too.
 */
#include <stdlib.h>

#include "clock.h"
#include "row.h"

static const struct column columns[] = {
    {"SYMBOL", "symbol", 8},
    {"EPOCH_ID", "epoch_id", 24},
    {"SINCE(UTC)", "since", 21},
    {"UNTIL(UTC)", "until", 21},
    {"REASON", "reason", 10},
    {"CONTRACTS", "contract_count", 11},
    {"MARKS", "marks", 7},
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void
say_none(struct inspect *in, const char *symbol, const struct row *oldest)
{
	struct err e;
	char first[20], then[20];

	clock_utc_text(in->now, then);
	clock_utc_text(oldest == NULL ? 0 : oldest->since, first);
	if (oldest == NULL)
		err_set(&e, EX_NO, "NO_EPOCH", "no epoch on the timeline");
	else
		err_set(&e, EX_NO, "NO_EPOCH",
		    "none at %s UTC: the oldest %s begins at %s", then,
		    hash_get(&oldest->meta, "prev").p == NULL
			? "epoch"
			: "that is remembered",
		    first);
	inspect_fail(in, symbol, &e);
}

/* The row of the epoch of then, of this symbol; NULL: there was none, and
 * *oldest says which one came first, if any did. */
static const struct row *
choose(const struct inspect *in, const char *symbol, const struct row *rows,
    size_t n, const struct row **oldest)
{
	*oldest = NULL;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].t->symbol, symbol) != 0)
			continue;
		if (rows[i].since <= in->now)
			return &rows[i];
		*oldest = &rows[i];
	}
	return NULL;
}

/* Of each symbol one row, into chosen, which is all zero. */
static void
choose_all(struct inspect *in, struct target *symbols, size_t n_symbols,
    const struct row *rows, size_t n, struct row *chosen)
{
	for (size_t i = 0; i < n_symbols; i++) {
		struct target *t = &symbols[i];
		const struct row *oldest, *r;

		r = choose(in, t->symbol, rows, n, &oldest);
		if (r != NULL) {
			chosen[i] = *r;
			continue;
		}
		say_none(in, t->symbol, oldest);
		t->id[0] = '\0'; /* and not the one of now */
		chosen[i].t = t;
	}
}

int
view_at(struct inspect *in, struct err *e)
{
	struct target *symbols, *list = NULL;
	struct row *rows, *chosen;
	size_t n_symbols, n = 0;
	int rc = 0;

	if (targets_resolve(in, &symbols, &n_symbols, e) < 0)
		return -1;
	n_symbols = targets_sort(symbols, n_symbols);
	for (size_t i = 0; i < n_symbols && rc == 0; i++)
		rc = targets_timeline(in, symbols[i].symbol, &list, &n, e);
	if (rc == 0)
		rc = rows_read(in, list, n, &rows, e);
	if (rc == 0) {
		rows_since(rows, n);
		chosen = mem_zalloc((n_symbols + 1) * sizeof(*chosen));
		choose_all(in, symbols, n_symbols, rows, n, chosen);
		rows_print(in, chosen, n_symbols, columns, N_COLUMNS);
		free(chosen); /* what its rows own is of rows */
		rows_free(rows, n);
	}
	free(list);
	free(symbols);
	return rc;
}
