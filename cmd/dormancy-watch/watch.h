/* SPDX-License-Identifier: ISC */
/*
 * watch: the symbols served, what is asked of Redis, and what is told.
 * watch.c is time and Redis, lines.c the input, scan.c partial silence.
 */
#ifndef DORMANCY_WATCH_H
#define DORMANCY_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "coverage.h"
#include "link.h"
#include "rec.h"
#include "request.h"
#include "session.h"
#include "silence.h"
#include "stream.h"
#include "symbol.h"

#define WARDS_MAX 1024

/* A symbol that is watched over. */
struct ward {
	char name[SYMBOL_MAX + 1];
	struct silence s;
	struct { /* to be written into Redis; count 0: nothing */
		int64_t count, silent_ms;
		bool force;
	} owed;
	bool missed;     /* a gap was closed: a snapshot is to be asked for */
	bool ticked;     /* a tick was accepted, … */
	int64_t tick_at; /* … the last one then, on the watch's axis */
	int64_t tick_ts; /* the newest, the feed's time */
	struct coverage coverage;
};

struct watch {
	struct silence_rule rule;
	struct session session;
	bool by_records;     /* the records' ts is all the time there is */
	int64_t coverage_ms; /* between two scans; 0 none */
	int64_t quiet_ms;

	struct in in;
	struct out out;
	struct link link;
	struct requests requests;
	struct silence_clock clock;
	struct ward *wards;
	size_t n;

	int64_t now;  /* the axis of silence */
	int64_t wall; /* ts of what we write, and the session's time */
	int64_t look_at, scan_at;
	size_t scanned; /* wards of this round of scans */
	bool full;      /* a symbol found no room, and it was said */
	bool stalled;   /* records are being dropped, and it was said */
	bool ended;     /* an error that ends the watch */
	int status;
	struct buf line, json;
	uint64_t heartbeats, batches, gaps, passed, bad, counted, forced, asked,
	    dropped;
};

/* Watch over a symbol, too; nothing if it is so already. */
void watch_serve(struct watch *w, const char *symbol);

/* One line of the input.  by_records: its time is the watch's. */
void watch_line(struct watch *w, struct span line);
void watch_bad_line(struct watch *w, const struct err *e);

/* It is now this late: look, count, act, tell. */
void watch_advance(struct watch *w, int64_t now, int64_t wall);

/* When watch_advance or watch_scan has something to do, on the axis. */
int64_t watch_due(const struct watch *w);

/* A small step of the scan for partial silence, if it is time. */
void watch_scan(struct watch *w);

/* Write the requests that wait, if there is a reader for them. */
void watch_ask(struct watch *w);

void watch_show(const struct watch *w); /* counters on stderr */

/* The input is over: write what waits, say what is to be said. */
void watch_end(struct watch *w);

void watch_add_status(struct watch *w, int status);
void watch_free(struct watch *w);

/* May n bytes be written without waiting for a reader?  In a replay nobody
 * is in a hurry: always. */
bool watch_fits(struct watch *w, size_t n);

/* Between watch.c, lines.c and scan.c: a tick was accepted, a gap is closed,
 * the dormant record of a ward goes out. */
void watch_tick(struct watch *w, struct ward *d, int64_t tick_ts);
void watch_gap(struct watch *w, struct ward *d);
void watch_tell(struct watch *w, struct ward *d, int64_t silent_ms,
    int64_t count, bool forced);
/* The present in the feed's time, as far as ticks told it; 0: unknown. */
int64_t watch_feed_time(const struct watch *w, const struct ward *d);
/* The watch is over. */
void watch_fail(struct watch *w, const char *subject, const struct err *e);

#endif
