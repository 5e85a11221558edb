/* SPDX-License-Identifier: ISC */
#include "tick.h"
#include "geom.h"
#include "shape.h"

enum {
	TK_TYPE,
	TK_TS,
	TK_ID,
	TK_KIND,
	TK_RECV,
	TK_SEQ,
	TK_VALUES, /* all groups', as contract fields stand in the record */
	TK_COUNT = TK_VALUES + 7
};

static const struct scan_key tick_keys[TK_COUNT] = {
    SCAN_KEY("type", -1),
    SCAN_KEY("ts", -1),
    SCAN_KEY("id", -1),
    SCAN_KEY("kind", -1),
    SCAN_KEY("recv_ts", -1),
    SCAN_KEY("feed_seq", -1),
    SCAN_KEY("bid", -1),
    SCAN_KEY("ask", -1),
    SCAN_KEY("bid_size", -1),
    SCAN_KEY("ask_size", -1),
    SCAN_KEY("last", -1),
    SCAN_KEY("last_size", -1),
    SCAN_KEY("volume", -1),
};

static const struct scan_shape tick_shape = {tick_keys, TK_COUNT};

/* The kinds, by group; the group's first value among the keys. */
static const struct {
	const char *kind;
	int first;
} kinds[] = {
    [CG_QUOTE] = {"quote", TK_VALUES},
    [CG_TRADE] = {"trade", TK_VALUES + 4},
    [CG_VOLUME] = {"agg", TK_VALUES + 6},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *
tick_kind(enum contract_group g)
{
	return kinds[g].kind;
}

size_t
tick_values(enum contract_group g)
{
	return (size_t)(contract_groups[g].last - contract_groups[g].first) + 1;
}

bool
tick_has(const struct tick *t)
{
	for (size_t i = 0; i < tick_values(t->group); i++)
		if (t->v[i].p != NULL)
			return true;
	return false;
}

int
tick_cmp(const struct tick *a, const struct tick *b)
{
	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return contract_values_cmp(a->v, b->v, tick_values(a->group));
}

static int
bad_tick(struct err *e, const char *what)
{
	return err_set(e, EX_DATAERR, "BAD_TICK", "%s", what);
}

/* An integer of at least that; -1 when it is not there, or is none. */
static int
take_int(const struct scan_value *v, int64_t least, int64_t *out)
{
	return v->type == SCAN_NUMBER && span_int(v->text, out) == 0 &&
		       *out >= least
		   ? 0
		   : -1;
}

static int
take_values(const struct scan_value *v, struct tick *t, struct err *e)
{
	enum contract_field f = contract_groups[t->group].first;

	for (size_t i = 0; i < TICK_VALUES; i++, v++, f++) {
		t->v[i] = SPAN_NONE;
		if (i >= tick_values(t->group) || v->type == SCAN_ABSENT)
			continue;
		if (v->type != SCAN_NUMBER ||
		    !contract_number_ok(contract_fields[f].kind, v->text))
			return bad_tick(e, contract_fields[f].name);
		t->v[i] = v->text;
	}
	return tick_has(t) ? 0 : bad_tick(e, "no value");
}

int
tick_read(struct span line, struct buf *own, struct tick *t, struct err *e)
{
	struct scan_value v[TK_COUNT];
	struct geom_id id;
	size_t k;

	if (shape_read(&tick_shape, line, own, v, e) == SHAPE_BAD)
		return -1;
	if (v[TK_TYPE].type != SCAN_STRING ||
	    !span_eq(v[TK_TYPE].text, SPAN_LIT("tick")))
		return bad_tick(e, "type is not tick");
	if (v[TK_ID].type != SCAN_STRING ||
	    geom_id_parse(v[TK_ID].text, &id) != 0)
		return bad_tick(e, "id");
	t->id = v[TK_ID].text;
	if (take_int(&v[TK_TS], 1, &t->ts) != 0)
		return bad_tick(e, "ts");
	if (take_int(&v[TK_RECV], 1, &t->recv_ts) != 0)
		return bad_tick(e, "recv_ts");
	t->seq = 0;
	if (v[TK_SEQ].type != SCAN_ABSENT &&
	    take_int(&v[TK_SEQ], 0, &t->seq) != 0)
		return bad_tick(e, "feed_seq");
	for (k = 0; k < KINDS; k++)
		if (v[TK_KIND].type == SCAN_STRING &&
		    span_eq(v[TK_KIND].text, span_str(kinds[k].kind)))
			break;
	if (k == KINDS)
		return bad_tick(e, "kind");
	t->group = (enum contract_group)k;
	return take_values(&v[kinds[k].first], t, e);
}

void
tick_write(struct buf *b, const struct tick *t)
{
	enum contract_field f = contract_groups[t->group].first;

	buf_str(b, "{\"type\":\"tick\",\"ts\":");
	buf_int(b, t->ts);
	buf_str(b, ",\"id\":\"");
	buf_span(b, t->id);
	buf_str(b, "\",\"kind\":\"");
	buf_str(b, tick_kind(t->group));
	buf_str(b, "\",\"recv_ts\":");
	buf_int(b, t->recv_ts);
	if (t->seq != 0) {
		buf_str(b, ",\"feed_seq\":");
		buf_int(b, t->seq);
	}
	for (size_t i = 0; i < tick_values(t->group); i++, f++) {
		if (t->v[i].p == NULL)
			continue;
		buf_str(b, ",\"");
		buf_str(b, contract_fields[f].name);
		buf_str(b, "\":");
		buf_span(b, t->v[i]);
	}
	buf_str(b, "}\n");
}
