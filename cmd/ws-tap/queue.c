/* SPDX-License-Identifier: ISC */
/* queue: see queue.h. */
#include "queue.h"

void
queue_init(struct queue *q, int fd, size_t max)
{
	*q = (struct queue){.pool = pool_new(max)};
	out_init(&q->out, fd);
	q->out.room = SIZE_MAX; /* it is ours to bound, and must not wait */
}

void
queue_free(struct queue *q)
{
	pool_free(&q->pool);
	buf_free(&q->text);
}

size_t
queue_ticks(const struct queue *q)
{
	return pool_count(q->pool);
}

bool
queue_is_full(const struct queue *q)
{
	return out_queued(&q->out) >= QUEUE_LINES;
}

static void
drop(struct queue *q, uint64_t n, int64_t ts)
{
	if (q->dropped == q->dropped_told)
		q->dropped_from = ts;
	q->dropped_to = ts;
	q->dropped += n;
}

static void
put(struct queue *q, const struct tick *t)
{
	buf_clear(&q->text);
	tick_write(&q->text, t);
	out_write(&q->out, q->text.p, q->text.n);
	q->written++;
}

bool
queue_record(struct queue *q, struct span line, size_t room)
{
	if (!q->is_ending && out_queued(&q->out) + line.n > QUEUE_LINES + room)
		return false;
	out_write(&q->out, line.p, line.n);
	return true;
}

void
queue_events(struct queue *q, struct span lines, uint64_t n, int64_t ts)
{
	if (queue_record(q, lines, QUEUE_FRAMES))
		q->written += n;
	else
		drop(q, n, ts);
}

/* What waits in the pool becomes lines, until there are so many bytes. */
static void
refill_to(struct queue *q, size_t room)
{
	uint32_t at, next;
	struct tick t;

	for (at = pool_first(q->pool);
	     at != POOL_END && out_queued(&q->out) < room; at = next) {
		next = pool_next(q->pool, at);
		pool_get(q->pool, at, &t);
		put(q, &t);
		pool_drop(q->pool, at);
	}
}

void
queue_flush(struct queue *q)
{
	size_t before;

	do {
		refill_to(q, QUEUE_LINES);
		before = out_queued(&q->out);
		out_offer(&q->out);
	} while (out_queued(&q->out) == 0 && pool_count(q->pool) > 0);
	q->is_blocked = before > 0 && out_queued(&q->out) > 0;
}

void
queue_tick(struct queue *q, const struct tick *t)
{
	if (queue_is_full(q) && !q->is_blocked)
		queue_flush(q); /* a message may hold more than that */
	if (!queue_is_full(q) && pool_count(q->pool) == 0) {
		put(q, t);
		return;
	}
	switch (pool_put(q->pool, t)) {
	case POOL_NEW:
		break;
	case POOL_BEAT:
	case POOL_LOST:
	case POOL_EQUAL:
		q->conflated++;
		break;
	case POOL_FULL:
		drop(q, 1, t->recv_ts);
		break;
	}
}

void
queue_empty(struct queue *q)
{
	refill_to(q, SIZE_MAX);
	q->is_ending = true;
}
