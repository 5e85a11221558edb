/* SPDX-License-Identifier: ISC */
/*
 * report: the tap's own records as text: gap, feed, heartbeat, ws_frame.
 * Pure.
 */
#ifndef WS_TAP_REPORT_H
#define WS_TAP_REPORT_H

#include <stdint.h>

#include "buf.h"

/* The symbols that are served, in order. */
struct served {
	const char *const *names;
	size_t n;
};

/* Of events, since the start. */
struct counts {
	uint64_t received, written, conflated, filtered, unsupported, bad,
	    dropped;
};

void report_gap(struct buf *b, const struct served *s, int64_t ts,
    int64_t from_ts, int64_t to_ts, const char *reason, uint64_t dropped);
void report_feed(struct buf *b, const struct served *s, int64_t ts,
    const char *state, const char *detail);
/* last_data_ts 0: there was none. */
void report_heartbeat(struct buf *b, const struct served *s, int64_t ts,
    const char *state, int64_t last_data_ts, const struct counts *c);

/* A message of the connection with that number, in as many records as it
 * takes (a line has a bound). */
void report_frame(struct buf *b, int64_t ts, uint64_t conn, struct span frame);

#endif
