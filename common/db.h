/* SPDX-License-Identifier: ISC */
/*
 * db: a connection to Redis: deadlines, a pipeline, scripts, and what each
 * kind of failure means.  hiredis does the protocol; no redisReply leaves
 * this module, and no key name enters it.
 *
 * Every wait has an end: a single answer is awaited at most timeout_ms, and
 * a stop signal ends any wait at once.  A connection that failed once is
 * dead (hiredis never heals a context): calls fail until db_reopen.
 *
 * Errors carry the exit status of docs/FAULTS.md "Redis reply -> action" and
 * struct db_fail says whether trying again can help.
 *
 * Layer: knows err, clock, sig, buf, reply, wire, sha.
 */
#ifndef EPOCH_DB_H
#define EPOCH_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "sha.h"

struct db;

/* A reply, or a part of one; borrowed, valid inside the callback only. */
struct db_val;

enum db_type { DB_NIL, DB_STR, DB_INT, DB_ARRAY, DB_ERROR };

enum db_type db_type(const struct db_val *v);
struct span db_str(const struct db_val *v); /* "" when not a string */
int64_t db_int(const struct db_val *v);     /* 0 when not an integer */
size_t db_len(const struct db_val *v);      /* elements; 0 if no array */
const struct db_val *db_at(const struct db_val *v, size_t i);

/* Called once per reply, in order.  Error replies do not reach it. */
typedef void db_fn(const struct db_val *v, void *ctx);

/* A Lua script, embedded at build. */
struct db_script {
	const char *name;
	const char *text;
	char sha[SHA1_TEXT]; /* filled at first use */
};

/*
 * url: redis://[user:pass@]host:port/db, unix:///path, or a bare path.  NULL:
 * $REDIS_URL, else redis://127.0.0.1:6379/0.  Connects, authenticates and
 * waits out LOADING, BUSY and the like up to timeout_ms.
 * -1 and *e: 75 cannot connect, 77 credentials, 78 bad url or rediss://,
 * 76 it is not Redis.
 */
struct db *db_open(const char *url, int64_t timeout_ms, struct err *e);
void db_close(struct db **db);

/* A new connection to the same place; outstanding commands are forgotten. */
int db_reopen(struct db *db, struct err *e);

/* Nothing waits beyond this monotonic time (75, DEADLINE, and the connection
 * is dead then); 0 = no such limit. */
void db_deadline(struct db *db, int64_t mono_ms);

/*
 * Whatever waits below also waits for fd: fn is called each time it can be
 * read, until fn returns false.  So a tool whose input must not wait for
 * Redis needs no thread.  fn must be quick and must not call db.  fd -1: off.
 */
void db_meanwhile(struct db *db, int fd, bool (*fn)(void *ctx), void *ctx);

/* The address for messages, without password. */
const char *db_name(const struct db *db);

/* Is the connection usable (no I/O or protocol error so far)? */
bool db_alive(const struct db *db);

/* Is *e, as returned by a call below, worth another try (FAULTS 4.5)? */
bool db_may_retry(const struct err *e);

/* One command and its answer.  fn may be NULL.  -1 and *e. */
int db_call(struct db *db, const struct span *argv, size_t argc, db_fn *fn,
    void *ctx, struct err *e);

/*
 * Queue one command; replies are handed to fn in order, during later calls.
 * The window of unanswered commands is bounded (1000), so this may wait.  The
 * first failure, an error reply included, is kept and returned by this and
 * by db_drain; the replies after it are still read.
 */
int db_push(struct db *db, const struct span *argv, size_t argc, db_fn *fn,
    void *ctx, struct err *e);

/* Queue text that is already in RESP and holds exactly one command. */
int db_push_raw(
    struct db *db, struct span resp, db_fn *fn, void *ctx, struct err *e);

/* Read every outstanding reply.  0 only when all came and none was an error. */
int db_drain(struct db *db, struct err *e);

/*
 * Run a script (EVALSHA, EVAL when the server does not know it).  A script's
 * own refusal is a normal reply, not an error.
 */
int db_script(struct db *db, struct db_script *s, const struct span *keys,
    size_t nkeys, const struct span *args, size_t nargs, db_fn *fn, void *ctx,
    struct err *e);

/* The same queued, as db_push; a script that the server does not know is an
 * error reply, REDIS_NOSCRIPT: db_script makes it known. */
int db_push_script(struct db *db, struct db_script *s, const struct span *keys,
    size_t nkeys, const struct span *args, size_t nargs, db_fn *fn, void *ctx,
    struct err *e);

/*
 * Give this connection to one channel: fn gets every message on it, as an
 * array "message", channel, text, and nothing else may be asked here any
 * more.  A reopened connection has to listen again.
 */
int db_listen(
    struct db *db, struct span channel, db_fn *fn, void *ctx, struct err *e);

/* Wait up to ms for a message: 1 one or more came, 0 none, or a stop signal;
 * -1 and *e, the connection is dead. */
int db_hear(struct db *db, int64_t ms, struct err *e);

/* Append one argument in RESP form ($len\r\n…\r\n): for db_push_raw. */
void db_resp_head(struct buf *b, size_t argc);
void db_resp_arg(struct buf *b, struct span arg);

#endif
