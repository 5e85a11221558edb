/* SPDX-License-Identifier: ISC */
/*
 * filter: which contracts of a board are asked for.  A filtered fetch is a
 * window, so the filter travels with it as text, and equal filters have equal
 * texts however they were written.
 *
 * Source: docs/STREAM.md "Filters".
 * Layer: knows err, buf, clock, geom, opt, contract.
 */
#ifndef EPOCH_FILTER_H
#define EPOCH_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "contract.h"
#include "geom.h"

/* {0} lets everything pass.  Bounds are inclusive. */
struct filter {
	char first[DATE_TEXT], last[DATE_TEXT]; /* expirations; "": open */
	int32_t lowest, highest;                /* thousandths; 0: open */
	bool has_days;
	int days;
};

#define FILTER_TEXT 96

/* Options' arguments: FROM:TO, either end may be missing.  -1: malformed. */
int filter_set_expirations(struct filter *f, const char *arg);
int filter_set_strikes(struct filter *f, const char *arg);
int filter_set_days(struct filter *f, const char *arg);

/* "exp=2026-07-24..2026-08-21;days=30;strike=7000..8000"; "" when open. */
void filter_text(const struct filter *f, char out[FILTER_TEXT]);

/* The reverse of filter_text.  -1: not such a text. */
int filter_parse(struct filter *f, const char *text);

/* The filter as it applies to a snapshot of time ts, days made a date. */
struct filter filter_at(const struct filter *f, int64_t ts);

bool filter_match(const struct filter *at, const struct contract *c);

/* The same of a contract of which only the id is known. */
bool filter_match_id(const struct filter *at, const struct geom_id *id);

#endif
