/* SPDX-License-Identifier: ISC */
/*
 * The connection, against a small server of our own that says what a Redis
 * would not say on demand: it answers by the first word of a command.
 *
 *	PING            +PONG
 *	N k             the integer k
 *	ECHO text       text
 *	SAY text        text as it is, then CRLF (-BUSY x, HTTP/1.1 …)
 *	TWICE text      "-text" the first two times, then +OK
 *	SILENT          nothing, ever
 *	BYE             hangs up
 *	EVALSHA …       -NOSCRIPT, unless EVAL came before
 *	EVAL …          its last argument
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addr.h"
#include "check.h"
#include "clock.h"
#include "db.h"
#include "sig.h"

/* ---- the server ---- */

#define ARGS_MAX 16

struct peer {
	FILE *in;
	int fd;
	size_t chunk; /* bytes of one write */
	int twice;
	bool knows_script;
};

static char *args[ARGS_MAX];
static size_t lens[ARGS_MAX];

static void
say(struct peer *p, const char *text, size_t n)
{
	while (n > 0) {
		size_t piece = n < p->chunk ? n : p->chunk;
		ssize_t w = send(p->fd, text, piece, MSG_NOSIGNAL);

		if (w <= 0)
			_exit(0);
		text += w;
		n -= (size_t)w;
	}
}

static void
say_line(struct peer *p, const char *head, const char *text)
{
	struct buf b = {0};

	buf_fmt(&b, "%s%s\r\n", head, text);
	say(p, b.p, b.n);
	buf_free(&b);
}

static void
say_bulk(struct peer *p, const char *text, size_t n)
{
	struct buf b = {0};

	buf_fmt(&b, "$%zu\r\n", n);
	buf_add(&b, text, n);
	buf_str(&b, "\r\n");
	say(p, b.p, b.n);
	buf_free(&b);
}

/* One command into args; their number, 0 at the end. */
static int
hear(struct peer *p)
{
	int n;

	if (fscanf(p->in, "*%d\r\n", &n) != 1 || n < 1 || n > ARGS_MAX)
		return 0;
	for (int i = 0; i < n; i++) {
		if (fscanf(p->in, "$%zu", &lens[i]) != 1 ||
		    getc(p->in) != '\r' || getc(p->in) != '\n')
			return 0;
		free(args[i]);
		args[i] = mem_alloc(lens[i] + 1);
		if (fread(args[i], 1, lens[i], p->in) != lens[i] ||
		    getc(p->in) != '\r' || getc(p->in) != '\n')
			return 0;
		args[i][lens[i]] = '\0';
	}
	return n;
}

static bool
answer(struct peer *p, int n)
{
	const char *verb = args[0];

	if (strcmp(verb, "PING") == 0)
		say_line(p, "+", "PONG");
	else if (strcmp(verb, "N") == 0)
		say_line(p, ":", args[1]);
	else if (strcmp(verb, "ECHO") == 0)
		say_bulk(p, args[1], lens[1]);
	else if (strcmp(verb, "SAY") == 0)
		say_line(p, "", args[1]);
	else if (strcmp(verb, "TWICE") == 0)
		say_line(p, p->twice++ < 2 ? "-" : "+OK ", args[1]);
	else if (strcmp(verb, "EVALSHA") == 0 && !p->knows_script)
		say_line(p, "-", "NOSCRIPT No matching script.");
	else if (strncmp(verb, "EVAL", 4) == 0) {
		p->knows_script = true;
		say_bulk(p, args[n - 1], lens[n - 1]);
	} else if (strcmp(verb, "BYE") == 0)
		return false;
	else if (strcmp(verb, "SILENT") != 0)
		say_line(p, "-", "ERR unknown command");
	return true;
}

static void
serve(int listener, size_t chunk)
{
	for (;;) {
		struct peer p = {.chunk = chunk};
		int n;

		p.fd = accept(listener, NULL, NULL);
		if (p.fd < 0)
			_exit(0);
		p.in = fdopen(dup(p.fd), "r");
		if (p.in == NULL)
			_exit(1);
		while ((n = hear(&p)) > 0 && answer(&p, n))
			;
		fclose(p.in);
		close(p.fd);
	}
}

static char socket_path[108], url[128];
static pid_t server;

static void
start_server(size_t chunk)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(socket_path);
	memcpy(a.sun_path, socket_path, sizeof(a.sun_path));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, 8) < 0 || (server = fork()) < 0) {
		perror("server");
		exit(1);
	}
	if (server == 0) {
		signal(SIGTERM, SIG_DFL);
		alarm(60);
		serve(fd, chunk);
	}
	close(fd);
}

static void
stop_server(void)
{
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
}

/* ---- asking ---- */

static int
call(struct db *db, const char *verb, const char *arg, db_fn *fn, void *ctx,
    struct err *e)
{
	struct span argv[2] = {span_str(verb), span_str(arg)};

	return db_call(db, argv, arg == NULL ? 1 : 2, fn, ctx, e);
}

static int
push(struct db *db, const char *verb, const char *arg, db_fn *fn, void *ctx,
    struct err *e)
{
	struct span argv[2] = {span_str(verb), span_str(arg)};

	return db_push(db, argv, arg == NULL ? 1 : 2, fn, ctx, e);
}

static struct db *
open_db(int64_t timeout_ms)
{
	struct err e = {0};
	struct db *db = db_open(url, timeout_ms, &e);

	if (db == NULL) {
		printf("Bail out! %s: %s\n", e.code, e.text);
		exit(1);
	}
	return db;
}

struct order {
	int64_t next;
	bool broken;
};

static void
see_next(const struct db_val *v, void *ctx)
{
	struct order *o = ctx;

	o->broken |= db_type(v) != DB_INT || db_int(v) != o->next++;
}

static void
count(const struct db_val *v, void *ctx)
{
	(void)v;
	++*(int *)ctx;
}

static void
copy(const struct db_val *v, void *ctx)
{
	struct buf *b = ctx;

	buf_clear(b);
	buf_span(b, db_str(v));
}

static void
test_pipeline(int n)
{
	struct db *db = open_db(5000);
	struct order o = {0, false};
	struct err e;
	char text[24];
	int rc = 0;

	for (int i = 0; i < n && rc == 0; i++) {
		snprintf(text, sizeof(text), "%d", i);
		rc = push(db, "N", text, see_next, &o, &e);
	}
	CHECK(rc == 0 && db_drain(db, &e) == 0);
	CHECK(!o.broken && o.next == n);
	CHECK(db_drain(db, &e) == 0);
	db_close(&db);
	CHECK(db == NULL);
}

/* Both sides have more to say than a socket holds. */
static void
test_big(void)
{
	struct db *db = open_db(5000);
	struct buf big = {0}, back = {0};
	struct err e;
	int seen = 0, rc = 0;

	for (int i = 0; i < 300000; i++)
		buf_char(&big, (char)(i * 31));
	for (int i = 0; i < 60 && rc == 0; i++) {
		struct span argv[2] = {SPAN_LIT("ECHO"), buf_view(&big)};

		rc = db_push(db, argv, 2, count, &seen, &e);
	}
	CHECK(rc == 0 && db_drain(db, &e) == 0 && seen == 60);
	CHECK(db_call(db, (struct span[]){SPAN_LIT("ECHO"), buf_view(&big)}, 2,
		  copy, &back, &e) == 0);
	CHECK(span_eq(buf_view(&big), buf_view(&back)));
	buf_free(&big);
	buf_free(&back);
	db_close(&db);
}

static void
test_error_in_pipeline(void)
{
	struct db *db = open_db(5000);
	struct err e = {0};
	int seen = 0;

	CHECK(push(db, "N", "1", count, &seen, &e) == 0);
	CHECK(push(db, "SAY", "-WRONGTYPE of value", count, &seen, &e) == 0);
	CHECK(push(db, "SAY", "-ERR second", count, &seen, &e) == 0);
	CHECK(push(db, "N", "2", count, &seen, &e) == 0);
	CHECK(db_drain(db, &e) == -1);
	CHECK_STR(e.code, "REDIS_WRONGTYPE");
	CHECK_INT(e.exit, EX_CONFIG);
	CHECK_INT(seen, 2);
	CHECK(db_alive(db) && !db_may_retry(&e));
	CHECK(call(db, "N", "3", count, &seen, &e) == 0 && seen == 3);
	db_close(&db);
}

/* Replies to statuses: the table of docs/FAULTS.md. */
static void
test_table(void)
{
	static const struct {
		const char *reply;
		int exit;
		bool retry;
	} row[] = {
	    {"-LOADING Redis is loading", 75, true},
	    {"-BUSY Redis is busy", 75, true},
	    {"-TRYAGAIN x", 75, true},
	    {"-CLUSTERDOWN x", 75, true},
	    {"-MASTERDOWN x", 75, true},
	    {"-NOREPLICAS x", 75, true},
	    {"-OOM command not allowed", 75, true},
	    {"-MISCONF x", 75, true},
	    {"-ERR max number of clients reached", 75, true},
	    {"-READONLY x", 75, false},
	    {"-MOVED 1 127.0.0.1:1", 75, false},
	    {"-NOAUTH x", 77, false},
	    {"-WRONGPASS x", 77, false},
	    {"-NOPERM x", 77, false},
	    {"-WRONGTYPE x", 78, false},
	    {"-BADTYPE x", 78, false},
	    {"-CROSSSLOT x", 78, false},
	    {"-ERR unknown command 'x'", 78, false},
	    {"-ERR else", 70, false},
	    {"-BUSYGROUP x", 70, false},
	};
	struct db *db = open_db(5000);
	struct err e = {0};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		/* Pushed, not called: a call would try again. */
		push(db, "SAY", row[i].reply, NULL, NULL, &e);
		CHECK(db_drain(db, &e) == -1);
		if (!CHECK_INT(e.exit, row[i].exit) ||
		    !CHECK(db_may_retry(&e) == row[i].retry))
			printf("#   for %s\n", row[i].reply);
	}
	db_close(&db);
}

static void
test_transient(void)
{
	struct db *db = open_db(5000);
	struct err e = {0};
	int seen = 0;

	CHECK(call(db, "TWICE", "LOADING x", count, &seen, &e) == 0);
	CHECK_INT(seen, 1);
	db_close(&db);
	db = open_db(250);
	CHECK(call(db, "SAY", "-BUSY x", count, &seen, &e) == -1);
	CHECK_STR(e.code, "REDIS_BUSY");
	CHECK_INT(seen, 1);
	db_close(&db);
}

/* A connection that failed stays so until it is opened again. */
static void
test_dead(
    const char *verb, const char *arg, int exit, const char *code, bool retry)
{
	struct db *db = open_db(250);
	struct err e = {0}, again = {0};
	int seen = 0;

	CHECK(call(db, verb, arg, count, &seen, &e) == -1);
	CHECK_INT(e.exit, exit);
	CHECK_STR(e.code, code);
	CHECK(db_may_retry(&e) == retry);
	CHECK(!db_alive(db));
	CHECK(call(db, "N", "1", count, &seen, &again) == -1);
	CHECK_STR(again.code, code);
	CHECK_INT(seen, 0);
	CHECK(db_reopen(db, &e) == 0 && db_alive(db));
	CHECK(call(db, "N", "1", count, &seen, &e) == 0 && seen == 1);
	db_close(&db);
}

static void
test_stop(void)
{
	struct db *db = open_db(60000);
	struct err e = {0};

	sig_stop = 15;
	CHECK(call(db, "SILENT", NULL, NULL, NULL, &e) == -1);
	sig_stop = 0;
	CHECK_INT(e.exit, EX_TEMPFAIL);
	CHECK_STR(e.code, "INTERRUPTED");
	CHECK(!db_may_retry(&e));
	db_close(&db);
}

static void
test_unasked(void)
{
	struct db *db = open_db(5000);
	struct err e = {0};

	CHECK(call(db, "SAY", "+one\r\n+two", NULL, NULL, &e) == -1);
	CHECK_STR(e.code, "REDIS_PROTOCOL");
	db_close(&db);
}

static void
see_shape(const struct db_val *v, void *ctx)
{
	bool *ok = ctx;

	*ok = db_type(v) == DB_ARRAY && db_len(v) == 4 &&
	      db_int(db_at(v, 0)) == 7 && db_type(db_at(v, 1)) == DB_NIL &&
	      db_len(db_at(v, 2)) == 1 && db_type(db_at(v, 3)) == DB_ERROR &&
	      db_str(db_at(v, 3)).n == 0 && db_str(v).n == 0 &&
	      db_type(db_at(v, 4)) == DB_NIL && db_len(db_at(v, 0)) == 0 &&
	      db_type(db_at(db_at(v, 0), 0)) == DB_NIL;
}

static void
test_values(void)
{
	struct db *db = open_db(5000);
	struct err e = {0};
	bool ok = false;

	CHECK(call(db, "SAY", "*4\r\n:7\r\n$-1\r\n*1\r\n+a\r\n-ERR b",
		  see_shape, &ok, &e) == 0);
	CHECK(ok);
	db_close(&db);
}

static void
test_script(void)
{
	struct db_script s = {.name = "t", .text = "return 1"};
	struct span key = SPAN_LIT("k"), arg = SPAN_LIT("last\0one");
	struct db *db = open_db(5000);
	struct buf said = {0};
	struct err e = {0};

	for (int i = 0; i < 2; i++) {
		buf_clear(&said);
		CHECK(
		    db_script(db, &s, &key, 1, &arg, 1, copy, &said, &e) == 0);
		CHECK(span_eq(buf_view(&said), arg));
	}
	CHECK_STR(s.sha, "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
	buf_free(&said);
	db_close(&db);
}

/* ---- addresses ---- */

static void
test_addr(void)
{
	static const struct {
		const char *url, *name, *user, *pass;
		int db;
	} good[] = {
	    {"redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0", "", "", 0},
	    {"redis://h", "redis://h:6379/0", "", "", 0},
	    {"redis://h/", "redis://h:6379/0", "", "", 0},
	    {"redis://h:1/15", "redis://h:1/15", "", "", 15},
	    {"redis://u:p%40:w@h", "redis://h:6379/0", "u", "p@:w", 0},
	    {"redis://:p@h", "redis://h:6379/0", "", "p", 0},
	    {"redis://p@h", "redis://h:6379/0", "", "p", 0},
	    {"redis://[::1]:7/2", "redis://[::1]:7/2", "", "", 2},
	    {"redis://[::1]", "redis://[::1]:6379/0", "", "", 0},
	    {"unix:///run/s", "unix:/run/s", "", "", 0},
	    {"unix:/run/s", "unix:/run/s", "", "", 0},
	    {"unix:///run/s?db=3", "unix:/run/s?db=3", "", "", 3},
	    {"unix://u:p@/run/a@b", "unix:/run/a@b", "u", "p", 0},
	    {"/run/s", "unix:/run/s", "", "", 0},
	    {"./s", "unix:./s", "", "", 0},
	};
	static const char *const bad[] = {"", "h", "h:6379", "http://h/",
	    "rediss://h", "redis://", "redis://:6379", "redis://h:0",
	    "redis://h:65536", "redis://h:x", "redis://h/x", "redis://h/-1",
	    "redis://[::1", "redis://[::1]x", "redis://sekret%0@h",
	    "redis://u:sekret%00@h", "unix:", "unix://", "unix://sekret/run/s",
	    "unix:///run/s?db=x", "unix:///run/s?x=sekret", "none"};
	char path[200] = "unix:/";
	struct addr a;
	struct err e;

	test_begin("addresses: parts, and a name without password");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!CHECK(addr_parse(&a, good[i].url, &e) == 0)) {
			printf("#   %s\n", good[i].url);
			continue;
		}
		CHECK_STR(a.name, good[i].name);
		CHECK_STR(a.user, good[i].user);
		CHECK_STR(a.pass, good[i].pass);
		CHECK_INT(a.db, good[i].db);
	}
	test_begin("addresses: bad ones are 78 and are not repeated");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct err){0};
		if (!CHECK(addr_parse(&a, bad[i], &e) == -1))
			printf("#   %s\n", bad[i]);
		CHECK_INT(e.exit, EX_CONFIG);
		CHECK(strstr(e.text, "sekret") == NULL);
	}
	test_begin("addresses: the longest path of a socket, and one more");
	memset(path + 6, 'x', 106);
	path[5 + 107] = '\0';
	CHECK(addr_parse(&a, path, &e) == 0);
	path[5 + 107] = 'x';
	path[5 + 108] = '\0';
	CHECK(addr_parse(&a, path, &e) == -1);
}

static void
test_resp(void)
{
	struct buf b = {0};

	test_begin("commands in RESP: any bytes");
	db_resp_head(&b, 2);
	db_resp_arg(&b, SPAN_LIT("a\r\n\0b"));
	db_resp_arg(&b, SPAN_LIT(""));
	CHECK(span_eq(
	    buf_view(&b), SPAN_LIT("*2\r\n$5\r\na\r\n\0b\r\n$0\r\n\r\n")));
	buf_free(&b);
}

static void
test_no_server(void)
{
	struct err e = {0};

	test_begin("nobody there: 75 at once, with the address");
	CHECK(db_open(url, 60000, &e) == NULL);
	CHECK_INT(e.exit, EX_TEMPFAIL);
	CHECK_STR(e.code, "REDIS_CONNECT");
	CHECK(strstr(e.text, socket_path) != NULL);
	unlink(socket_path);
	CHECK(db_open(url, 60000, &e) == NULL);
	CHECK_STR(e.code, "REDIS_CONNECT");
}

static void
run_all(void)
{
	test_begin("replies come to their askers, in order, split anywhere");
	start_server(1);
	test_pipeline(700);
	test_begin("nested replies");
	test_values();
	test_begin("scripts: by hash, by text where the server lacks it");
	test_script();
	stop_server();

	start_server(1 << 20);
	test_begin("the window slides");
	test_pipeline(20000);
	test_begin("more on the way, both ways, than sockets hold");
	test_big();
	test_begin("an error reply fails the pipeline, not the connection");
	test_error_in_pipeline();
	test_begin("each kind of error reply has its status");
	test_table();
	test_begin("a server that is not ready is waited for, within limits");
	test_transient();
	test_begin("silence, a lost connection, no Redis at all");
	test_dead("SILENT", NULL, EX_TEMPFAIL, "REDIS_TIMEOUT", true);
	test_dead("BYE", NULL, EX_TEMPFAIL, "REDIS_LOST", true);
	test_dead("SAY", "HTTP/1.1 400", EX_PROTOCOL, "REDIS_PROTOCOL", false);
	test_begin("a promise that is not kept ends with the deadline");
	test_dead(
	    "SAY", "$1000000000000\r\nabc", EX_TEMPFAIL, "REDIS_TIMEOUT", true);
	test_begin("a reply that nobody asked for");
	test_unasked();
	test_begin("a stop signal ends any wait");
	test_stop();
	stop_server();
	test_no_server();
}

int
main(void)
{
	char dir[] = "/tmp/epoch-db.XXXXXX";
	struct err e;

	if (mkdtemp(dir) == NULL || clock_init(&e) < 0)
		return 1;
	snprintf(socket_path, sizeof(socket_path), "%s/s", dir);
	snprintf(url, sizeof(url), "unix://%s", socket_path);
	test_addr();
	test_resp();
	run_all();
	rmdir(dir);
	return test_done();
}
