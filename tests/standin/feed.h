/* SPDX-License-Identifier: ISC */
/*
 * feed: what the parts of the WebSocket half share: the connections, what is
 * said on them, and what the vendor would allow.
 *
 * A frame from a client goes ws.c -> talk.c (the vendor's handshake and
 * statuses) -> outbox.c (frames waiting for the socket) -> ws.c.  Events come
 * from tick.c (one event of a made-up market) through burst.c (how many, how
 * fast, in which order) or from a command, and go by feed.c to those who
 * subscribed.  action.c reads commands, for control.c (HTTP) and rules.c (a
 * script).
 *
 * Layer: knows common, standin, ids.
 */
#ifndef STANDIN_FEED_H
#define STANDIN_FEED_H

#include <stdio.h>

#include "ids.h"
#include "standin.h"
#include "token.h"

enum channel { CH_T, CH_Q, CH_A, CH_AM, CH_FMV, CH_LV, CHANNELS };
extern const char *const channel_names[CHANNELS];

/* The channel that a text begins with up to its dot or its end; CHANNELS:
 * none. */
enum channel channel_of(struct span text);

/* Some of the commands change how every connection is treated from then on. */
struct feed_settings {
	unsigned plan;        /* bits of the channels that may be had */
	bool is_ack_single;   /* one frame an acknowledgement */
	bool is_evict_newest; /* who goes when there are too many */
	int64_t connections;  /* how many may be; 0: any number */
	int64_t quotes;       /* Q pairs a connection */
	int64_t buffer;       /* unsent bytes a connection; 0: any number */
	int64_t auth_ms;      /* to authenticate in */
	int refuse_status;    /* of the upgrade; 0: it is accepted */
	bool is_accept_wrong; /* Sec-WebSocket-Accept is */
	bool is_key_refused;  /* every key is wrong */
	bool is_plan_refused; /* the plan has no WebSocket */
};

/* One message, or a ping, on its way out. */
struct frame {
	struct frame *next;
	size_t n, cap, sent;
	int64_t events;
	bool is_open; /* an array to which events are still added */
	bool is_ping;
	unsigned char room[]; /* LWS_PRE bytes for the library, then n */
};

/* How a connection is to end once its frames are out. */
enum ending { LIVES, ENDS_BY_DROP, ENDS_BY_CLOSE };

struct conn {
	struct conn *next;
	struct feed *feed;
	struct lws *wsi; /* NULL: it is closed */
	int64_t number;  /* 1, 2, … since the start */
	int64_t opened;  /* monotonic ms */
	bool is_auth;
	bool is_evicted_later; /* one too many: after its first acks */
	unsigned all;          /* channels wanted whole */
	unsigned char *wants;  /* channels by ids' number */
	size_t nwants;
	int64_t pairs, quotes;
	struct buf request; /* a message still incomplete */
	struct frame *head, *tail;
	size_t queued; /* bytes of frames not yet handed over */
	size_t frame_bytes, fragment;
	bool is_mute, is_read_stopped, is_write_stopped, is_mixed;
	enum ending ending;
	int code;
	char how[24]; /* for the log: close, drop, abort, slow, gone … */
	int64_t events, frames, bytes; /* handed to the socket */
	int64_t queued_events;         /* those and what waits */
	int64_t muted, lost;           /* events: mute; unsent at the end */
	unsigned rules_done;           /* by time; bits of rules.c */
	bool is_meant;                 /* scratch of action.c */
};

struct feed {
	struct standin *server;
	struct feed_settings set;
	struct ids ids;
	struct conn *conns, **last; /* in order of their numbers */
	int64_t opened, open;
	int64_t sent; /* events that at least one connection got */
	FILE *events; /* those, one a line; NULL: not kept */
	uint64_t *q;  /* the last of each ticker, by number */
	size_t nq;
	struct burst *burst;
	struct rules *rules;
	lws_sorted_usec_list_t beat;
	struct lws_context *context;
};

/* ------------------------------------------------------------------- feed */

void feed_help(struct buf *b); /* for --help */

void feed_init(struct feed *f, struct standin *s);
void feed_start(struct feed *f, struct lws_context *context);
void feed_stop(struct feed *f);
void feed_free(struct feed *f);

struct conn *feed_open(struct feed *f, struct lws *wsi);

/* Called by ws.c when the library forgets it; by: server or client. */
void feed_closed(struct conn *c, const char *by, int code);

/* Give an event to who wants it; number is its ticker's.  True when anyone
 * did. */
bool feed_event(
    struct feed *f, enum channel ch, size_t number, struct span event);

/* Does anyone want it? */
bool feed_wanted(const struct feed *f, enum channel ch, size_t number);

/* Have all frames that can go gone? */
bool feed_is_idle(const struct feed *f);

/* End it: at once and rudely, or once what waits is out. */
void conn_abort(struct conn *c, const char *how);
void conn_drop(struct conn *c, const char *how);
void conn_close(struct conn *c, int code, const char *how);
void conn_evict(struct conn *c);

/* The oldest or the newest that lives; NULL: none. */
struct conn *feed_end_of_line(struct feed *f, bool is_newest);

/* ----------------------------------------------------------------- outbox */

/* A message of its own. */
void outbox_text(struct conn *c, struct span text);
void outbox_ping(struct conn *c, struct span text);

/* One more element of the array that is being filled. */
void outbox_add(struct conn *c, struct span element, bool is_event);

/* Write the next frame, or a part of it.  -1: the connection is broken. */
int outbox_write(struct conn *c);
void outbox_clear(struct conn *c);

/* ------------------------------------------------------------- talk, rules */

void talk_greet(struct conn *c);
void talk_message(struct conn *c, struct span text);
void talk_status(struct conn *c, const char *status, const char *message);

enum moment {
	AT_CONNECT,
	AT_AUTH,
	AT_SUBSCRIBE,
	AT_UNSUBSCRIBE,
	AT_EVENTS,
	AT_MS,
	MOMENTS
};

int rules_load(struct feed *f, const char *file, struct err *e);
void rules_free(struct feed *f);
void rules_meet(struct conn *c, enum moment m, int64_t n);

/* ------------------------------------------------------------------ action */

enum action_result {
	ACTION_DONE,
	ACTION_FAILED, /* *e */
	ACTION_WAITS   /* ask again, until *limit ms are over; *e: what lacks */
};

/*
 * Run one command.  self: whose moment it is, NULL for control.  Appends
 * fields to reply, each with its comma before it.
 */
enum action_result action_run(struct feed *f, struct span text,
    struct conn *self, struct buf *reply, int64_t *limit, struct err *e);

/* Is text a command that a script may have?  -1 and *e. */
int action_check(struct span text, struct err *e);

/* NAME=VALUE of the settings.  -1 and *e. */
int setting_read(struct feed *f, struct span text, struct err *e);
void setting_help(struct buf *b);
void action_help(struct buf *b);

/* One line of --help; a newline in help begins another. */
void help_row(
    struct buf *b, const char *word, const char *args, const char *help);

/* All counters, and one of them by its name (-1: none of that name). */
void status_add(struct feed *f, struct buf *b);
int status_value(const struct feed *f, struct span name, int64_t *out);
void status_pairs(const struct conn *c, struct buf *b);

/* ------------------------------------------------------------------- burst */

int burst_start(struct feed *f, struct span args, struct err *e);
void burst_stop(struct feed *f);
bool burst_is_running(const struct feed *f);

/* Make what is due; false: nothing more is, until the next beat. */
bool burst_run(struct feed *f);
void burst_report(const struct feed *f, struct buf *b);
void burst_free(struct feed *f);
void burst_help(struct buf *b);

/* --------------------------------------------------------------------- log */

/* {"connection":N,"event":"…" and fields, each with its comma before it. */
void log_feed(const struct standin *s, const struct conn *c, const char *event,
    struct span fields);

#endif
