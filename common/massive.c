/* SPDX-License-Identifier: ISC */
/* massive: see massive.h; its rows. */
#include <stdio.h>

#include "geom.h"
#include "massive.h"
#include "shape.h"

/* A row's keys in their usual order; those we do not want are here to cost
 * nothing. */
#define ROW_KEYS_LIST(K)                                                       \
	K(BREAK_EVEN, "break_even_price", -1)                                  \
	K(DAY, "day", -1)                                                      \
	K(DAY_CHANGE, "change", ROW_DAY)                                       \
	K(DAY_PERCENT, "change_percent", ROW_DAY)                              \
	K(DAY_CLOSE, "close", ROW_DAY)                                         \
	K(DAY_HIGH, "high", ROW_DAY)                                           \
	K(DAY_TIME, "last_updated", ROW_DAY)                                   \
	K(DAY_LOW, "low", ROW_DAY)                                             \
	K(DAY_OPEN, "open", ROW_DAY)                                           \
	K(DAY_PREVIOUS, "previous_close", ROW_DAY)                             \
	K(DAY_VOLUME, "volume", ROW_DAY)                                       \
	K(DAY_VWAP, "vwap", ROW_DAY)                                           \
	K(DETAILS, "details", -1)                                              \
	K(TYPE, "contract_type", ROW_DETAILS)                                  \
	K(STYLE, "exercise_style", ROW_DETAILS)                                \
	K(EXPIRATION, "expiration_date", ROW_DETAILS)                          \
	K(SHARES, "shares_per_contract", ROW_DETAILS)                          \
	K(STRIKE, "strike_price", ROW_DETAILS)                                 \
	K(TICKER, "ticker", ROW_DETAILS)                                       \
	K(FMV, "fmv", -1)                                                      \
	K(FMV_TIME, "fmv_last_updated", -1)                                    \
	K(GREEKS, "greeks", -1)                                                \
	K(DELTA, "delta", ROW_GREEKS)                                          \
	K(GAMMA, "gamma", ROW_GREEKS)                                          \
	K(THETA, "theta", ROW_GREEKS)                                          \
	K(VEGA, "vega", ROW_GREEKS)                                            \
	K(IV, "implied_volatility", -1)                                        \
	K(QUOTE, "last_quote", -1)                                             \
	K(ASK, "ask", ROW_QUOTE)                                               \
	K(ASK_EXCHANGE, "ask_exchange", ROW_QUOTE)                             \
	K(ASK_SIZE, "ask_size", ROW_QUOTE)                                     \
	K(BID, "bid", ROW_QUOTE)                                               \
	K(BID_EXCHANGE, "bid_exchange", ROW_QUOTE)                             \
	K(BID_SIZE, "bid_size", ROW_QUOTE)                                     \
	K(QUOTE_TIME, "last_updated", ROW_QUOTE)                               \
	K(MIDPOINT, "midpoint", ROW_QUOTE)                                     \
	K(QUOTE_FRAME, "timeframe", ROW_QUOTE)                                 \
	K(TRADE, "last_trade", -1)                                             \
	K(CONDITIONS, "conditions", ROW_TRADE)                                 \
	K(DECIMAL_SIZE, "decimal_size", ROW_TRADE)                             \
	K(EXCHANGE, "exchange", ROW_TRADE)                                     \
	K(PRICE, "price", ROW_TRADE)                                           \
	K(TRADE_TIME, "sip_timestamp", ROW_TRADE)                              \
	K(SIZE, "size", ROW_TRADE)                                             \
	K(TRADE_FRAME, "timeframe", ROW_TRADE)                                 \
	K(OI, "open_interest", -1)                                             \
	K(UNDER, "underlying_asset", -1)                                       \
	K(UNDER_CHANGE, "change_to_break_even", ROW_UNDER)                     \
	K(UNDER_TIME, "last_updated", ROW_UNDER)                               \
	K(UNDER_PRICE, "price", ROW_UNDER)                                     \
	K(UNDER_TICKER, "ticker", ROW_UNDER)                                   \
	K(UNDER_FRAME, "timeframe", ROW_UNDER)                                 \
	K(UNDER_VALUE, "value", ROW_UNDER)

#define ROW_ENUM(id, name, parent) ROW_##id,
enum { ROW_KEYS_LIST(ROW_ENUM) ROW_KEYS };

#define ROW_KEY(id, name, parent) SCAN_KEY(name, parent),
static const struct scan_key row_keys[ROW_KEYS] = {ROW_KEYS_LIST(ROW_KEY)};

static const struct scan_shape row_shape = {row_keys, ROW_KEYS};

/* Which of a row's values become ours. */
static const struct {
	int key;
	enum contract_field field;
} values[] = {
    {ROW_SHARES, CF_MULTIPLIER},
    {ROW_BID, CF_BID},
    {ROW_ASK, CF_ASK},
    {ROW_BID_SIZE, CF_BID_SIZE},
    {ROW_ASK_SIZE, CF_ASK_SIZE},
    {ROW_PRICE, CF_LAST},
    {ROW_SIZE, CF_LAST_SIZE},
    {ROW_IV, CF_IV},
    {ROW_DELTA, CF_DELTA},
    {ROW_GAMMA, CF_GAMMA},
    {ROW_THETA, CF_THETA},
    {ROW_VEGA, CF_VEGA},
    {ROW_OI, CF_OI},
    {ROW_DAY_VOLUME, CF_VOLUME},
};

static const int objects[] = {ROW_DAY, ROW_GREEKS, ROW_QUOTE, ROW_TRADE};

void
massive_rows_init(struct massive_rows *r, const char *symbol, int64_t base_ts)
{
	*r = (struct massive_rows){.base_ts = base_ts};
	snprintf(r->symbol, sizeof(r->symbol), "%s", symbol);
}

void
massive_rows_free(struct massive_rows *r)
{
	buf_free(&r->own);
}

static int
bad_row(struct err *e, const char *what)
{
	return err_set(e, EX_DATAERR, "BAD_ROW", "%s", what);
}

/* Absent and null say nothing; anything else of the wrong type is bad. */
static bool
is_type(struct massive_rows *r, const struct scan_value *v, enum scan_type type)
{
	if (v->type == type)
		return true;
	if (v->type != SCAN_ABSENT && v->type != SCAN_NULL)
		r->bad_values++;
	return false;
}

/* What details say beside the ticker must be what the ticker says. */
static int
check_details(struct massive_rows *r, const struct scan_value *v,
    const struct geom_id *id, struct err *e)
{
	struct span right =
	    id->right == 'C' ? SPAN_LIT("call") : SPAN_LIT("put");
	int32_t strike;

	if (is_type(r, &v[ROW_EXPIRATION], SCAN_STRING) &&
	    !span_eq(v[ROW_EXPIRATION].text,
		(struct span){id->expiration, DATE_TEXT - 1}))
		return bad_row(e, "its expiration_date is not its ticker's");
	if (is_type(r, &v[ROW_TYPE], SCAN_STRING) &&
	    !span_eq(v[ROW_TYPE].text, right))
		return bad_row(e, "its contract_type is not its ticker's");
	if (v[ROW_STRIKE].type == SCAN_ODD_NUMBER)
		return bad_row(e, "its strike_price is not its ticker's");
	if (is_type(r, &v[ROW_STRIKE], SCAN_NUMBER)) {
		if (geom_strike_parse(v[ROW_STRIKE].text, &strike) != 0 ||
		    strike != id->strike_milli)
			return bad_row(
			    e, "its strike_price is not its ticker's");
	}
	return 0;
}

static int
take_id(struct massive_rows *r, const struct scan_value *v, struct contract *c,
    struct err *e)
{
	struct geom_id id;

	if (v[ROW_TICKER].type != SCAN_STRING)
		return bad_row(e, "no ticker");
	c->id = v[ROW_TICKER].text;
	if (geom_id_parse(c->id, &id) != 0)
		return bad_row(e, "its ticker is no id");
	if (check_details(r, v, &id, e) != 0)
		return -1;
	memcpy(r->expiration, id.expiration, sizeof(r->expiration));
	geom_strike_text(id.strike_milli, r->strike);
	c->f[CF_EXPIRATION] = (struct span){r->expiration, DATE_TEXT - 1};
	c->f[CF_STRIKE] = span_str(r->strike);
	c->f[CF_RIGHT] = id.right == 'C' ? SPAN_LIT("call") : SPAN_LIT("put");
	return 0;
}

/* Of another underlying?  The usual answer costs one comparison. */
static int
check_underlying(
    struct massive_rows *r, const struct scan_value *v, struct err *e)
{
	struct symbol s;

	if (!is_type(r, v, SCAN_STRING) ||
	    (v->text.n > 0 && span_eq(v->text, span_str(r->known))))
		return 0;
	if (symbol_parse(v->text, false, &s) != 0 ||
	    strcmp(s.name, r->symbol) != 0)
		return bad_row(e, "it is of another underlying");
	if (v->text.n < sizeof(r->known)) {
		memcpy(r->known, v->text.p, v->text.n);
		r->known[v->text.n] = '\0';
	}
	return 0;
}

static struct span
take_value(struct massive_rows *r, const struct scan_value *v,
    enum contract_field field)
{
	if (!is_type(r, v, SCAN_NUMBER))
		return SPAN_NONE;
	if (v->text.p[0] != '-' ||
	    contract_number_ok(contract_fields[field].kind, v->text))
		return v->text;
	r->bad_values++;
	return SPAN_NONE;
}

static inline bool
is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

unsigned
massive_time(struct span text, int64_t *ms)
{
	size_t n = 0, i;

	for (*ms = 0; n < text.n && is_digit(text.p[n]); n++)
		if (n < 13)
			*ms = *ms * 10 + (text.p[n] - '0');
	i = n;
	if (i < text.n && text.p[i] == '.')
		for (i++; i < text.n && is_digit(text.p[i]);)
			i++;
	if ((n != 19 && n != 16 && n != 13 && n != 10) || i < text.n ||
	    text.p[0] == '0')
		return 0;
	if (n == 10)
		*ms *= 1000; /* its fraction is cut */
	return (unsigned)n;
}

/* A time's milliseconds, as text in out, too; 0 when there is none. */
static int64_t
take_time(struct massive_rows *r, const struct scan_value *v, char out[24])
{
	int64_t ms;
	unsigned n;

	out[0] = '\0';
	if (!is_type(r, v, SCAN_NUMBER))
		return 0;
	n = massive_time(v->text, &ms);
	if (n == 0) {
		r->bad_values++;
		return 0;
	}
	r->odd_units += n != 19;
	memcpy(out, v->text.p, n < 13 ? n : 13);
	if (n == 10)
		memcpy(out + 10, "000", 3);
	out[13] = '\0';
	return ms;
}

static void
newer(int64_t *newest, int64_t ms)
{
	if (ms > *newest)
		*newest = ms;
}

/* The level of the underlying: an index has a value, all else a price.  Rows
 * differ, and come in any order: the newest, of equal times the greatest. */
static void
take_spot(struct massive_rows *r, const struct scan_value *v)
{
	const struct scan_value *level = &v[ROW_UNDER_VALUE];
	char time[24];
	int64_t ms = take_time(r, &v[ROW_UNDER_TIME], time);

	if (!is_type(r, level, SCAN_NUMBER))
		level = &v[ROW_UNDER_PRICE];
	newer(&r->newest, ms);
	if (!is_type(r, level, SCAN_NUMBER) ||
	    level->text.n >= sizeof(r->spot) || ms < r->spot_ts ||
	    (ms == r->spot_ts && span_cmp(level->text, span_str(r->spot)) <= 0))
		return;
	if (!contract_number_ok(CK_UNSIGNED, level->text)) {
		r->bad_values++;
		return;
	}
	memcpy(r->spot, level->text.p, level->text.n);
	r->spot[level->text.n] = '\0';
	r->spot_ts = ms;
}

/* A time stands only beside what it is the time of. */
static int64_t
take_group_time(struct massive_rows *r, const struct scan_value *v,
    char out[24], bool has, struct span *field)
{
	int64_t ms = take_time(r, v, out);

	newer(&r->newest, ms);
	if (ms == 0 || !has)
		return 0;
	*field = (struct span){out, 13};
	return ms;
}

static void
take_times(
    struct massive_rows *r, const struct scan_value *v, struct contract *c)
{
	int64_t quote, trade;
	char day[24];

	if (c->f[CF_LAST].p == NULL)
		c->f[CF_LAST_SIZE] = SPAN_NONE;
	quote = take_group_time(r, &v[ROW_QUOTE_TIME], r->quote_ts,
	    contract_has(c, CG_QUOTE), &c->f[CF_QUOTE_TS]);
	trade = take_group_time(r, &v[ROW_TRADE_TIME], r->trade_ts,
	    c->f[CF_LAST].p != NULL, &c->f[CF_TRADE_TS]);
	if (r->newest == 0) /* it matters only when nothing else has one */
		newer(&r->newest_day, take_time(r, &v[ROW_DAY_TIME], day));
	c->ts = quote > trade ? quote : trade;
	if (c->ts == 0)
		c->ts = r->base_ts;
}

size_t
massive_ahead(struct massive_rows *r, struct span text)
{
	return shape_ahead(&row_shape, text, &r->ahead);
}

int
massive_row(
    struct massive_rows *r, struct span row, struct contract *c, struct err *e)
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
	if (take_id(r, v, c, e) != 0 ||
	    check_underlying(r, &v[ROW_UNDER_TICKER], e) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		is_type(r, &v[objects[i]], SCAN_OBJECT);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		c->f[values[i].field] =
		    take_value(r, &v[values[i].key], values[i].field);
	take_times(r, v, c);
	take_spot(r, v);
	return 0;
}

int
massive_underlying(struct span row, struct symbol *out)
{
	struct scan_value v[ROW_KEYS];
	struct buf own = {0};
	struct err e;
	int rc = -1;

	if (shape_read(&row_shape, row, &own, v, &e) != SHAPE_BAD &&
	    v[ROW_UNDER_TICKER].type == SCAN_STRING)
		rc = symbol_parse(v[ROW_UNDER_TICKER].text, false, out);
	buf_free(&own);
	return rc;
}
