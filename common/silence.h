/* SPDX-License-Identifier: ISC */
/*
 * silence: when a symbol has been silent for so long that it has to be read
 * anew.  Pure: one step is a function of state, event and time, so every
 * rule is tested on made-up time, and a recorded stream gives the same steps
 * each time.
 *
 * Silence is the time since the latest of: the last accepted tick, the
 * appearance of the active epoch, the opening of the session, the start of
 * the watch.  Each full threshold of it counts one.  The step whose count
 * exceeds `count` forces; from then on count and force come together, when
 * silence is twice, four times, … what it was at first, but never more than
 * max_backoff_ms after the last time.  Only a tick, or a session's opening,
 * ends that; a new epoch starts silence anew, and keeps the next multiple.
 *
 * One step counts at most once.  A step that comes when the next count is due
 * as well (a machine that slept, a stopped process, a hole in a recording)
 * counts once, and the next wait begins at its own time.
 *
 * Times are ms on an axis that the caller chooses (monotonic time, or that of
 * records); the state does not let it go back.
 *
 * Source: docs/REDIS.md, "Silence".
 * Layer: knows key.
 */
#ifndef EPOCH_SILENCE_H
#define EPOCH_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "key.h"

struct silence_rule {
	int64_t threshold_ms;
	int64_t count; /* a count above this one forces */
	int64_t max_backoff_ms;
};

/* One symbol. */
struct silence {
	char epoch[EPOCH_ID_MAX]; /* the active one; "" none */
	bool known;               /* Redis has told which is active */
	bool open;                /* the session */
	int64_t now;              /* of the last step */
	int64_t looked;           /* at the session, the last time */
	int64_t since;            /* silence is counted from here */
	int64_t due;              /* the next count */
	int64_t count;            /* of this watch, since the last tick */
	int64_t reach; /* silence that forces next; 0: not forced yet */
	int64_t first_due, first_wait; /* requests of a first epoch */
};

enum silence_kind {
	SILENCE_TIME,   /* time goes by */
	SILENCE_TICK,   /* a tick was accepted */
	SILENCE_EPOCH,  /* Redis was looked at: `epoch` is active, "" none */
	SILENCE_SESSION /* `open`, and if so for open_ms by the wall clock */
};

struct silence_event {
	enum silence_kind kind;
	const char *epoch;
	bool open;
	int64_t open_ms;
};

/* What a step asks for, together. */
enum {
	SILENCE_COUNT = 1, /* raise the stored count to s->count … */
	SILENCE_FORCE = 2, /* … with a full recompute, and request a snapshot */
	SILENCE_FIRST = 4, /* request a snapshot: there is no epoch */
	SILENCE_VOID = 8   /* what earlier steps asked for is void */
};

void silence_start(
    struct silence *s, const struct silence_rule *rule, int64_t now);

unsigned silence_step(struct silence *s, const struct silence_rule *rule,
    const struct silence_event *event, int64_t now);

/* When SILENCE_TIME may next ask for something; INT64_MAX: not by time. */
int64_t silence_due(const struct silence *s);

/* Since when, as of the last step. */
int64_t silence_ms(const struct silence *s);

/*
 * The time of a recording, from the ts of its records: it never goes back.  A
 * record up to a minute older than its predecessors is late, and is now; one
 * that is older still (another recording, or one absurd ts before it) starts
 * a new reckoning from there.
 */
struct silence_clock {
	bool begun;
	int64_t now, shift;
	uint64_t jumps; /* new reckonings */
};
int64_t silence_clock(struct silence_clock *c, int64_t ts);

#endif
