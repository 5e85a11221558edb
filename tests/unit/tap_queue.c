/* SPDX-License-Identifier: ISC */
/* ws-tap's side of stdout: what its end leaves room for. */
#include <unistd.h>

#include "../../cmd/ws-tap/queue.h"
#include "check.h"

#define GROUPS 60000

static struct queue queue;

/* As many contracts as there are strikes: none takes another's place. */
static void
put_tick(size_t i)
{
	struct tick t = {.group = CG_TRADE, .ts = 1, .recv_ts = 1};
	char id[32];

	snprintf(id, sizeof(id), "O:SPXW260821C%08zu", 1000 * i);
	t.id = span_str(id);
	t.v[0] = SPAN_LIT("7195.6");
	queue_tick(&queue, &t);
}

static void
test_last_words(void)
{
	const struct span line = SPAN_LIT("{\"type\":\"gap\"}\n");
	size_t before = 0;
	int pipes[2];

	test_begin("a full queue bounds what is said, but not at the end");
	if (!CHECK(pipe(pipes) == 0))
		return;
	queue_init(&queue, pipes[1], GROUPS);
	for (size_t i = 1; i <= 2 * GROUPS; i++)
		put_tick(i % 99999 + 1);
	CHECK(queue_is_full(&queue));
	CHECK_INT((int64_t)queue_ticks(&queue), GROUPS);
	CHECK(queue.dropped > 0);
	while (queue_record(&queue, line, QUEUE_EXTRA))
		before = out_queued(&queue.out);
	CHECK(before <= QUEUE_LINES + QUEUE_EXTRA);
	queue_empty(&queue);
	CHECK_INT((int64_t)queue_ticks(&queue), 0);
	CHECK(out_queued(&queue.out) > 2 * (QUEUE_LINES + QUEUE_EXTRA));
	/* what was dropped can still be told, and the account be closed */
	CHECK(queue_record(&queue, line, QUEUE_EXTRA));
	out_drop(&queue.out);
	queue_free(&queue);
	close(pipes[0]);
	close(pipes[1]);
}

int
main(void)
{
	test_last_words();
	return test_done();
}
