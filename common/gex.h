/* SPDX-License-Identifier: ISC */
/*
 * gex: gamma exposure of one board.  Pure.
 *
 * A function of the contracts' values, spot and its time alone: what a
 * contract contributes is kept with it, and everything is added up anew, in
 * the order of the ids, so that an incremental result is the full one, bit
 * for bit.  Every convention is named in the record.
 *
 * Source: docs/STREAM.md, gex; docs/man/model-gex.1, CONVENTIONS.
 * Layer: knows err, buf, clock, num, bs, geom, contract, settle, rec.
 */
#ifndef EPOCH_GEX_H
#define EPOCH_GEX_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "contract.h"
#include "geom.h"
#include "settle.h"

enum gex_unit { GEX_USD_PER_1PCT, GEX_SHARES_PER_PT, GEX_USD_PER_PT };
enum gex_sign { GEX_NAIVE, GEX_SHORT_CALLS, GEX_UNSIGNED };
enum gex_gamma { GEX_VENDOR, GEX_MODEL, GEX_LIVE };
enum gex_wall {
	GEX_GROSS_ABOVE,
	GEX_NET_MAX,
	GEX_GROSS_ANY,
	GEX_OI_ABOVE,
	GEX_WALLS
};
/* The first three tell how, the others of which contracts (re-priced). */
enum gex_flip {
	GEX_REPRICE_NEAREST,
	GEX_REPRICE_FIRST,
	GEX_CUMULATIVE,
	GEX_EX_NEXT_EXPIRY,
	GEX_EX_0DTE,
	GEX_ONLY_0DTE,
	GEX_HORIZON,
	GEX_FLIPS
};
/* What volatilities do in a re-pricing: stay with the strike; or, as a second
 * line, also move with the spot. */
enum gex_skew { GEX_STICKY_STRIKE, GEX_STICKY_MONEYNESS };
enum gex_greek { GEX_DEX = 1, GEX_VEX = 2, GEX_CEX = 4, GEX_CEX_1D = 8 };

extern const char *const gex_units[],
    *const gex_signs[],
	*const gex_gammas[],
	    *const gex_walls[],
		*const gex_flips[],
		    *const gex_skews[]; /* each ends with NULL */

struct gex_conf {
	enum gex_unit unit;
	enum gex_sign sign;
	enum gex_gamma gamma;
	enum gex_wall wall;
	enum gex_flip flip;
	enum gex_skew skew;
	double rate, yield; /* per year */
	unsigned greeks;
	bool keep_settled;
	double min_coverage; /* below it the record says "partial" */
};

/* Why a contract is not in the sums. */
enum gex_why {
	GEX_IN,
	GEX_ADJUSTED, /* root ends in a digit */
	GEX_SETTLED,  /* before the valuation instant */
	GEX_NO_OI,
	GEX_NO_GAMMA, /* neither a gamma nor anything to have it from */
	GEX_NO_SPOT,
	GEX_WHYS
};
extern const char *const gex_whys[];

/* Where the gamma that is used comes from. */
enum gex_source { GEX_FROM_NONE, GEX_FROM_VENDOR, GEX_FROM_IV, GEX_FROM_MID };
extern const char *const gex_sources[];

struct gex_contract {
	/* of the id */
	int32_t strike_milli;
	uint32_t strike, expiration; /* which of gex.strikes, .expirations */
	bool call;
	enum settle_root root;
	int64_t settles;
	double k;
	/* values; NaN: absent */
	double oi, multiplier, iv, gamma, delta, bid, ask, volume;
	int64_t quote_ts;
	/* made of these, spot and its time */
	bool stale; /* they are not, yet */
	bool today; /* settles on the day of the valuation */
	enum gex_why why;
	enum gex_source source;
	double years;
	double vol;       /* that re-pricing uses; NaN: none */
	double used;      /* gamma; NaN: none */
	double by_vendor; /* gamma by the vendor, where it has none by iv */
	double by_model;  /* gamma re-priced from iv */
	double size;      /* oi x multiplier */
	/* re-priced at x: c x exp(-(a ln x + b)^2 / 2); c = 0: not at all */
	double a, b, c;
};

struct gex_row { /* of a strike or an expiration, in the unit */
	double call, put, net;
	double oi_call, oi_put;
	size_t n; /* contracts in it */
};

/* A row as it was last written: most rows of most records are the same as the
 * ones before, and printing a double costs a microsecond. */
struct gex_text {
	double call, put, net;
	char text[112]; /* "" = none yet */
};

struct gex_level {
	bool there;
	double level;
	const char *why; /* when it is not there */
};

struct gex_crossing {
	double level;
	bool up; /* from below zero to above as the spot rises */
};

#define GEX_CROSSINGS_MAX 64

struct gex_expiration {
	char date[DATE_TEXT];
	int64_t settles; /* the first of its roots that has not settled */
	struct gex_row row;
	struct gex_level max_pain;
};

struct gex_sums {
	double net, gross_call, gross_put, net_vendor, net_model;
	double abs_today, oi_call, oi_put, volume_call, volume_put;
	double oi_valued, oi_all; /* for the coverage */
	double dex, vex, cex, cex_1d;
	size_t contracts, excluded[GEX_WHYS], sources[4], assumed;
	int64_t ts; /* the newest input's */
};

struct gex_flipping; /* gex_flip.c */
struct gex_skewing;  /* gex_skew.c */

struct gex {
	struct gex_conf conf;
	char symbol[24];
	struct gex_contract *c; /* in the order of the ids */
	size_t n;
	int32_t *strikes; /* thousandths, ascending */
	struct gex_row *by_strike;
	struct gex_text *texts; /* of strikes, then of expirations */
	size_t n_strikes;
	struct gex_expiration *expirations; /* ascending */
	size_t n_expirations;
	uint32_t *by_date; /* contracts in the order of their expirations */
	/* the moment that everything was computed for */
	bool expected; /* it is known before the values */
	bool has_spot;
	double spot;
	int64_t spot_ts;
	char today[DATE_TEXT];
	double scale; /* from shares per point to the unit */
	/* results */
	struct gex_sums sums;
	struct gex_level call_wall, put_wall, abs_strike, flip, hvl, move;
	struct gex_crossing crossings[GEX_CROSSINGS_MAX];
	size_t n_crossings;
	bool flip_stale;
	struct gex_flipping *flipping;
	/* the second line; NULL: not asked for */
	struct gex_skewing *skewing;
	struct gex_level skew_flip;
	struct gex_crossing skew_crossings[GEX_CROSSINGS_MAX];
	size_t n_skew_crossings;
};

/* Fields of a contract that gex_take reads. */
#define GEX_FIELDS 9
extern const enum contract_field gex_fields[GEX_FIELDS];

/* A board of these ids, sorted; NULL and *e (65) when one is no option id. */
struct gex *gex_open(const struct gex_conf *conf, const char *symbol,
    const struct span *ids, size_t n, struct err *e);
void gex_close(struct gex *g);

/*
 * What gex_compute will be told, known before the values are: then what can be
 * computed of a contract is, as soon as it comes, while the next ones are on
 * their way.  The results are the same.
 */
void gex_expect(struct gex *g, struct span spot, struct span spot_ts);

/* The values of contract i. */
void gex_take(struct gex *g, size_t i, const struct contract *c);

/* Compute everything; spot and spot_ts as texts, SPAN_NONE when unknown. */
void gex_compute(struct gex *g, struct span spot, struct span spot_ts);

/* +1 or -1: what a contract of that right does to the net. */
double gex_sign_of(const struct gex *g, bool call);

/* gex_sum.c: totals, rows, ratios; called by gex_compute. */
void gex_sum(struct gex *g);

/* gex_level.c: walls by any rule, after gex_compute. */
struct gex_level gex_wall_of(
    const struct gex *g, enum gex_wall rule, bool call);
void gex_levels(struct gex *g);

/* gex_flip.c: crossings by any rule, after gex_compute; returns how many were
 * written to out (GEX_CROSSINGS_MAX), and in *flip the one that the rule
 * chooses. */
size_t gex_flip_of(struct gex *g, enum gex_flip rule, struct gex_crossing *out,
    struct gex_level *flip);
void gex_flips_free(struct gex *g);
/* Contract i, or the spot, is not what it was. */
void gex_flip_touch(struct gex *g, size_t i);
/* Contract i is as it will be, and so are those before it. */
void gex_flip_expect(struct gex *g, size_t i);

/* The same by the rule in force when volatilities move with the spot: of a
 * board that was opened with GEX_STICKY_MONEYNESS. */
size_t gex_skew_flip(
    struct gex *g, struct gex_crossing *out, struct gex_level *flip);
/* gex_skew.c: what it keeps. */
void gex_skew_open(struct gex *g, const struct span *ids);
void gex_skew_close(struct gex *g);
void gex_skew_touch(struct gex *g, size_t i);

/* gex_rec.c: the record; its epoch as texts, seq as an integer. */
struct gex_epoch {
	const char *id;
	int64_t seq;
	struct span geometry_hash, spot; /* of meta */
};
void gex_record(struct gex *g, const struct gex_epoch *ep, struct buf *b);

/* Two lines, calls and puts, of an older layout: gamma x oi x multiplier by
 * expiration and strike. */
void gex_shares_per_point(const struct gex *g, struct buf *b);

#endif
