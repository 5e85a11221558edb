/* SPDX-License-Identifier: ISC */
/* hold: see hold.h. */
#include <inttypes.h>
#include <stdlib.h>

#include "hold.h"

void
hold_free(struct hold *h)
{
	rec_free(&h->begin);
	board_free(&h->board);
	line_reader_free(&h->reader);
	*h = (struct hold){0};
}

const char *
hold_symbol(const struct hold *h)
{
	return h->state == HOLD_CLOSED ? NULL : h->symbol.p;
}

static int
need_string(const struct rec *r, const char *name, struct err *e)
{
	if (!rec_has(r, name) || rec_str(r, name) != NULL)
		return 0;
	return err_set(e, EX_DATAERR, "BAD_RECORD", "%s of %s is no string",
	    name, rec_type(r));
}

int
hold_begin(struct hold *h, struct rec *begin, struct err *e)
{
	static const char *const strings[] = {
	    "source", "reason", "for_epoch", "filter"};
	size_t i;

	hold_close(h);
	h->begin = *begin;
	*begin = (struct rec){0};
	h->symbol = span_str(rec_str(&h->begin, "symbol"));
	h->state = HOLD_OPEN;
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (need_string(&h->begin, strings[i], e) == -1)
			return -1;
	return 0;
}

int
hold_add(struct hold *h, struct span line, struct err *e)
{
	struct contract c;

	if (line_read(&h->reader, line, &c, e) == -1)
		return -1;
	if (!span_eq(c.symbol, h->symbol))
		return err_set(e, EX_DATAERR, "BAD_SYMBOL",
		    "contract of %.*s in a snapshot of %s", (int)c.symbol.n,
		    c.symbol.p, hold_symbol(h));
	h->lines++;
	return board_add(&h->board, &c, line, e);
}

int
hold_end(struct hold *h, const struct rec *end, struct err *e)
{
	int64_t count;

	if (strcmp(rec_str(end, "symbol"), hold_symbol(h)) != 0)
		return err_set(e, EX_DATAERR, "INCOMPLETE",
		    "chain_end of %s after %" PRIu64 " contracts",
		    rec_str(end, "symbol"), h->lines);
	if (rec_int(end, "contracts", &count) == -1)
		return err_set(e, EX_DATAERR, "BAD_RECORD",
		    "contracts of chain_end is no integer");
	if (count < 0 || (uint64_t)count != h->lines)
		return err_set(e, EX_DATAERR, "INCOMPLETE",
		    "chain_end speaks of %" PRId64 " contracts, %" PRIu64
		    " came",
		    count, h->lines);
	if (count == 0)
		return err_set(
		    e, EX_DATAERR, "EMPTY", "a snapshot without contracts");
	return board_seal(&h->board, e);
}

void
hold_refuse(struct hold *h)
{
	board_free(&h->board);
	h->state = HOLD_REFUSED;
}

void
hold_close(struct hold *h)
{
	board_free(&h->board);
	rec_free(&h->begin);
	h->lines = 0;
	h->state = HOLD_CLOSED;
}

int
hold_geometry(
    const struct hold *h, const struct rec *end, struct buf *out, struct err *e)
{
	struct span *ids = board_ids(&h->board);
	struct geom_summary sum;
	int r = geom_summarize(ids, h->board.n, NULL, &sum, e);

	free(ids);
	if (r == -1)
		return -1;
	rec_begin(out, "geometry", rec_ts(end));
	rec_add_str(out, "symbol", hold_symbol(h));
	rec_add_str(out, "geometry_hash", sum.geometry_hash);
	rec_add_str(out, "grid_hash", sum.grid_hash);
	rec_add_int(out, "contracts", (int64_t)sum.contracts);
	rec_add_int(out, "strikes", (int64_t)sum.strikes);
	rec_add_int(out, "expirations", (int64_t)sum.expirations);
	rec_add_int(out, "begin_ts", rec_ts(&h->begin));
	rec_add_int(out, "end_ts", rec_ts(end));
	rec_add_num(out, "spot", rec_num(end, "spot"));
	rec_add_num(out, "spot_ts", rec_num(end, "spot_ts"));
	rec_add_str(out, "source", rec_str(&h->begin, "source"));
	rec_add_str(out, "reason", rec_str(&h->begin, "reason"));
	rec_add_str(out, "for_epoch", rec_str(&h->begin, "for_epoch"));
	rec_add_str(out, "filter", rec_str(&h->begin, "filter"));
	rec_end(out);
	return 0;
}

static struct span
text_of(json_t *string)
{
	return (struct span){
	    json_string_value(string), json_string_length(string)};
}

/* A value as it was written, but for white space and escapes: digits holds
 * the same value with every number as a string of its own digits (rec.h). */
static void
add_value(struct buf *b, json_t *value, json_t *digits)
{
	json_t *item;
	const char *key, *comma = "";
	size_t i;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		buf_char(b, '{');
		json_object_foreach(value, key, item)
		{
			buf_str(b, comma);
			rec_quote(b, span_str(key));
			buf_char(b, ':');
			add_value(b, item, json_object_get(digits, key));
			comma = ",";
		}
		buf_char(b, '}');
		break;
	case JSON_ARRAY:
		buf_char(b, '[');
		json_array_foreach(value, i, item)
		{
			buf_str(b, comma);
			add_value(b, item, json_array_get(digits, i));
			comma = ",";
		}
		buf_char(b, ']');
		break;
	case JSON_STRING:
		rec_quote(b, text_of(value));
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		buf_span(b, text_of(digits));
		break;
	case JSON_TRUE:
		buf_str(b, "true");
		break;
	case JSON_FALSE:
		buf_str(b, "false");
		break;
	case JSON_NULL:
		buf_str(b, "null");
		break;
	}
}

void
hold_end_line(const struct hold *h, const struct rec *end, struct span line,
    struct buf *out)
{
	int64_t duplicates = 0;
	const char *key, *comma = "{";
	json_t *item;

	if (h->board.duplicates == 0) {
		buf_span(out, line);
		buf_char(out, '\n');
		return;
	}
	rec_int(end, "duplicates", &duplicates);
	duplicates += (int64_t)h->board.duplicates;
	json_object_foreach(end->value, key, item)
	{
		buf_str(out, comma);
		comma = ",";
		rec_quote(out, span_str(key));
		buf_char(out, ':');
		if (strcmp(key, "contracts") == 0)
			buf_int(out, (int64_t)h->board.n);
		else if (strcmp(key, "duplicates") == 0)
			buf_int(out, duplicates);
		else
			add_value(out, item, json_object_get(end->text, key));
	}
	if (!rec_has(end, "duplicates"))
		rec_add_int(out, "duplicates", duplicates);
	rec_end(out);
}
