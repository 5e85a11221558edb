/* SPDX-License-Identifier: ISC */
/*
 * http: GET, several at a time, by libcurl; the only file that knows it.
 *
 * What it never does: follow a redirect, speak anything but https (http to
 * loopback addresses only), use a proxy or ~/.netrc, skip the check of a
 * certificate, send the key to another origin than the base URL's, wait
 * without an end.
 */
#ifndef CHAIN_FETCH_HTTP_H
#define CHAIN_FETCH_HTTP_H

#include <poll.h>

#include "buf.h"
#include "err.h"
#include "secret.h"

#define HTTP_BODY_MAX (64 * 1024 * 1024) /* decoded */
/* And of all bodies on their way together, however many walks there are. */
#define HTTP_BODIES_MAX HTTP_BODY_MAX

/* What else is served while http_wait waits, and each time it is called. */
struct http_aside {
	void *ctx;
	/* The descriptors to wait for, too (HTTP_ASIDE_MAX of them at most);
	 * how many, or -1: do not wait, there is more to serve. */
	int (*fds)(void *ctx, struct pollfd *fds);
	/* true: http_wait is to return, its caller has something to do. */
	bool (*serve)(void *ctx);
};

#define HTTP_ASIDE_MAX 2

struct http_conf {
	const char *base;         /* URL: the origin of all requests */
	const char *cacert;       /* PEM file; NULL: the system's */
	const struct secret *key; /* sent as a header; NULL: none */
	int64_t max_body;
	int parallel;                   /* connections */
	const struct http_aside *aside; /* NULL: nothing */
};

/* A request, owned by http from http_start until http_wait hands it back. */
struct http_job {
	void *owner; /* the caller's */
	struct buf body;
	/* Takes pieces of a 200's body instead of body; false ends it. */
	bool (*sink)(void *owner, struct span piece);

	/* when it is back */
	long status;         /* 0: there was no answer */
	int64_t retry_after; /* ms; -1: not told */
	int64_t bytes;       /* of the decoded body */
	struct err err;      /* exit != 0: no whole answer came */
	bool may_retry;      /* … and another try may bring one */

	struct http *http; /* private */
	void *easy;
	int64_t held;
	char detail[256];
	bool refused;
};

struct http;

/* -1 and *e (78) when the base URL or the CA file will not do. */
int http_open(struct http **h, const struct http_conf *conf, struct err *e);
void http_close(struct http **h);

void http_start(struct http *h, struct http_job *job, const char *url);

/*
 * The next job that is done; NULL after wait_ms, when told to stop, or when
 * what is served aside wants it.  Its body counts no more among those on their
 * way: read it and free it before the next call.  Without a job it is a way to
 * wait.
 */
struct http_job *http_wait(struct http *h, int64_t wait_ms);

/* Give it up: it will not come back. */
void http_cancel(struct http *h, struct http_job *job);

/*
 * The absolute form of next as found in an answer to url.  -1 and *e (76)
 * when it leaves the base URL's origin, or carries a user or a key.
 */
int http_resolve(struct http *h, const char *url, const char *next,
    struct buf *out, struct err *e);

#endif
