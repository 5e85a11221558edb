/* SPDX-License-Identifier: ISC */
/*
 * wire: one non-blocking connection to Redis and the commands on their way
 * through it.  Private to db.
 *
 * hiredis connects and reads; writing is ours: its redisBufferWrite crashes
 * without memory, and a second copy of every command is spared.  Every wait
 * is the poll in wire.c, ends timeout_ms after the last progress, and at
 * once on a stop signal.
 *
 * Layer: knows err, buf, clock, sig, addr, reply.
 */
#ifndef EPOCH_WIRE_H
#define EPOCH_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"
#include "err.h"

struct redisContext;
struct db_val;

#define WIRE_WINDOW 1000 /* unanswered commands: enough for both to be busy */

struct wire {
	struct addr addr;
	int64_t timeout_ms; /* for one answer */
	int64_t deadline;   /* monotonic ms for all waits together; 0 none */
	struct redisContext *c; /* NULL: not connected */
	struct buf out;         /* commands, in RESP: append them here */
	size_t sent;            /* bytes of out */
	struct wire_waiter {
		void (*fn)(const struct db_val *v, void *ctx);
		void *ctx;
	} ring[WIRE_WINDOW];
	size_t head, waiting;
	/* Called while we wait, whenever that descriptor can be read; false:
	 * not any more. */
	int other_fd; /* -1: none */
	bool (*other)(void *ctx);
	void *other_ctx;
	int64_t progress; /* when bytes last left or a reply came */
	/* What comes unasked, after SUBSCRIBE; NULL: nothing may. */
	void (*heard_fn)(const struct db_val *v, void *ctx);
	void *heard_ctx;
	uint64_t heard;
	bool dead, failed;
	struct err dead_err; /* why the connection is dead */
	struct err fail_err; /* first error reply since it was last cleared */
};

/* A socket that is connected.  -1 and *e (75). */
int wire_connect(struct wire *w, struct err *e);
void wire_hang_up(struct wire *w);

/* Is a command to be refused, because an earlier one failed?  Then *e. */
bool wire_refuses(const struct wire *w, struct err *e);

/* One command was appended to out; its reply is fn's.  Waits only when the
 * window, or what is unsent, is full. */
void wire_queued(
    struct wire *w, void (*fn)(const struct db_val *v, void *ctx), void *ctx);

/* Wait, with nothing to wait for; a stop signal ends it. */
void wire_pause(struct wire *w, int64_t ms);

/* Wait for what comes unasked, until then (monotonic ms): 1 something came, 0
 * nothing did, or a stop signal, -1 the connection is dead. */
int wire_hear(struct wire *w, int64_t until);

/* Until all is sent and every reply was read, or the connection is dead. */
void wire_finish(struct wire *w);

#endif
