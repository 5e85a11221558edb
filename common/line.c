/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "canon.h"
#include "geom.h"
#include "line.h"
#include "shape.h"
#include "symbol.h"

/* How a field's key is written; of one size, so that copying needs no call. */
#define WRITTEN(field, name, kind, in_line)                                    \
	[field] = {",\"" name "\":", sizeof(name) + 3},
static const struct {
	char text[16];
	size_t n;
} written_keys[CF_COUNT] = {CONTRACT_FIELDS(WRITTEN)};

/* A contract line's keys: four of the record, then the fields; stored-only
 * ones are known and not wanted. */
enum { LINE_TYPE, LINE_TS, LINE_SYMBOL, LINE_ID, LINE_FIELDS };
#define LINE_KEYS (LINE_FIELDS + CF_COUNT)

#define KEY(field, name, kind, in_line)                                        \
	[LINE_FIELDS + field] = SCAN_KEY(name, -1),
static const struct scan_key line_keys[LINE_KEYS] = {SCAN_KEY("type", -1),
    SCAN_KEY("ts", -1), SCAN_KEY("symbol", -1), SCAN_KEY("id", -1),
    CONTRACT_FIELDS(KEY)};

static const struct scan_shape line_shape = {line_keys, LINE_KEYS};

void
line_reader_free(struct line_reader *cr)
{
	buf_free(&cr->own);
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
line_read(
    struct line_reader *cr, struct span line, struct contract *c, struct err *e)
{
	struct scan_value v[LINE_KEYS];
	enum shape_path path;

	if (canon_read(line, c)) {
		cr->fast++;
		return 0;
	}
	path = shape_read(&line_shape, line, &cr->own, v, e);
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
line_write(struct buf *b, const struct contract *c)
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
