/* SPDX-License-Identifier: ISC */
#include "db.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "reply.h"
#include "sig.h"
#include "wire.h"

struct db {
	struct wire w;
};

bool
db_may_retry(const struct err *e)
{
	return reply_is_transient(e) || strcmp(e->code, "REDIS_LOST") == 0 ||
	       strcmp(e->code, "REDIS_TIMEOUT") == 0 ||
	       strcmp(e->code, "REDIS_CONNECT") == 0;
}

/* ---- commands ---- */

void
db_resp_head(struct buf *b, size_t argc)
{
	buf_char(b, '*');
	buf_int(b, (int64_t)argc);
	buf_add(b, "\r\n", 2);
}

/* Decimal digits of n, and the end of a RESP line. */
static char *
put_length(char *p, size_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	memcpy(p, digits + at, sizeof(digits) - at);
	p += sizeof(digits) - at;
	*p++ = '\r';
	*p++ = '\n';
	return p;
}

/* With one look at the buffer's room: some 40 of these make a contract. */
void
db_resp_arg(struct buf *b, struct span arg)
{
	char *p;

	buf_reserve(b, arg.n + 32);
	p = b->p + b->n;
	*p++ = '$';
	p = put_length(p, arg.n);
	if (arg.n > 0)
		memcpy(p, arg.p, arg.n);
	p += arg.n;
	*p++ = '\r';
	*p++ = '\n';
	*p = '\0';
	b->n = (size_t)(p - b->p);
}

int
db_push(struct db *db, const struct span *argv, size_t argc, db_fn *fn,
    void *ctx, struct err *e)
{
	if (wire_refuses(&db->w, e))
		return -1;
	db_resp_head(&db->w.out, argc);
	for (size_t i = 0; i < argc; i++)
		db_resp_arg(&db->w.out, argv[i]);
	wire_queued(&db->w, fn, ctx);
	return wire_refuses(&db->w, e) ? -1 : 0;
}

int
db_push_raw(
    struct db *db, struct span resp, db_fn *fn, void *ctx, struct err *e)
{
	if (wire_refuses(&db->w, e))
		return -1;
	buf_span(&db->w.out, resp);
	wire_queued(&db->w, fn, ctx);
	return wire_refuses(&db->w, e) ? -1 : 0;
}

int
db_drain(struct db *db, struct err *e)
{
	bool bad;

	wire_finish(&db->w);
	bad = wire_refuses(&db->w, e);
	db->w.failed = false;
	return bad ? -1 : 0;
}

/* Sleep before another try; false when the deadline or a signal forbids. */
static bool
back_off(struct db *db, int64_t *wait, int64_t deadline)
{
	int64_t now = clock_mono_ms();
	/* Jitter, so that many waiters do not come back as one. */
	int64_t ms = *wait / 2 + (now * 7919 + getpid()) % (*wait / 2 + 1);

	if (sig_stop || now + ms >= deadline)
		return false;
	wire_pause(&db->w, ms);
	*wait = *wait * 2 > 1000 ? 1000 : *wait * 2;
	return !sig_stop;
}

static int
call_until(struct db *db, int64_t deadline, const struct span *argv,
    size_t argc, db_fn *fn, void *ctx, struct err *e)
{
	int64_t wait = 50;

	if (db->w.waiting > 0 && db_drain(db, e) < 0)
		return -1;
	for (;;) {
		if (db_push(db, argv, argc, fn, ctx, e) == 0 &&
		    db_drain(db, e) == 0)
			return 0;
		db->w.failed = false;
		if (db->w.dead || !reply_is_transient(e) ||
		    !back_off(db, &wait, deadline))
			return -1;
	}
}

int
db_call(struct db *db, const struct span *argv, size_t argc, db_fn *fn,
    void *ctx, struct err *e)
{
	return call_until(
	    db, clock_mono_ms() + db->w.timeout_ms, argv, argc, fn, ctx, e);
}

/* Arguments of EVALSHA; count is their owner's. */
static struct span *
script_argv(struct db_script *s, const struct span *keys, size_t nkeys,
    const struct span *args, size_t nargs, char count[24])
{
	struct span *argv = mem_alloc((3 + nkeys + nargs) * sizeof(*argv));

	if (s->sha[0] == '\0')
		sha1_hex(span_str(s->text), s->sha);
	snprintf(count, 24, "%zu", nkeys);
	argv[0] = SPAN_LIT("EVALSHA");
	argv[1] = span_str(s->sha);
	argv[2] = span_str(count);
	if (nkeys > 0)
		memcpy(argv + 3, keys, nkeys * sizeof(*keys));
	if (nargs > 0)
		memcpy(argv + 3 + nkeys, args, nargs * sizeof(*args));
	return argv;
}

int
db_script(struct db *db, struct db_script *s, const struct span *keys,
    size_t nkeys, const struct span *args, size_t nargs, db_fn *fn, void *ctx,
    struct err *e)
{
	size_t argc = 3 + nkeys + nargs;
	char count[24];
	struct span *argv = script_argv(s, keys, nkeys, args, nargs, count);
	int rc = db_call(db, argv, argc, fn, ctx, e);

	if (rc < 0 && !db->w.dead && strcmp(e->code, "REDIS_NOSCRIPT") == 0) {
		argv[0] = SPAN_LIT("EVAL");
		argv[1] = span_str(s->text);
		rc = db_call(db, argv, argc, fn, ctx, e);
	}
	free(argv);
	return rc;
}

int
db_push_script(struct db *db, struct db_script *s, const struct span *keys,
    size_t nkeys, const struct span *args, size_t nargs, db_fn *fn, void *ctx,
    struct err *e)
{
	char count[24];
	struct span *argv = script_argv(s, keys, nkeys, args, nargs, count);
	int rc = db_push(db, argv, 3 + nkeys + nargs, fn, ctx, e);

	free(argv);
	return rc;
}

/* ---- listening ---- */

int
db_listen(
    struct db *db, struct span channel, db_fn *fn, void *ctx, struct err *e)
{
	const struct span argv[] = {SPAN_LIT("SUBSCRIBE"), channel};

	/* Before the answer: the first message may come right behind it. */
	db->w.heard_fn = fn;
	db->w.heard_ctx = ctx;
	if (db_call(db, argv, 2, NULL, NULL, e) == 0)
		return 0;
	db->w.heard_fn = NULL;
	return -1;
}

int
db_hear(struct db *db, int64_t ms, struct err *e)
{
	int rc = wire_hear(&db->w, clock_mono_ms() + ms);

	if (rc < 0)
		*e = db->w.dead_err;
	return rc;
}

/* ---- connecting ---- */

static void
see_pong(const struct db_val *v, void *ctx)
{
	bool *is_pong = ctx;

	*is_pong = span_eq(db_str(v), SPAN_LIT("PONG"));
}

static int
authenticate(struct db *db, int64_t deadline, struct err *e)
{
	struct span argv[3];
	size_t n = 0;

	argv[n++] = SPAN_LIT("AUTH");
	if (db->w.addr.user[0] != '\0')
		argv[n++] = span_str(db->w.addr.user);
	argv[n++] = span_str(db->w.addr.pass);
	if (call_until(db, deadline, argv, n, NULL, NULL, e) == 0)
		return 0;
	/* Not the server's words: some of its errors repeat arguments. */
	if (!db->w.dead && e->exit != EX_TEMPFAIL)
		err_set(e, EX_NOPERM, "REDIS_AUTH",
		    "%s: user or password refused", db->w.addr.name);
	return -1;
}

static int
greet(struct db *db, int64_t deadline, struct err *e)
{
	struct span ping = SPAN_LIT("PING"), argv[2];
	bool is_pong = false;
	char text[24];

	if (db->w.addr.pass[0] != '\0' && authenticate(db, deadline, e) < 0)
		return -1;
	if (db->w.addr.db != 0) {
		snprintf(text, sizeof(text), "%d", db->w.addr.db);
		argv[0] = SPAN_LIT("SELECT");
		argv[1] = span_str(text);
		if (call_until(db, deadline, argv, 2, NULL, NULL, e) < 0)
			return -1;
	}
	if (call_until(db, deadline, &ping, 1, see_pong, &is_pong, e) < 0)
		return -1;
	if (!is_pong)
		return err_set(e, EX_PROTOCOL, "REDIS_PROTOCOL",
		    "%s: answers PING, but not as a Redis does",
		    db->w.addr.name);
	return 0;
}

int
db_reopen(struct db *db, struct err *e)
{
	int64_t wait = 50, deadline = clock_mono_ms() + db->w.timeout_ms;

	for (;;) {
		if (wire_connect(&db->w, e) == 0 && greet(db, deadline, e) == 0)
			return 0;
		wire_hang_up(&db->w);
		/* Hung up on while greeting: too many clients, a restart. */
		if (!reply_is_transient(e) &&
		    strcmp(e->code, "REDIS_LOST") != 0)
			return -1;
		if (!back_off(db, &wait, deadline))
			return -1;
	}
}

struct db *
db_open(const char *url, int64_t timeout_ms, struct err *e)
{
	struct db *db;

	if (url == NULL)
		url = getenv("REDIS_URL");
	if (url == NULL || *url == '\0')
		url = "redis://127.0.0.1:6379/0";
	db = mem_zalloc(sizeof(*db));
	db->w.timeout_ms = timeout_ms;
	db->w.other_fd = -1;
	if (addr_parse(&db->w.addr, url, e) < 0 || db_reopen(db, e) < 0)
		db_close(&db);
	return db;
}

void
db_close(struct db **db)
{
	if (*db == NULL)
		return;
	wire_hang_up(&(*db)->w);
	buf_free(&(*db)->w.out);
	free(*db);
	*db = NULL;
}

void
db_deadline(struct db *db, int64_t mono_ms)
{
	db->w.deadline = mono_ms;
}

void
db_meanwhile(struct db *db, int fd, bool (*fn)(void *ctx), void *ctx)
{
	db->w.other_fd = fd;
	db->w.other = fn;
	db->w.other_ctx = ctx;
}

const char *
db_name(const struct db *db)
{
	return db->w.addr.name;
}

bool
db_alive(const struct db *db)
{
	return !db->w.dead;
}
