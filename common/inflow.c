/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "inflow.h"
#include "rec.h"

const char *const count_names[COUNTS] = {"read", "applied", "conflated", "late",
    "duplicate", "unknown", "held", "future", "dropped"};

void
inflow_init(struct inflow *f, const char *symbol)
{
	*f = (struct inflow){0};
	snprintf(f->listing.symbol, sizeof(f->listing.symbol), "%s", symbol);
	if (*symbol != '\0')
		f->pool = pool_new(SIZE_MAX);
}

void
inflow_free(struct inflow *f)
{
	listing_clear(&f->listing);
	pool_free(&f->pool);
	alarm_free(&f->alarm);
}

size_t
inflow_waiting(const struct inflow *f)
{
	return f->pool == NULL ? 0 : pool_count(f->pool) + f->in_flight;
}

void
inflow_drop(struct inflow *f, const struct tick *t)
{
	inflow_count(f, COUNT_DROPPED, 1);
	if (f->lost++ == 0)
		f->lost_from = f->lost_to = t->recv_ts;
	if (t->recv_ts < f->lost_from)
		f->lost_from = t->recv_ts;
	if (t->recv_ts > f->lost_to)
		f->lost_to = t->recv_ts;
}

/* Ticks that are counted now and were not when the last record was made:
 * those that were read since and those that waited then, without those that
 * still wait. */
static int64_t
covered(const struct inflow *f)
{
	return f->since[COUNT_READ] + (int64_t)f->waited -
	       (int64_t)inflow_waiting(f);
}

bool
inflow_has_news(const struct inflow *f)
{
	for (int i = COUNT_READ + 1; i < COUNTS; i++)
		if (f->since[i] != 0)
			return true;
	return covered(f) != 0;
}

void
inflow_tell(struct inflow *f, struct out *out)
{
	const struct listing *l = &f->listing;
	struct buf b = {0};

	rec_begin(&b, "hydrated", f->recv_ts);
	rec_add_str(&b, "symbol", l->symbol[0] != '\0' ? l->symbol : NULL);
	rec_add_str(&b, "epoch_id", l->id[0] != '\0' ? l->id : NULL);
	if (l->id[0] != '\0')
		rec_add_int(&b, "seq", l->seq);
	rec_add_int(&b, "read", covered(f));
	for (int i = COUNT_READ + 1; i < COUNTS; i++)
		rec_add_int(&b, count_names[i], f->since[i]);
	if (l->last_tick_ts > 0)
		rec_add_int(&b, "last_tick_ts", l->last_tick_ts);
	rec_end(&b);
	out_write(out, b.p, b.n);
	buf_free(&b);
	memset(f->since, 0, sizeof(f->since));
	f->waited = inflow_waiting(f);
}

void
inflow_tell_gap(struct inflow *f, const char *reason, struct out *out)
{
	struct buf b = {0};

	if (f->lost == 0)
		return;
	rec_begin(&b, "gap", clock_now_ms());
	buf_str(&b, ",\"symbols\":[");
	rec_quote(&b, span_str(f->listing.symbol));
	buf_str(&b, "]");
	rec_add_int(&b, "from_ts", f->lost_from);
	rec_add_int(&b, "to_ts", f->lost_to);
	rec_add_str(&b, "reason", reason);
	rec_add_int(&b, "dropped", f->lost);
	rec_end(&b);
	out_write(out, b.p, b.n);
	buf_free(&b);
	f->lost = 0;
}
