/* SPDX-License-Identifier: ISC */
/*
 * cboe: see cboe.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cboe.h"
#include "clock.h"
#include "geom.h"
#include "rec.h"
#include "shape.h"

/* A row's keys in their usual order; those we do not want are here to cost
 * nothing. */
enum {
	ROW_OPTION,
	ROW_BID,
	ROW_BID_SIZE,
	ROW_ASK,
	ROW_ASK_SIZE,
	ROW_IV,
	ROW_OI,
	ROW_VOLUME,
	ROW_DELTA,
	ROW_GAMMA,
	ROW_VEGA,
	ROW_THETA,
	ROW_RHO,
	ROW_THEO,
	ROW_CHANGE,
	ROW_OPEN,
	ROW_HIGH,
	ROW_LOW,
	ROW_TICK,
	ROW_LAST,
	ROW_LAST_TIME,
	ROW_PERCENT_CHANGE,
	ROW_PREV_DAY_CLOSE,
	ROW_KEYS
};

static const struct scan_key row_keys[ROW_KEYS] = {
    [ROW_OPTION] = SCAN_KEY("option", -1),
    [ROW_BID] = SCAN_KEY("bid", -1),
    [ROW_BID_SIZE] = SCAN_KEY("bid_size", -1),
    [ROW_ASK] = SCAN_KEY("ask", -1),
    [ROW_ASK_SIZE] = SCAN_KEY("ask_size", -1),
    [ROW_IV] = SCAN_KEY("iv", -1),
    [ROW_OI] = SCAN_KEY("open_interest", -1),
    [ROW_VOLUME] = SCAN_KEY("volume", -1),
    [ROW_DELTA] = SCAN_KEY("delta", -1),
    [ROW_GAMMA] = SCAN_KEY("gamma", -1),
    [ROW_VEGA] = SCAN_KEY("vega", -1),
    [ROW_THETA] = SCAN_KEY("theta", -1),
    [ROW_RHO] = SCAN_KEY("rho", -1),
    [ROW_THEO] = SCAN_KEY("theo", -1),
    [ROW_CHANGE] = SCAN_KEY("change", -1),
    [ROW_OPEN] = SCAN_KEY("open", -1),
    [ROW_HIGH] = SCAN_KEY("high", -1),
    [ROW_LOW] = SCAN_KEY("low", -1),
    [ROW_TICK] = SCAN_KEY("tick", -1),
    [ROW_LAST] = SCAN_KEY("last_trade_price", -1),
    [ROW_LAST_TIME] = SCAN_KEY("last_trade_time", -1),
    [ROW_PERCENT_CHANGE] = SCAN_KEY("percent_change", -1),
    [ROW_PREV_DAY_CLOSE] = SCAN_KEY("prev_day_close", -1),
};

static const struct scan_shape row_shape = {row_keys, ROW_KEYS};

/* Which of a row's values become ours. */
static const struct {
	int key;
	enum contract_field field;
} values[] = {
    {ROW_BID, CF_BID},
    {ROW_ASK, CF_ASK},
    {ROW_BID_SIZE, CF_BID_SIZE},
    {ROW_ASK_SIZE, CF_ASK_SIZE},
    {ROW_LAST, CF_LAST},
    {ROW_IV, CF_IV},
    {ROW_DELTA, CF_DELTA},
    {ROW_GAMMA, CF_GAMMA},
    {ROW_THETA, CF_THETA},
    {ROW_VEGA, CF_VEGA},
    {ROW_OI, CF_OI},
    {ROW_VOLUME, CF_VOLUME},
};

static int
bad_document(struct err *e, const char *what)
{
	return err_set(e, EX_DATAERR, "BAD_DOCUMENT", "%s", what);
}

/* "^SPX" inside and "_SPX" outside, either may be missing, mean the same. */
static int
read_symbol(const struct rec *r, struct symbol *out, struct err *e)
{
	static const char *const paths[] = {"data.symbol", "symbol"};
	struct symbol s;
	bool found = false;

	for (int i = 0; i < 2; i++) {
		if (!rec_has(r, paths[i]))
			continue;
		if (symbol_parse(span_str(rec_str(r, paths[i])), false, &s) !=
		    0)
			return bad_document(e, "its symbol is none");
		if (found && strcmp(s.name, out->name) != 0)
			return bad_document(e, "it has two symbols");
		if (!found || s.is_index)
			*out = s;
		found = true;
	}
	return found ? 0 : bad_document(e, "no symbol");
}

int
cboe_header_read(struct span shell, struct cboe_header *h, struct err *e)
{
	struct rec r;
	struct span spot;
	const char *text;
	int rc = -1;

	if (rec_parse(&r, shell, e) != 0)
		return -1;
	*h = (struct cboe_header){0};
	if (read_symbol(&r, &h->symbol, e) != 0)
		goto out;
	text = rec_str(&r, "timestamp");
	if (clock_parse_utc(span_str(text), &h->ts) != 0 ||
	    h->ts <= CBOE_DELAY_MS) {
		bad_document(e,
		    text == NULL ? "no timestamp" : "its timestamp is no time");
		goto out;
	}
	spot = rec_num(&r, "data.current_price");
	if (spot.p != NULL && contract_value_ok(CK_UNSIGNED, spot))
		memcpy(h->spot, spot.p, spot.n);
	text = rec_str(&r, "data.last_trade_time");
	if (clock_parse_ny(span_str(text), &h->spot_ts) != 0)
		h->spot_ts = 0;
	rc = 0;
out:
	rec_free(&r);
	return rc;
}

void
cboe_rows_init(struct cboe_rows *r, const struct cboe_header *h)
{
	*r = (struct cboe_rows){.base_ts = h->ts};
	memcpy(r->symbol, h->symbol.name, sizeof(r->symbol));
	snprintf(r->quote_ts, sizeof(r->quote_ts), "%" PRId64,
	    h->ts - CBOE_DELAY_MS);
}

void
cboe_rows_free(struct cboe_rows *r)
{
	buf_free(&r->own);
}

static int
bad_row(struct err *e, const char *what)
{
	return err_set(e, EX_DATAERR, "BAD_ROW", "%s", what);
}

static int
take_id(struct cboe_rows *r, const struct scan_value *option,
    struct contract *c, struct err *e)
{
	struct geom_id id;

	if (option->type != SCAN_STRING)
		return bad_row(e, "no option");
	if (option->text.n > sizeof(r->id) - 2)
		return bad_row(e, "its option is no id");
	memcpy(r->id, "O:", 2);
	memcpy(r->id + 2, option->text.p, option->text.n);
	c->id = (struct span){r->id, option->text.n + 2};
	if (geom_id_parse(c->id, &id) != 0)
		return bad_row(e, "its option is no id");
	memcpy(r->expiration, id.expiration, sizeof(r->expiration));
	geom_strike_text(id.strike_milli, r->strike);
	c->f[CF_EXPIRATION] = (struct span){r->expiration, DATE_TEXT - 1};
	c->f[CF_STRIKE] = span_str(r->strike);
	c->f[CF_RIGHT] = id.right == 'C' ? SPAN_LIT("call") : SPAN_LIT("put");
	return 0;
}

/* A value that we may keep; anything but a good number or null is counted. */
static struct span
take_value(
    struct cboe_rows *r, const struct scan_value *v, enum contract_field field)
{
	if (v->type == SCAN_NUMBER &&
	    (v->text.p[0] != '-' ||
		contract_number_ok(contract_fields[field].kind, v->text)))
		return v->text;
	if (v->type != SCAN_ABSENT && v->type != SCAN_NULL)
		r->bad_values++;
	return SPAN_NONE;
}

static bool
is_zero(struct span number)
{
	for (size_t i = 0; i < number.n; i++) {
		if (number.p[i] >= '1' && number.p[i] <= '9')
			return false;
		if (number.p[i] == 'e' || number.p[i] == 'E')
			break;
	}
	return true;
}

/* The trade's time; 0 when it has none.  Printed by hand: printf would be a
 * tenth of the work on a row. */
static int64_t
take_trade_time(
    struct cboe_rows *r, const struct scan_value *v, struct contract *c)
{
	char *end = r->trade_ts + sizeof(r->trade_ts), *p = end;
	int64_t ms;

	if (v->type == SCAN_ABSENT || v->type == SCAN_NULL)
		return 0;
	if (v->type != SCAN_STRING || clock_parse_ny(v->text, &ms) != 0 ||
	    ms <= 0) {
		r->bad_values++;
		return 0;
	}
	for (int64_t rest = ms; rest > 0; rest /= 10)
		*--p = (char)('0' + rest % 10);
	c->f[CF_TRADE_TS] = (struct span){p, (size_t)(end - p)};
	return ms;
}

/* quote_ts, trade_ts and the contract's own ts. */
static void
take_times(
    struct cboe_rows *r, const struct scan_value *time, struct contract *c)
{
	int64_t trade = take_trade_time(r, time, c), quote = 0;

	if (trade == 0 && is_zero(c->f[CF_LAST]))
		c->f[CF_LAST] = SPAN_NONE; /* "never traded", says the feed */
	if (c->f[CF_LAST].p == NULL) {
		c->f[CF_TRADE_TS] = SPAN_NONE;
		trade = 0;
	}
	if (contract_has(c, CG_QUOTE)) {
		c->f[CF_QUOTE_TS] = span_str(r->quote_ts);
		quote = r->base_ts - CBOE_DELAY_MS;
	}
	c->ts = quote > trade ? quote : trade;
	if (c->ts == 0)
		c->ts = r->base_ts;
}

size_t
cboe_ahead(struct cboe_rows *r, struct span text)
{
	return shape_ahead(&row_shape, text, &r->ahead);
}

int
cboe_row(
    struct cboe_rows *r, struct span row, struct contract *c, struct err *e)
{
	const struct scan_value *v = r->ahead.v;
	enum shape_path path =
	    shape_read_ahead(&row_shape, row, &r->own, &r->ahead, e);

	if (path == SHAPE_BAD)
		return -1;
	if (path == SHAPE_FAST)
		r->fast++;
	else
		r->slow++;
	*c = (struct contract){.symbol = span_str(r->symbol)};
	if (take_id(r, &v[ROW_OPTION], c, e) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		c->f[values[i].field] =
		    take_value(r, &v[values[i].key], values[i].field);
	take_times(r, &v[ROW_LAST_TIME], c);
	return 0;
}
