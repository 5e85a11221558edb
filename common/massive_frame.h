/* SPDX-License-Identifier: ISC */
/*
 * massive_frame: a message of Massive's WebSocket -> ticks and statuses.
 * Pure.
 *
 * A message is an array of events, statuses and data mixed, each read by
 * itself: a bad one costs itself, a message whose brackets do not match its
 * rest.  Q becomes a quote (bp, ap, bs, as at t), T a trade (p, s at t), A and
 * AM the volume of the day (av at the end e of their window); q is feed_seq.
 * Digits stay as written, ids too; an integer may be spelt 12.0; a time's unit
 * is what its size says, those that are not ms are counted.  All other events
 * are unsupported, unknown keys are nobody's business.
 *
 * Layer: knows err, buf, scan, shape, geom, contract, tick, massive.
 */
#ifndef EPOCH_MASSIVE_FRAME_H
#define EPOCH_MASSIVE_FRAME_H

#include <stdint.h>

#include "buf.h"
#include "geom.h"
#include "tick.h"

enum massive_what {
	MASSIVE_END,
	MASSIVE_TICK,
	MASSIVE_STATUS,
	MASSIVE_UNSUPPORTED, /* another event; why is its name */
	MASSIVE_BAD,         /* an event that cannot be; why says what of it */
	MASSIVE_BROKEN       /* the rest of the message cannot be read */
};

/* Borrowed from the message, and until the next one is asked for. */
struct massive_event {
	struct tick tick;
	struct geom_id id;           /* the tick's, taken apart */
	struct span status, message; /* SPAN_NONE: absent */
	struct span why;
};

/* {0} is a valid new one. */
struct massive_frame {
	uint64_t fast, slow; /* events read by the scanner; by jansson */
	uint64_t odd_units;  /* times that were not in ms */
	struct span rest;    /* private from here on */
	const char *brace;   /* the last closing one */
	int64_t recv_ts;
	int state;
	struct buf own;
};

/* Start with a message, borrowed while its events are asked for. */
void massive_frame_begin(
    struct massive_frame *f, struct span message, int64_t recv_ts);
void massive_frame_free(struct massive_frame *f);

enum massive_what massive_frame_next(
    struct massive_frame *f, struct massive_event *out);

#endif
