/* SPDX-License-Identifier: ISC */
/*
 * standin: what the parts of the server share: its settings, its boards and
 * the answer on its way to the wire.
 *
 * A request goes request.c -> answer.c (what to say: routes, vendor's errors,
 * pages, faults of content) -> delivery.c (how: compression, framing, where to
 * stop) -> http.c (when: delays, writing).
 *
 * Layer: knows common and the other headers here.
 */
#ifndef STANDIN_H
#define STANDIN_H

#include "book.h"
#include "request.h"
#include "script.h"

struct standin {
	struct book *boards;
	size_t nboards;
	struct script script;
	const char *key; /* NULL: any key is good */
	bool is_tls;
	bool unknown_is_404;  /* chain of an unknown underlying */
	bool is_limit_strict; /* limit out of range: 400 */
	int port;
	int log_fd; /* -1: none */
	bool log_auth;
	int64_t requests;
	size_t version; /* which board of each symbol, 1, 2, …; 0 the first */
	struct feed *feed; /* the WebSocket half */
};

/* The library's, per connection: what it is busy with. */
struct slot {
	struct session *session; /* a request */
	struct control *control; /* commands */
	struct conn *conn;       /* a WebSocket */
};

/* What to say. */
struct answer {
	int status;
	const char *type; /* Content-Type */
	bool is_vendor;   /* carries the vendor's own headers */
	bool may_compress;
	bool is_close; /* the connection ends after it */
	char request_id[33];
	struct buf headers; /* more of them, each with its CRLF */
	struct span body;   /* own, or a board's document */
	struct buf own;
	struct book *document; /* whose document body is, or NULL */
	enum route route;
	int64_t page; /* 0: none */
	int64_t rows; /* -1: none */
	struct plan plan;
};

void answer_make(struct standin *s, struct request *r, struct answer *a);
void answer_free(struct answer *a);

/* How to say it. */
enum delivery_end {
	END_KEEP,  /* the connection serves the next request */
	END_CLOSE, /* it is closed */
	END_RST,   /* it is reset */
	END_STALL  /* it stays, silent */
};

struct delivery {
	struct buf head;
	struct span body; /* own, the answer's or a board's */
	struct buf own;
	size_t send;     /* bytes of body to send */
	bool is_endless; /* then filler, for ever */
	enum delivery_end end;
	int64_t latency_ms;
	int64_t drip, drip_ms; /* 0: as fast as it goes */
};

void delivery_make(
    const struct request *r, struct answer *a, struct delivery *w);
void delivery_free(struct delivery *w);

/* Append the date of so many seconds from now, as headers have it. */
void delivery_date(struct buf *b, int64_t ahead);

/* A chunk of blanks, for bodies that never end. */
struct span delivery_filler(void);

/* Append a gzip member; mib: that many MiB of blanks instead of all but its
 * first and last bytes. */
void gzip_make(struct buf *out, struct span text);
void gzip_bomb(struct buf *out, int64_t mib);

/* One line for a request; bytes: sent, or about to be; how it ended. */
void log_request(const struct standin *s, struct request *r,
    const struct answer *a, size_t bytes, const char *end);

/* One line of the log, whole with its newline. */
void log_line(const struct standin *s, const struct buf *line);

/* The protocol; its vhost's user is a struct standin, a connection's a struct
 * slot.  front shares the work out between the rest. */
int front_callback(struct lws *wsi, enum lws_callback_reasons reason,
    void *user, void *in, size_t n);
int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len);
int ws_callback(struct lws *wsi, enum lws_callback_reasons reason,
    struct slot *slot, void *in, size_t n);
int control_open(struct lws *wsi, struct slot *slot);
int control_callback(struct lws *wsi, enum lws_callback_reasons reason,
    struct slot *slot, void *in, size_t n);
void control_close(struct slot *slot);

/* Reset a connection; the library still has to close it. */
void wire_reset(struct lws *wsi);

/* Has the other side left (as far as unread bytes let see)? */
bool wire_is_gone(struct lws *wsi);

#endif
