/* SPDX-License-Identifier: ISC */
/*
 * socket: the vendor's WebSocket; the only file that knows libwebsockets.
 *
 * One connection at a time.  wss is verified, TLS 1.2 at least, and nothing
 * takes that away; ws goes to literal loopback addresses only.  Redirects are
 * not followed (they would carry the key elsewhere), proxies of the
 * environment are not used, compression is not offered.  The library answers
 * the vendor's pings and logs nothing.
 *
 * Callbacks come from within socket_service and socket_connect.  After lost
 * nothing more comes of that connection.
 */
#ifndef WS_TAP_SOCKET_H
#define WS_TAP_SOCKET_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

struct socket; /* private */

enum socket_loss {
	SOCKET_GONE,    /* it ended, or did not come about */
	SOCKET_NO_TLS,  /* the vendor's certificate, or TLS itself, failed */
	SOCKET_TOO_LONG /* a message over the limit */
};

struct socket_conf {
	const char *url;
	const char *cacert; /* PEM, instead of the system's; or NULL */
	size_t max_message;
	void (*opened)(void *ctx);
	void (*message)(void *ctx, struct span text);
	void (*pong)(void *ctx);
	void (*lost)(void *ctx, enum socket_loss loss, const char *how);
	void *ctx;
};

/* -1 and *e (71, 78). */
int socket_new(
    struct socket **out, const struct socket_conf *conf, struct err *e);
void socket_free(struct socket **s);

void socket_connect(struct socket *s);

/* Copied, and wiped once it is sent. */
void socket_send(struct socket *s, struct span text);
void socket_ping(struct socket *s);

/* This connection is over for us; lost is not called.  code: what is said;
 * 0: nothing, it is cut. */
void socket_drop(struct socket *s, int code);

/* What to poll: a descriptor, -1 when there is none; the events; and the
 * longest wait until socket_service has work all the same. */
int socket_fd(const struct socket *s);
short socket_events(const struct socket *s);
int64_t socket_wait_ms(struct socket *s);

/* Do what can be done without waiting. */
void socket_service(struct socket *s);

/* Has the dropped connection gone? */
bool socket_is_closed(const struct socket *s);

#endif
