/* SPDX-License-Identifier: ISC */
/* row: see row.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "row.h"
#include "shape.h"

enum {
	R_OPTION,
	R_BID,
	R_BID_SIZE,
	R_ASK,
	R_ASK_SIZE,
	R_IV,
	R_OI,
	R_VOLUME,
	R_DELTA,
	R_GAMMA,
	R_VEGA,
	R_THETA,
	R_CHANGE,
	R_OPEN,
	R_HIGH,
	R_LOW,
	R_LAST,
	R_LAST_TIME,
	R_PERCENT_CHANGE,
	R_PREV_DAY_CLOSE,
	R_KEYS
};

static const struct scan_key keys[R_KEYS] = {
    [R_OPTION] = SCAN_KEY("option", -1),
    [R_BID] = SCAN_KEY("bid", -1),
    [R_BID_SIZE] = SCAN_KEY("bid_size", -1),
    [R_ASK] = SCAN_KEY("ask", -1),
    [R_ASK_SIZE] = SCAN_KEY("ask_size", -1),
    [R_IV] = SCAN_KEY("iv", -1),
    [R_OI] = SCAN_KEY("open_interest", -1),
    [R_VOLUME] = SCAN_KEY("volume", -1),
    [R_DELTA] = SCAN_KEY("delta", -1),
    [R_GAMMA] = SCAN_KEY("gamma", -1),
    [R_VEGA] = SCAN_KEY("vega", -1),
    [R_THETA] = SCAN_KEY("theta", -1),
    [R_CHANGE] = SCAN_KEY("change", -1),
    [R_OPEN] = SCAN_KEY("open", -1),
    [R_HIGH] = SCAN_KEY("high", -1),
    [R_LOW] = SCAN_KEY("low", -1),
    [R_LAST] = SCAN_KEY("last_trade_price", -1),
    [R_LAST_TIME] = SCAN_KEY("last_trade_time", -1),
    [R_PERCENT_CHANGE] = SCAN_KEY("percent_change", -1),
    [R_PREV_DAY_CLOSE] = SCAN_KEY("prev_day_close", -1),
};

static const struct scan_shape shape = {keys, R_KEYS};

/* Milliseconds and six digits below them, different from row to row. */
static void
nanoseconds(char out[ROW_TIME], int64_t ms, uint32_t salt)
{
	int64_t ns = ms * 1000000 + salt * 7919u % 999983u + 1;

	if (ms <= 0)
		out[0] = '\0';
	else
		snprintf(out, ROW_TIME, "%" PRId64, ns);
}

void
row_maker_init(struct row_maker *m, const struct cboe_header *h)
{
	char date[DATE_TEXT], midnight[32];
	int64_t ms;

	*m = (struct row_maker){.is_index = h->symbol.is_index};
	symbol_massive(&h->symbol, m->underlying);
	memcpy(m->spot, h->spot, sizeof(m->spot));
	nanoseconds(m->spot_time, h->spot_ts, 1);
	clock_ny_date(h->ts, 0, date);
	snprintf(midnight, sizeof(midnight), "%s 00:00:00", date);
	if (clock_parse_ny(span_str(midnight), &ms) == 0)
		snprintf(
		    m->day_time, sizeof(m->day_time), "%" PRId64 "000000", ms);
	m->quote_ms = h->ts - CBOE_DELAY_MS;
}

void
row_maker_free(struct row_maker *m)
{
	buf_free(&m->own);
}

/* A member, with the comma that it needs; nothing when there is no value. */
static void
add(struct buf *b, const char *key, struct span value)
{
	if (value.p == NULL || value.n == 0)
		return;
	if (b->p[b->n - 1] != '{')
		buf_char(b, ',');
	buf_char(b, '"');
	buf_str(b, key);
	buf_str(b, "\":");
	buf_span(b, value);
}

static void
add_double(struct buf *b, const char *key, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.10g", value);
	add(b, key, span_str(text));
}

static void
open_object(struct buf *b, const char *key)
{
	if (b->p[b->n - 1] != '{')
		buf_char(b, ',');
	buf_char(b, '"');
	buf_str(b, key);
	buf_str(b, "\":{");
}

static struct span
number(const struct scan_value *v)
{
	return v->type == SCAN_NUMBER ? v->text : SPAN_NONE;
}

/* 0 and *out, or -1 when it is no number. */
static int
value_of(const struct scan_value *v, double *out)
{
	char text[SHAPE_NUMBER_MAX + 1];

	if (v->type != SCAN_NUMBER || v->text.n >= sizeof(text))
		return -1;
	memcpy(text, v->text.p, v->text.n);
	text[v->text.n] = '\0';
	*out = strtod(text, NULL);
	return 0;
}

static void
add_day(struct buf *b, const struct row_maker *m, const struct scan_value *v)
{
	open_object(b, "day");
	add(b, "change", number(&v[R_CHANGE]));
	add(b, "change_percent", number(&v[R_PERCENT_CHANGE]));
	add(b, "close", number(&v[R_LAST]));
	add(b, "high", number(&v[R_HIGH]));
	add(b, "last_updated", span_str(m->day_time));
	add(b, "low", number(&v[R_LOW]));
	add(b, "open", number(&v[R_OPEN]));
	add(b, "previous_close", number(&v[R_PREV_DAY_CLOSE]));
	add(b, "volume", number(&v[R_VOLUME]));
	add(b, "vwap", number(&v[R_LAST]));
	buf_char(b, '}');
}

static void
add_details(struct buf *b, const struct row_maker *m, const char *ticker,
    const struct geom_id *id)
{
	char strike[STRIKE_TEXT];

	geom_strike_text(id->strike_milli, strike);
	open_object(b, "details");
	buf_str(b, "\"contract_type\":\"");
	buf_str(b, id->right == 'C' ? "call" : "put");
	buf_str(b, "\",\"exercise_style\":\"");
	buf_str(b, m->is_index ? "european" : "american");
	buf_str(b, "\",\"expiration_date\":\"");
	buf_str(b, id->expiration);
	buf_str(b, "\",\"shares_per_contract\":100,\"strike_price\":");
	buf_str(b, strike);
	buf_str(b, ",\"ticker\":\"");
	buf_str(b, ticker);
	buf_str(b, "\"}");
}

static void
add_greeks(struct buf *b, const struct scan_value *v)
{
	open_object(b, "greeks");
	add(b, "delta", number(&v[R_DELTA]));
	add(b, "gamma", number(&v[R_GAMMA]));
	add(b, "theta", number(&v[R_THETA]));
	add(b, "vega", number(&v[R_VEGA]));
	buf_char(b, '}');
	add(b, "implied_volatility", number(&v[R_IV]));
}

/* Without a bid, an ask and their sizes there is no quote at all. */
static void
add_quote(struct buf *b, const struct row_maker *m, const struct scan_value *v)
{
	char time[ROW_TIME];
	double bid, ask;

	if (number(&v[R_BID]).p == NULL && number(&v[R_ASK]).p == NULL &&
	    number(&v[R_BID_SIZE]).p == NULL &&
	    number(&v[R_ASK_SIZE]).p == NULL)
		return;
	nanoseconds(time, m->quote_ms, m->made);
	open_object(b, "last_quote");
	add(b, "ask", number(&v[R_ASK]));
	add(b, "ask_exchange", SPAN_LIT("302"));
	add(b, "ask_size", number(&v[R_ASK_SIZE]));
	add(b, "bid", number(&v[R_BID]));
	add(b, "bid_exchange", SPAN_LIT("302"));
	add(b, "bid_size", number(&v[R_BID_SIZE]));
	add(b, "last_updated", span_str(time));
	if (value_of(&v[R_BID], &bid) == 0 && value_of(&v[R_ASK], &ask) == 0)
		add_double(b, "midpoint", (bid + ask) / 2);
	add(b, "timeframe", SPAN_LIT("\"DELAYED\""));
	buf_char(b, '}');
}

/* A last price of 0 without a time is CBOE's way to say: never traded. */
static void
add_trade(struct buf *b, const struct row_maker *m, const struct scan_value *v)
{
	char time[ROW_TIME] = "";
	double last;
	int64_t ms;

	if (v[R_LAST_TIME].type == SCAN_STRING &&
	    clock_parse_ny(v[R_LAST_TIME].text, &ms) == 0)
		nanoseconds(time, ms, m->made);
	if (value_of(&v[R_LAST], &last) != 0 || (last == 0 && time[0] == '\0'))
		return;
	open_object(b, "last_trade");
	add(b, "conditions", SPAN_LIT("[209]"));
	add(b, "exchange", SPAN_LIT("302"));
	add(b, "price", number(&v[R_LAST]));
	add(b, "sip_timestamp", span_str(time));
	add(b, "size", SPAN_LIT("1"));
	add(b, "timeframe", SPAN_LIT("\"DELAYED\""));
	buf_char(b, '}');
}

static void
add_underlying(
    struct buf *b, const struct row_maker *m, bool has_even, double break_even)
{
	open_object(b, "underlying_asset");
	if (has_even && m->spot[0] != '\0')
		add_double(b, "change_to_break_even",
		    break_even - strtod(m->spot, NULL));
	add(b, "last_updated", span_str(m->spot_time));
	if (!m->is_index)
		add(b, "price", span_str(m->spot));
	buf_str(b, b->p[b->n - 1] == '{' ? "\"ticker\":\"" : ",\"ticker\":\"");
	buf_str(b, m->underlying);
	buf_str(b, "\",\"timeframe\":\"DELAYED\"");
	if (m->is_index)
		add(b, "value", span_str(m->spot));
	buf_char(b, '}');
}

static int
take_ticker(const struct scan_value *option, char ticker[40],
    struct geom_id *id, struct err *e)
{
	if (option->type == SCAN_STRING && option->text.n < 38) {
		memcpy(ticker, "O:", 2);
		memcpy(ticker + 2, option->text.p, option->text.n);
		ticker[option->text.n + 2] = '\0';
		if (geom_id_parse(span_str(ticker), id) == 0)
			return 0;
	}
	return err_set(e, EX_DATAERR, "BAD_ROW", "its option is no id");
}

int
row_make(struct row_maker *m, struct span row, struct buf *out, char ticker[40],
    struct geom_id *id, struct err *e)
{
	struct scan_value v[R_KEYS];
	double bid, ask, even = 0;
	bool has_even;

	if (shape_read(&shape, row, &m->own, v, e) == SHAPE_BAD ||
	    take_ticker(&v[R_OPTION], ticker, id, e) != 0)
		return -1;
	m->made++;
	has_even =
	    value_of(&v[R_BID], &bid) == 0 && value_of(&v[R_ASK], &ask) == 0;
	if (has_even)
		even = id->strike_milli / 1000.0 +
		       (id->right == 'C' ? 1 : -1) * (bid + ask) / 2;
	buf_char(out, '{');
	if (has_even)
		add_double(out, "break_even_price", even);
	add_day(out, m, v);
	add_details(out, m, ticker, id);
	add_greeks(out, v);
	add_quote(out, m, v);
	add_trade(out, m, v);
	add(out, "open_interest", number(&v[R_OI]));
	add_underlying(out, m, has_even, even);
	buf_char(out, '}');
	return 0;
}
