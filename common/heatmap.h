/* SPDX-License-Identifier: ISC */
/*
 * heatmap: what option strategies cost, strike by width.  Pure.
 *
 * A function of the contracts' quotes and the moment alone.  A sheet is made
 * of one expiration, root, strategy and right; a tile of it of up to three
 * legs, whose prices are added as integers (price.h), so the numbers that are
 * written are exact.  What a sheet looks like does not depend on which legs
 * changed: sheets whose legs changed are computed anew, tiles whose numbers
 * stayed keep their text, so an incremental result is the full one, byte for
 * byte.
 *
 * Source: docs/STREAM.md, heatmap and heatmap_sheet; docs/man/model-heatmap.1.
 * Layer: knows err, buf, num, geom, contract, symbol, settle, rec, price.
 */
#ifndef EPOCH_HEATMAP_H
#define EPOCH_HEATMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "contract.h"
#include "err.h"
#include "geom.h"

#define HEATMAP_WIDTHS_MAX 32
#define HEATMAP_NO_TS (-1)
#define HEATMAP_NAME_MAX 80 /* DATE:ROOT:STRATEGY:RIGHT */

enum heatmap_strategy {
	HEATMAP_SINGLE,
	HEATMAP_VERTICAL,
	HEATMAP_BUTTERFLY,
	HEATMAP_STRATEGIES
};
extern const char *const heatmap_strategies[]; /* ends with NULL */

/* Why there is no tile: of several reasons the last one here. */
enum heatmap_why {
	HEATMAP_IN,
	HEATMAP_STALE,     /* a leg older than max_age_ms */
	HEATMAP_TOO_LARGE, /* a price of 10^6 $ or more */
	HEATMAP_CROSSED,   /* ask below bid */
	HEATMAP_ZERO_BID,
	HEATMAP_NO_QUOTE,   /* bid or ask unknown (an ask of 0 is) */
	HEATMAP_NOT_LISTED, /* a wing */
	HEATMAP_ADJUSTED,   /* root ends in a digit */
	HEATMAP_WHYS
};
extern const char *const heatmap_whys[];

/* What a tile's prices say of the quotes behind them. */
enum heatmap_flag {
	HEATMAP_NEGATIVE = 1, /* mid below 0 */
	HEATMAP_BOUNDS = 2,   /* mid outside what it can be worth */
	HEATMAP_MONOTONE = 4, /* beside a neighbour, beyond both spreads */
	HEATMAP_PARITY = 8,   /* call and put fly, beyond both spreads */
	HEATMAP_FLAGS = 4
};

struct heatmap_conf {
	size_t expirations;                 /* the nearest so many dates */
	int32_t widths[HEATMAP_WIDTHS_MAX]; /* thousandths, ascending … */
	size_t n_widths;                    /* … 0: those of the symbol */
	int64_t max_age_ms;                 /* of a leg; 0: any */
	bool zero_bid;                      /* a bid of 0 will do */
};

struct heatmap_leg {
	int32_t strike; /* thousandths */
	uint32_t run;
	bool known; /* bid and ask are */
	bool large; /* beyond what price.h holds */
	int64_t bid, ask, ts;
	enum heatmap_why why;
};

struct heatmap_tile {
	int64_t mid, natural; /* halves of 10^-12 $ */
	int64_t oldest;       /* quote_ts of its legs; HEATMAP_NO_TS */
	uint8_t why, flags;
	bool kept;      /* its text is what stands in the sheet's … */
	uint32_t at, n; /* … here */
};

struct heatmap_sheet {
	char name[HEATMAP_NAME_MAX];
	struct heatmap_tile *tiles; /* strikes × widths */
	bool stale;                 /* text is not what tiles are */
	int64_t ts;                 /* text's */
	struct buf text;            /* the record, with its newline */
	size_t n;                   /* tiles in it */
	size_t missing[HEATMAP_WHYS];
	bool changed; /* by the last heatmap_compute */
};

/* The contracts of one expiration, root and right: neighbours among ids. */
struct heatmap_run {
	char expiration[DATE_TEXT];
	struct span root;
	bool call, adjusted;
	int64_t settles;
	size_t first, n; /* legs */
	size_t partner;  /* the run of the other right; SIZE_MAX: none */
	bool picked;     /* it has sheets */
	bool stale;      /* they are not what its legs are */
	/* of its legs */
	int64_t newest_ts, oldest_used_ts, newest_stale_ts;
	size_t used;
	/* n × widths: the leg that far below and above; -1: not listed */
	int32_t *lower, *upper;
	struct heatmap_sheet sheets[HEATMAP_STRATEGIES];
};

struct heatmap {
	struct heatmap_conf conf;
	char symbol[24], epoch_id[64];
	bool european;
	struct heatmap_leg *legs; /* in the order of the ids */
	size_t n;
	struct heatmap_run *runs;
	size_t n_runs;
	int64_t instant; /* of the valuation; HEATMAP_NO_TS */
	int32_t widths[HEATMAP_WIDTHS_MAX];
	size_t n_widths;
	/* every sheet, by expiration, root, strategy, right */
	struct heatmap_sheet **sheets;
	size_t n_sheets;
	/* names of sheets that the last heatmap_compute removed */
	char (*gone)[HEATMAP_NAME_MAX];
	size_t n_gone;
	struct buf spare;
	/* totals */
	size_t tiles, missing[HEATMAP_WHYS], contracts;
	size_t adjusted; /* tiles of adjusted contracts, were there any */
	int64_t ts;      /* the newest input's */
};

/* Fields of a contract that heatmap_take reads. */
#define HEATMAP_FIELDS 3
extern const enum contract_field heatmap_fields[HEATMAP_FIELDS];

/* A board of these ids, sorted, which outlive it; NULL and *e (65) when one
 * is no option id. */
struct heatmap *heatmap_open(const struct heatmap_conf *conf,
    const char *symbol, const char *epoch_id, const struct span *ids, size_t n,
    struct err *e);
void heatmap_close(struct heatmap *h);

/* The quote of contract i. */
void heatmap_take(struct heatmap *h, size_t i, const struct contract *c);

/* Compute what changed; instant: ms, HEATMAP_NO_TS when unknown. */
void heatmap_compute(struct heatmap *h, int64_t instant);

/* The head, after heatmap_compute; meta as texts, SPAN_NONE when unknown. */
void heatmap_head(const struct heatmap *h, int64_t seq,
    struct span geometry_hash, struct span spot, struct buf *b);

/* Between the parts of heatmap. */

/* heatmap_pick.c: which expirations, which widths, which sheets. */
void heatmap_pick(struct heatmap *h);
void heatmap_unpick(struct heatmap_run *r);

/* heatmap_tile.c: tiles of a run's sheets, then what they say of each other
 * (which needs the partner's), then their text. */
void heatmap_values(struct heatmap *h, struct heatmap_run *r);
void heatmap_flags(struct heatmap *h, struct heatmap_run *r);
void heatmap_text(struct heatmap *h, struct heatmap_run *r);

#endif
