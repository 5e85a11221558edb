/* SPDX-License-Identifier: ISC */
/* resolve: see resolve.h. */
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buf.h"
#include "resolve.h"

struct resolve {
	pthread_mutex_t lock;
	bool is_done, is_cancelled; /* whoever comes second frees */
	int result;                 /* of getaddrinfo */
	char host[256];
	char address[RESOLVE_TEXT];
};

bool
resolve_is_literal(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 ||
	       inet_pton(AF_INET6, host, bytes) == 1;
}

static void
unmake(struct resolve *r)
{
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void *
run(void *arg)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	struct resolve *r = arg;
	bool is_cancelled;

	hints.ai_flags = AI_ADDRCONFIG;
	r->result = getaddrinfo(r->host, NULL, &hints, &found);
	if (r->result == 0)
		r->result = getnameinfo(found->ai_addr, found->ai_addrlen,
		    r->address, sizeof(r->address), NULL, 0, NI_NUMERICHOST);
	if (found != NULL)
		freeaddrinfo(found);
	pthread_mutex_lock(&r->lock);
	r->is_done = true;
	is_cancelled = r->is_cancelled;
	pthread_mutex_unlock(&r->lock);
	if (is_cancelled)
		unmake(r);
	return NULL;
}

struct resolve *
resolve_start(const char *host)
{
	struct resolve *r = mem_zalloc(sizeof(*r));
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	snprintf(r->host, sizeof(r->host), "%s", host);
	pthread_mutex_init(&r->lock, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, run, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		unmake(r);
		return NULL;
	}
	return r;
}

int
resolve_take(struct resolve **at, char out[RESOLVE_TEXT])
{
	struct resolve *r = *at;
	bool is_done;
	int rc;

	pthread_mutex_lock(&r->lock);
	is_done = r->is_done;
	pthread_mutex_unlock(&r->lock);
	if (!is_done)
		return 0;
	rc = r->result == 0 ? 1 : -1;
	snprintf(out, RESOLVE_TEXT, "%s",
	    rc == 1 ? r->address : gai_strerror(r->result));
	unmake(r);
	*at = NULL;
	return rc;
}

void
resolve_cancel(struct resolve **at)
{
	struct resolve *r = *at;
	bool is_done;

	if (r == NULL)
		return;
	*at = NULL;
	pthread_mutex_lock(&r->lock);
	r->is_cancelled = true;
	is_done = r->is_done;
	pthread_mutex_unlock(&r->lock);
	if (is_done)
		unmake(r);
}
