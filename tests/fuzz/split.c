/* SPDX-License-Identifier: ISC */
/*
 * The same rows and shells however the input is cut, and whether or not
 * somebody reads ahead; what is handed out fits
 * in the limits; a document without rows is its own shell.
 */
#include <stdint.h>
#include <stdlib.h>

#include "shape.h"
#include "split.h"

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static const struct scan_key keys[] = {
    SCAN_KEY("option", -1), SCAN_KEY("details", -1), SCAN_KEY("ticker", 1)};
static const struct scan_shape shape = {keys, 3};

static size_t
ahead(struct span text, void *ctx)
{
	return shape_ahead(&shape, text, ctx);
}

/* Feed text in pieces whose lengths come from cuts; all events to out. */
static void
run(struct span text, struct span cuts, struct shape_ahead *a, struct buf *out)
{
	struct split *s = split_new("data.options");
	enum split_event event = SPLIT_MORE;
	struct buf shell = {0};
	struct span got;
	struct err e;

	if (a != NULL)
		split_ahead(s, ahead, a);
	for (size_t i = 0; text.n > 0 && event != SPLIT_BAD; i++) {
		size_t n = cuts.n == 0
			       ? text.n
			       : (unsigned char)cuts.p[i % cuts.n] % 32u + 1;

		if (n > text.n)
			n = text.n;
		split_feed(s, (struct span){text.p, n});
		text.p += n;
		text.n -= n;
		do {
			event = split_next(s, &got, &e);
			if (event == SPLIT_MORE)
				break;
			buf_fmt(out, "\n%d ", (int)event);
			if (event == SPLIT_BAD)
				break;
			expect(got.n > 0 && got.n <= SPLIT_ROW_MAX);
			buf_span(out, got);
		} while (event != SPLIT_BAD);
		buf_clear(&shell);
		split_shell_so_far(s, &shell);
	}
	buf_str(out, split_pending(s) ? " pending" : " done");
	buf_free(&shell);
	split_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n_cuts = size > 8 ? 8 : 0;
	struct span cuts = {(const char *)data, n_cuts};
	struct span text = {(const char *)data + n_cuts, size - n_cuts};
	struct buf whole = {0}, cut = {0};
	struct shape_ahead a = {0};

	run(text, SPAN_NONE, NULL, &whole);
	for (int i = 0; i < 3; i++) {
		buf_clear(&cut);
		run(text, i == 2 ? SPAN_NONE : cuts, i > 0 ? &a : NULL, &cut);
		expect(span_eq(buf_view(&whole), buf_view(&cut)));
	}
	buf_free(&whole);
	buf_free(&cut);
	return 0;
}
