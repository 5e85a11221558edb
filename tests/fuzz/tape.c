/* SPDX-License-Identifier: ISC */
/*
 * fuzz/tape: a line that the reader takes is JSON, says the same to jansson,
 * and is written again byte by byte; what it says of arguments and rows is
 * within the line.  The input gets its sum here: else no mutation would ever
 * come past it.
 */
#include <stdint.h>
#include <stdlib.h>

#include <jansson.h>

#include "sha.h"
#include "tape.h"
#include "tape_row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static bool
lies_in(struct span part, struct span whole)
{
	return part.n == 0 || (part.p >= whole.p && part.n <= whole.n &&
				  part.p + part.n <= whole.p + whole.n);
}

static void
expect_str(const json_t *o, const char *key, struct span want)
{
	const json_t *v = json_object_get(o, key);

	expect(
	    json_is_string(v) && json_string_length(v) == want.n &&
	    (want.n == 0 || memcmp(json_string_value(v), want.p, want.n) == 0));
}

static void
expect_int(const json_t *o, const char *key, int64_t want)
{
	const json_t *v = json_object_get(o, key);

	expect(json_is_integer(v) && json_integer_value(v) == want);
}

static void
check_args(const struct tape_line *l, const json_t *list)
{
	struct span rest = l->args, arg;
	struct buf own = {0};
	size_t n = 0;
	int rc;

	while ((rc = tape_arg(&rest, &own, &arg)) > 0) {
		const json_t *v = json_array_get(list, n++);

		expect(json_is_string(v) && json_string_length(v) == arg.n &&
		       (arg.n == 0 ||
			   memcmp(json_string_value(v), arg.p, arg.n) == 0));
	}
	expect(rc == 0 && json_array_size(list) == n);
	buf_free(&own);
}

static void
check_rows(struct span rows)
{
	struct span column[TAPE_ROW_MAX], rest = rows, cid;
	struct buf again = {0}, line = {0};
	struct contract c;
	size_t row = 0;
	int n;

	while ((n = tape_row_next(&rest, column)) > 0) {
		expect(n <= TAPE_ROW_MAX);
		if (row++ > 0)
			buf_char(&again, ';');
		for (int i = 0; i < n; i++) {
			expect(lies_in(column[i], rows));
			if (i > 0)
				buf_char(&again, ',');
			buf_span(&again, column[i]);
		}
		if (tape_row_contract(column, n, &cid, &c) < 0)
			continue;
		buf_clear(&line);
		tape_row_write(&line, cid, &c);
		expect(again.n >= line.n &&
		       memcmp(again.p + again.n - line.n, line.p, line.n) == 0);
	}
	if (n == 0) /* all but a last, empty row */
		expect(rows.n - again.n <= 1 &&
		       (again.n == 0 || memcmp(again.p, rows.p, again.n) == 0));
	buf_free(&again);
	buf_free(&line);
}

static void
check_json(const struct tape_line *l, struct span text)
{
	static const char *const types[] = {"tape", "act", "rewind"};
	json_t *o = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);

	expect(json_is_object(o));
	expect_str(o, "type", span_str(types[l->what]));
	expect_int(o, "ts", l->ts);
	expect_str(o, "symbol", span_str(l->symbol));
	expect_str(o, "sum", span_str(l->sum));
	if (l->what == TAPE_HEAD)
		expect_int(o, "after", l->act);
	if (l->what == TAPE_REWIND) {
		expect_int(o, "from", l->from);
		expect_int(o, "to", l->act);
	}
	if (l->what == TAPE_ACT) {
		expect_int(o, "act", l->act);
		expect_str(o, "epoch_id", span_str(l->id));
		expect_str(o, "kind", span_str(l->kind));
		check_args(l, json_object_get(o, "args"));
		if (l->rows.n > 0)
			expect_str(o, "rows", l->rows);
	}
	json_decref(o);
}

static void
check_line(struct span text)
{
	struct buf again = {0};
	struct tape_line l;
	struct err e;

	if (tape_read(text, &l, &e) < 0) {
		expect(e.exit == EX_DATAERR);
		return;
	}
	expect(lies_in(l.args, text) && lies_in(l.rows, text));
	check_json(&l, text);
	check_rows(l.rows);
	tape_write(&again, &l);
	again.n--; /* the newline */
	expect(span_eq(buf_view(&again), text));
	buf_free(&again);
}

/* Any text as arguments and as rows. */
static void
check_parts(struct span text)
{
	struct span rest = text, arg;
	struct buf own = {0};
	size_t n = 0;

	while (tape_arg(&rest, &own, &arg) > 0) {
		expect(lies_in(rest, text));
		expect(lies_in(arg, text) || lies_in(arg, buf_view(&own)));
		expect(++n <= text.n);
	}
	buf_free(&own);
	check_rows(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	/* of its own, so that a byte too far is seen */
	char *own = mem_alloc(n + 1), hash[SHA256_TEXT];
	struct span text = {own, n};
	struct buf line = {0};

	memcpy(own, data, n);
	check_line(text);
	check_parts(text);
	sha256_hex(text, hash);
	buf_span(&line, text);
	buf_fmt(&line, ",\"sum\":\"%.16s\"}", hash);
	check_line(buf_view(&line));
	buf_free(&line);
	free(own);
	return 0;
}
