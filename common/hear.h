/* SPDX-License-Identifier: ISC */
/*
 * hear: a second connection that listens for wake-up hints.
 *
 * A hint is never the truth: messages are lost when the connection is, and
 * nobody sends them again.  So every wait ends after the time between two
 * polls, and whoever listens looks for itself then.  A connection that was
 * lost is opened again, at most once a wait.
 *
 * Layer: knows err, buf, clock, sig, key, db.
 */
#ifndef EPOCH_HEAR_H
#define EPOCH_HEAR_H

#include "db.h"
#include "key.h"

struct hear {
	struct db *db; /* NULL: not listening */
	const char *url;
	int64_t timeout_ms;
	struct buf channel;
	bool woken;
	uint64_t messages, losses; /* counters */
};

void hear_init(
    struct hear *h, const char *url, int64_t timeout_ms, const struct keys *k);
void hear_close(struct hear *h);

/*
 * Wait up to ms for a hint, or a stop signal.  Returns at once when a hint
 * came since the last wait, and when it has just begun to listen: what was
 * said before is lost.  What models say (ack, clean) wakes nobody.
 */
void hear_wait(struct hear *h, int64_t ms);

#endif
