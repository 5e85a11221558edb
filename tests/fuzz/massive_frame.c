/* SPDX-License-Identifier: ISC */
/*
 * Of any message: each tick that comes out becomes a line that reads back as
 * the same tick; it ends; a message that jansson refuses is said to be bad; in
 * two halves of a copy nothing is read beyond its end (the sanitizer's part).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "massive_frame.h"

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static void
check_tick(const struct tick *t)
{
	struct buf line = {0}, own = {0};
	struct tick back;
	struct err e;

	tick_write(&line, t);
	expect(
	    tick_read((struct span){line.p, line.n - 1}, &own, &back, &e) == 0);
	expect(tick_cmp(t, &back) == 0 && back.group == t->group);
	expect(span_eq(t->id, back.id));
	for (size_t i = 0; i < line.n - 1; i++)
		expect(line.p[i] >= ' ' && line.p[i] <= '~');
	buf_free(&line);
	buf_free(&own);
}

/* Its number of events; *is_bad: one could not be. */
static size_t
read_all(struct span text, bool *is_bad)
{
	struct massive_frame f = {0};
	struct massive_event ev;
	enum massive_what what;
	size_t n = 0;

	*is_bad = false;
	massive_frame_begin(&f, text, INT64_C(1750000000000));
	while ((what = massive_frame_next(&f, &ev)) != MASSIVE_END) {
		expect(++n <= text.n + 1);
		if (what == MASSIVE_TICK)
			check_tick(&ev.tick);
		*is_bad =
		    *is_bad || what == MASSIVE_BAD || what == MASSIVE_BROKEN;
	}
	massive_frame_free(&f);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of the exact size: what is read behind it is noticed */
	char *copy = malloc(size + (size == 0));
	json_t *all;
	bool is_bad;

	if (copy == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	read_all((struct span){copy, size}, &is_bad);
	all = json_loadb(copy, size, JSON_REJECT_DUPLICATES, NULL);
	expect(is_bad || json_is_array(all));
	json_decref(all);
	free(copy);
	return 0;
}
