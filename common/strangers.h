/* SPDX-License-Identifier: ISC */
/*
 * strangers: contracts that no board lists.  Many of them in a short time
 * mean that a board is out of date: then a snapshot is worth asking for.
 *
 * All by the times of receipt, so that a recording asks at the same places.
 *
 * Layer: knows buf.
 */
#ifndef EPOCH_STRANGERS_H
#define EPOCH_STRANGERS_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

#define STRANGERS_MAX 65536    /* remembered; then all are forgotten */
#define STRANGERS_WINDOW 10000 /* ms */

struct strangers;

struct strangers *strangers_new(void);
void strangers_free(struct strangers **s);

/*
 * Does this one count, seen at that time?  Once in a window; and not at all
 * when a snapshot that began after its first sight (begin_ts, the newest one's)
 * did not list it either.
 */
bool strangers_count(
    struct strangers *s, struct span id, int64_t recv_ts, int64_t begin_ts);

/* For one symbol: the times of the last ones that counted. */
struct alarm {
	int64_t *seen; /* a ring of `limit` */
	int64_t n, at;
	int64_t not_before; /* no request earlier, … */
	int64_t wait;       /* … which doubles */
};

void alarm_free(struct alarm *a);

/* One more counts: is it time to ask? */
bool alarm_rings(struct alarm *a, int64_t limit, int64_t recv_ts);

#endif
