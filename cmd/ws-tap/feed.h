/* SPDX-License-Identifier: ISC */
/*
 * feed: the conversation with the vendor as a state machine: what was said to
 * us and what time it is go in, what is to be done comes out.  Pure: no
 * socket, no clock, no key.
 *
 * What it knows (docs/FAULTS.md "WebSocket"): auth_success is no health, since
 * too many connections are refused after it; so the wait before the next try
 * grows until a connection has lived for a while.  A refused key ends us.  A
 * refusal for too many connections is answered by a long pause, or two taps
 * would take turns in killing each other.  A close of any code is a loss.
 * Quiet is not dead: only when nothing at all was heard, no pong either, for
 * dead_ms.
 *
 * Times are monotonic ms.
 */
#ifndef WS_TAP_FEED_H
#define WS_TAP_FEED_H

#include <stdint.h>

#include "pairs.h"

#define FEED_DETAIL 240

enum feed_state {
	FEED_WAITING,    /* nothing to subscribe yet */
	FEED_CONNECTING, /* also: the pause before it */
	FEED_CONNECTED,
	FEED_AUTHENTICATED,
	FEED_SUBSCRIBED,
	FEED_REFUSED, /* too many connections: the long pause */
	FEED_LOST     /* the short one */
};

struct feed_conf {
	int64_t backoff_min, backoff_max; /* before a try; ms, as all */
	int64_t healthy;  /* a connection that lived so long was a good one */
	int64_t cooldown; /* after max_connections, at least */
	int64_t ping, dead;
	int64_t answer; /* for the handshake's steps and acknowledgements */
};

enum feed_act {
	FEED_NOTHING,
	FEED_CONNECT,
	FEED_AUTH,   /* send the key */
	FEED_SEND,   /* send text */
	FEED_PING,   /* send a ping */
	FEED_DROP,   /* this connection is over: close it */
	FEED_REPORT, /* state and detail are news */
	FEED_BACK,   /* subscribed again after a loss */
	FEED_READY,  /* for the first time: all is asked, a pong came */
	FEED_FAIL    /* detail; the key is refused, do not come again */
};

struct feed_effect {
	struct span text; /* borrowed until the next call */
	enum feed_state state;
	char detail[FEED_DETAIL];
};

struct feed_news {
	enum feed_state state;
	char detail[FEED_DETAIL];
};

#define FEED_NEWS 4

struct feed {
	struct feed_conf conf;
	struct pairs pairs;
	enum feed_state state;
	bool is_gap; /* a loss after data, not yet made good */
	uint64_t connects, losses;

	uint64_t random; /* private from here on */
	int64_t at;      /* when to connect */
	int64_t opened, heard, pinged;
	int64_t step; /* until when the running step must be answered; 0 */
	unsigned tries;
	bool is_open, is_refused, is_failed;
	bool must_auth, must_drop, must_ping, is_back, is_ready, was_ready;
	bool is_round;    /* pairs are being asked */
	bool is_no;       /* … and an error came since the last ones were */
	size_t left;      /* pairs given back in this round */
	char refusal[96]; /* what the vendor last said no with */
	struct feed_news news[FEED_NEWS];
	size_t nnews;
	char told[FEED_DETAIL]; /* of the last loss */
	struct buf text;
};

/* random: any number, from which the pauses take their jitter. */
void feed_init(struct feed *f, const struct feed_conf *conf, uint64_t random);
void feed_free(struct feed *f);

const char *feed_state_name(enum feed_state s);

/* What is wanted now; the first call with any starts it all. */
void feed_want(struct feed *f, const struct pair *want, size_t n, int64_t now);

void feed_opened(struct feed *f, int64_t now);
/* A frame came, of any kind; is_pong: it was one. */
void feed_heard(struct feed *f, bool is_pong, int64_t now);
void feed_status(
    struct feed *f, struct span status, struct span message, int64_t now);
/* The connection is gone, or did not come about; how is for people. */
void feed_lost(struct feed *f, const char *how, int64_t now);

/* The next thing to do, FEED_NOTHING when there is none before feed_due. */
enum feed_act feed_next(struct feed *f, struct feed_effect *out, int64_t now);
int64_t feed_due(const struct feed *f);

#endif
