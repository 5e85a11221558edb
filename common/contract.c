/* SPDX-License-Identifier: ISC */
/*
 * contract: see contract.h.
 */
#include <string.h>

#include "clock.h"
#include "contract.h"
#include "geom.h"
#include "shape.h"
#include "symbol.h"

/* F(field, name, kind, in_line): one list for all tables below. */
#define FIELDS(F)                                                              \
	F(CF_EXPIRATION, "expiration", CK_DATE, true)                          \
	F(CF_STRIKE, "strike", CK_UNSIGNED, true)                              \
	F(CF_RIGHT, "right", CK_RIGHT, true)                                   \
	F(CF_MULTIPLIER, "multiplier", CK_UNSIGNED, true)                      \
	F(CF_BID, "bid", CK_UNSIGNED, true)                                    \
	F(CF_ASK, "ask", CK_UNSIGNED, true)                                    \
	F(CF_BID_SIZE, "bid_size", CK_UNSIGNED, true)                          \
	F(CF_ASK_SIZE, "ask_size", CK_UNSIGNED, true)                          \
	F(CF_QUOTE_TS, "quote_ts", CK_TIME, true)                              \
	F(CF_QUOTE_SEQ, "quote_seq", CK_SEQ, false)                            \
	F(CF_LAST, "last", CK_UNSIGNED, true)                                  \
	F(CF_LAST_SIZE, "last_size", CK_UNSIGNED, true)                        \
	F(CF_TRADE_TS, "trade_ts", CK_TIME, true)                              \
	F(CF_TRADE_SEQ, "trade_seq", CK_SEQ, false)                            \
	F(CF_IV, "iv", CK_UNSIGNED, true)                                      \
	F(CF_DELTA, "delta", CK_SIGNED, true)                                  \
	F(CF_GAMMA, "gamma", CK_SIGNED, true)                                  \
	F(CF_THETA, "theta", CK_SIGNED, true)                                  \
	F(CF_VEGA, "vega", CK_SIGNED, true)                                    \
	F(CF_OI, "oi", CK_UNSIGNED, true)                                      \
	F(CF_VOLUME, "volume", CK_UNSIGNED, true)                              \
	F(CF_VOLUME_TS, "volume_ts", CK_TIME, false)                           \
	F(CF_VOLUME_SEQ, "volume_seq", CK_SEQ, false)

#define INFO(field, name, kind, in_line) [field] = {name, kind, in_line},
const struct contract_field_info contract_fields[CF_COUNT] = {FIELDS(INFO)};

/* How a field's key is written; of one size, so that copying needs no call. */
#define WRITTEN(field, name, kind, in_line)                                    \
	[field] = {",\"" name "\":", sizeof(name) + 3},
static const struct {
	char text[16];
	size_t n;
} written_keys[CF_COUNT] = {FIELDS(WRITTEN)};

/* A contract line's keys: four of the record, then the fields; stored-only
 * ones are known and not wanted. */
enum { LINE_TYPE, LINE_TS, LINE_SYMBOL, LINE_ID, LINE_FIELDS };
#define LINE_KEYS (LINE_FIELDS + CF_COUNT)

#define KEY(field, name, kind, in_line)                                        \
	[LINE_FIELDS + field] = SCAN_KEY(name, -1),
static const struct scan_key line_keys[LINE_KEYS] = {SCAN_KEY("type", -1),
    SCAN_KEY("ts", -1), SCAN_KEY("symbol", -1), SCAN_KEY("id", -1),
    FIELDS(KEY)};

static const struct scan_shape line_shape = {line_keys, LINE_KEYS};

const struct contract_group_info contract_groups[CG_COUNT] = {
    [CG_QUOTE] = {"quote", CF_BID, CF_ASK_SIZE, CF_QUOTE_TS, CF_QUOTE_SEQ},
    [CG_TRADE] = {"trade", CF_LAST, CF_LAST_SIZE, CF_TRADE_TS, CF_TRADE_SEQ},
    [CG_VOLUME] = {"volume", CF_VOLUME, CF_VOLUME, CF_VOLUME_TS, CF_VOLUME_SEQ},
    [CG_CHAIN] = {"chain", CF_IV, CF_OI, -1, -1},
};

void
contract_reader_free(struct contract_reader *cr)
{
	buf_free(&cr->own);
}

/* Of a valid number: below zero?  -0.0 is not. */
static bool
is_negative(struct span number)
{
	if (number.p[0] != '-')
		return false;
	for (size_t i = 1; i < number.n; i++) {
		if (number.p[i] >= '1' && number.p[i] <= '9')
			return true;
		if (number.p[i] == 'e' || number.p[i] == 'E')
			break;
	}
	return false;
}

static size_t
count_digits(struct span text, size_t i)
{
	size_t from = i;

	while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9')
		i++;
	return i - from;
}

/* JSON's grammar, ≤ 64 bytes; an exponent of ≤ 2 digits, so that a double
 * can neither overflow nor lose the value. */
static bool
is_number(struct span t)
{
	size_t i, n;

	if (t.n == 0 || t.n > SHAPE_NUMBER_MAX)
		return false;
	i = t.p[0] == '-';
	n = count_digits(t, i);
	if (n == 0 || (n > 1 && t.p[i] == '0'))
		return false;
	i += n;
	if (i < t.n && t.p[i] == '.') {
		n = count_digits(t, ++i);
		if (n == 0)
			return false;
		i += n;
	}
	if (i < t.n && (t.p[i] == 'e' || t.p[i] == 'E')) {
		i++;
		if (i < t.n && (t.p[i] == '+' || t.p[i] == '-'))
			i++;
		n = count_digits(t, i);
		if (n == 0 || n > 2)
			return false;
		i += n;
	}
	return i == t.n;
}

bool
contract_number_ok(enum contract_kind kind, struct span number)
{
	int64_t v;

	switch (kind) {
	case CK_UNSIGNED:
		return !is_negative(number);
	case CK_TIME:
		return span_int(number, &v) == 0 && v > 0;
	case CK_SEQ:
		return span_int(number, &v) == 0;
	default:
		return true;
	}
}

bool
contract_value_ok(enum contract_kind kind, struct span text)
{
	switch (kind) {
	case CK_DATE:
		return clock_date_valid(text);
	case CK_RIGHT:
		return span_eq(text, SPAN_LIT("call")) ||
		       span_eq(text, SPAN_LIT("put"));
	default:
		return is_number(text) && contract_number_ok(kind, text);
	}
}

/* A number's value in thousandths, exactly; -1 when it has none in range. */
static int64_t
thousandths(struct span number)
{
	int64_t v = 0, exponent = 0;
	int scale = 3, sign = 1;
	bool fraction = false;
	size_t i;

	for (i = 0; i < number.n; i++) {
		char c = number.p[i];

		if (c == 'e' || c == 'E')
			break;
		if (c == '.') {
			fraction = true;
			continue;
		}
		if (c < '0' || c > '9' || v > INT64_MAX / 10 - 1)
			return -1;
		v = v * 10 + (c - '0');
		scale -= fraction;
	}
	for (i++; i < number.n; i++) {
		if (number.p[i] == '-')
			sign = -1;
		else if (number.p[i] != '+')
			exponent = exponent * 10 + (number.p[i] - '0');
	}
	for (exponent = scale + sign * exponent; exponent > 0; exponent--) {
		if (v > INT64_MAX / 10)
			return -1;
		v *= 10;
	}
	for (; exponent < 0; exponent++) {
		if (v % 10 != 0)
			return -1;
		v /= 10;
	}
	return v;
}

static int
bad_line(struct err *e, const char *what)
{
	return err_set(e, EX_DATAERR, "BAD_CONTRACT", "%s", what);
}

/* What the id says must be what the fields say. */
static int
check_identity(const struct contract *c, struct err *e)
{
	struct geom_id id;

	if (geom_id_parse(c->id, &id) != 0)
		return bad_line(e, "bad id");
	if (!span_eq(c->f[CF_EXPIRATION],
		(struct span){id.expiration, sizeof(id.expiration) - 1}))
		return bad_line(e, "expiration is not the id's");
	if (c->f[CF_STRIKE].p == NULL ||
	    thousandths(c->f[CF_STRIKE]) != id.strike_milli)
		return bad_line(e, "strike is not the id's");
	if (!span_eq(c->f[CF_RIGHT],
		id.right == 'C' ? SPAN_LIT("call") : SPAN_LIT("put")))
		return bad_line(e, "right is not the id's");
	return 0;
}

static int
take_fields(const struct scan_value *v, struct contract *c, struct err *e)
{
	for (int i = 0; i < CF_COUNT; i++) {
		const struct contract_field_info *f = &contract_fields[i];
		const struct scan_value *value = &v[LINE_FIELDS + i];
		enum scan_type wanted = SCAN_NUMBER;

		c->f[i] = SPAN_NONE;
		if (!f->in_line || value->type == SCAN_ABSENT)
			continue;
		if (f->kind == CK_DATE || f->kind == CK_RIGHT)
			wanted = SCAN_STRING; /* check_identity looks closer */
		if (value->type != wanted ||
		    (wanted == SCAN_NUMBER &&
			!contract_number_ok(f->kind, value->text)))
			return err_set(e, EX_DATAERR, "BAD_CONTRACT",
			    "bad value of %s", f->name);
		c->f[i] = value->text;
	}
	return 0;
}

int
contract_read(struct contract_reader *cr, struct span line, struct contract *c,
    struct err *e)
{
	struct scan_value v[LINE_KEYS];
	enum shape_path path = shape_read(&line_shape, line, &cr->own, v, e);

	if (path == SHAPE_BAD)
		return -1;
	if (path == SHAPE_FAST)
		cr->fast++;
	else
		cr->slow++;
	if (v[LINE_TYPE].type != SCAN_STRING ||
	    !span_eq(v[LINE_TYPE].text, SPAN_LIT("contract")))
		return bad_line(e, "type is not contract");
	if (v[LINE_TS].type != SCAN_NUMBER ||
	    span_int(v[LINE_TS].text, &c->ts) != 0 || c->ts <= 0)
		return bad_line(e, "bad ts");
	if (v[LINE_SYMBOL].type != SCAN_STRING ||
	    !symbol_valid(v[LINE_SYMBOL].text))
		return bad_line(e, "bad symbol");
	if (v[LINE_ID].type != SCAN_STRING)
		return bad_line(e, "bad id");
	c->symbol = v[LINE_SYMBOL].text;
	c->id = v[LINE_ID].text;
	if (take_fields(v, c, e) != 0)
		return -1;
	return check_identity(c, e);
}

static char *
put(char *p, struct span s)
{
	memcpy(p, s.p, s.n);
	return p + s.n;
}

static char *
put_quoted(char *p, struct span s)
{
	*p++ = '"';
	p = put(p, s);
	*p++ = '"';
	return p;
}

/* With one look at the buffer's room: this runs for every contract of every
 * snapshot. */
void
contract_write(struct buf *b, const struct contract *c)
{
	size_t room = c->symbol.n + c->id.n + CF_COUNT * 16 + 80;
	char *p;

	for (int i = 0; i < CF_COUNT; i++)
		room += c->f[i].n;
	buf_reserve(b, room);
	buf_str(b, "{\"type\":\"contract\",\"ts\":");
	buf_int(b, c->ts);
	p = put(b->p + b->n, SPAN_LIT(",\"symbol\":"));
	p = put_quoted(p, c->symbol);
	p = put(p, SPAN_LIT(",\"id\":"));
	p = put_quoted(p, c->id);
	for (int i = 0; i < CF_COUNT; i++) {
		const struct contract_field_info *f = &contract_fields[i];

		if (!f->in_line || c->f[i].p == NULL)
			continue;
		memcpy(p, written_keys[i].text, sizeof(written_keys[i].text));
		p += written_keys[i].n;
		if (f->kind == CK_DATE || f->kind == CK_RIGHT)
			p = put_quoted(p, c->f[i]);
		else
			p = put(p, c->f[i]);
	}
	p = put(p, SPAN_LIT("}\n"));
	b->n = (size_t)(p - b->p);
	*p = '\0';
}

bool
contract_has(const struct contract *c, enum contract_group g)
{
	const struct contract_group_info *info = &contract_groups[g];

	for (int i = (int)info->first; i <= (int)info->last; i++)
		if (c->f[i].p != NULL)
			return true;
	return false;
}

/* A time or sequence number as an integer; absent is older than any. */
static int64_t
number_of(const struct contract *c, int field)
{
	int64_t v;

	if (field < 0 || span_int(c->f[field], &v) != 0)
		return -1;
	return v;
}

/* Byte at of a group's values joined by TAB, -1 behind the end.  Walks from
 * *field on; both start at the group's first value and 0. */
static int
joined_byte(const struct contract *c, const struct contract_group_info *info,
    int *field, size_t *at)
{
	if (*field > (int)info->last)
		return -1;
	if (*at < c->f[*field].n)
		return (unsigned char)c->f[*field].p[(*at)++];
	*at = 0;
	return ++*field > (int)info->last ? -1 : '\t';
}

static int
compare_values(const struct contract *a, const struct contract *b,
    const struct contract_group_info *info)
{
	int fa = (int)info->first, fb = fa, ca, cb;
	size_t ia = 0, ib = 0;

	do {
		ca = joined_byte(a, info, &fa, &ia);
		cb = joined_byte(b, info, &fb, &ib);
	} while (ca == cb && ca != -1);
	return ca - cb;
}

static int
sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int
contract_cmp(
    const struct contract *a, const struct contract *b, enum contract_group g)
{
	const struct contract_group_info *info = &contract_groups[g];
	int r = sign(number_of(a, info->ts), number_of(b, info->ts));

	/* a missing seq is -1: the snapshot, before any tick */
	if (r == 0)
		r = sign(number_of(a, info->seq), number_of(b, info->seq));
	if (r == 0)
		r = compare_values(a, b, info);
	return r;
}

void
contract_take(
    struct contract *dst, const struct contract *src, enum contract_group g)
{
	const struct contract_group_info *info = &contract_groups[g];

	for (int i = (int)info->first; i <= (int)info->last; i++)
		dst->f[i] = src->f[i];
	if (info->ts >= 0)
		dst->f[info->ts] = src->f[info->ts];
	if (info->seq >= 0)
		dst->f[info->seq] = src->f[info->seq];
}

void
contract_default_times(struct contract *c, struct span ts_text)
{
	for (int g = 0; g < CG_COUNT; g++) {
		int ts = contract_groups[g].ts;

		if (ts < 0 || !contract_has(c, (enum contract_group)g))
			continue;
		if (c->f[ts].p == NULL || g == CG_VOLUME)
			c->f[ts] = ts_text;
	}
}
