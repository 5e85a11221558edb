/* SPDX-License-Identifier: ISC */
/*
 * fetch: snapshots from the network.  What both vendors share: the settings,
 * what an answer means, when to try again.
 */
#ifndef CHAIN_FETCH_FETCH_H
#define CHAIN_FETCH_FETCH_H

#include "documents.h"
#include "http.h"
#include "progress.h"
#include "raw.h"

#define FETCH_PAGES_MAX 500

struct fetch_conf {
	struct chain_conf chain;
	const char *base, *cacert;
	struct secret key;
	int64_t deadline_ms, every_ms; /* every_ms 0: once */
	int64_t max_pages, max_body, parallel;
	bool raw, verbose, quiet;
};

struct fetch {
	const struct fetch_conf *conf;
	struct http *http;
	struct progress progress;
	int64_t until; /* monotonic ms: this snapshot's deadline */
	int64_t last;  /* monotonic ms: the last request's */
	char run[17];  /* --raw: what this snapshot's pages have in common */
};

/* All symbols, once or again and again.  Returns the exit status. */
int fetch_run(const struct fetch_conf *conf, struct wanted *wanted, size_t n);

/* The network, before the first fetch_symbol.  -1 and *e (78). */
int fetch_open(struct fetch *f, const struct http_aside *aside, struct err *e);

/* One snapshot of one symbol, or an abort.  Returns the exit status. */
int fetch_symbol(struct fetch *f, const struct wanted *w);
int fetch_massive(struct fetch *f, const struct wanted *w);
int fetch_cboe(struct fetch *f, const struct wanted *w);

/* How a request went. */
struct verdict {
	struct err err; /* exit 0: a whole 200 */
	bool may_retry;
	int64_t retry_after; /* ms; -1: not told */
};

struct verdict fetch_judge(const struct fetch *f, const struct http_job *job);

/*
 * After tries failed ones: ms to wait before the next, or -1: give up, the
 * verdict's err says why.
 */
int64_t fetch_wait(const struct fetch *f, struct verdict *v, int tries);

/* With --raw: write the body; source, reason, filter and run are filled in.  *e
 * (76) when it echoes the key: it is not written. */
void fetch_raw(
    struct fetch *f, struct raw_page *page, struct span body, struct err *e);

/*
 * What a vendor says may be what we said to it: a text with the key in it, or
 * cut inside it, is told to nobody.
 */
void fetch_hide_key(const struct fetch *f, struct err *e);

/* ms left of the deadline; 0: none. */
int64_t fetch_rest(const struct fetch *f);

/* Why it ends: told to stop, or the deadline. */
void fetch_over(const struct fetch *f, struct err *e);

#endif
