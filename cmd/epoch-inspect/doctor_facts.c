/* SPDX-License-Identifier: ISC */
/*
 * Reading what --doctor judges.  A command that the server denies to this user
 * is noted and done without; every other failure ends it.
 *
 * A password never becomes a fact, only whether there is one.
 */
#include <stdio.h>

#include "clock.h"
#include "doctor.h"

/* An abandoned reservation; a promotion takes a minute at most. */
#define STAGING_OLD_MS (15 * 60 * 1000)

static const char *const settings[] = {"maxmemory-policy", "maxmemory",
    "appendonly", "appendfsync", "save", "lazyfree-lazy-user-del", "unixsocket",
    "unixsocketperm", "port", "tls-port", "bind", "protected-mode",
    "min-replicas-to-write", "min-replicas-max-lag",
    "client-output-buffer-limit", "timeout", "tcp-keepalive",
    "cluster-enabled"};

/* ---- the list of facts ---- */

struct span
fact_get(const struct facts *f, const char *name)
{
	size_t len = strlen(name);
	const char *p = f->text.p;

	while (p != NULL && (p = strchr(p, '\n')) != NULL) {
		p++;
		if (strncmp(p, name, len) == 0 && p[len] == ':')
			return (struct span){
			    p + len + 1, strcspn(p + len + 1, "\r\n")};
	}
	return SPAN_NONE;
}

int64_t
fact_int(const struct facts *f, const char *name)
{
	int64_t v;

	return span_int(fact_get(f, name), &v) < 0 ? -1 : v;
}

/* Bytes that would end a fact, or the list, are blanks in it. */
static void
fact_add(struct facts *f, const char *name, struct span value)
{
	buf_fmt(&f->text, "\n%s:", name);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		buf_char(
		    &f->text, c == '\n' || c == '\r' || c == '\0' ? ' ' : c);
	}
	buf_char(&f->text, '\n');
}

/* ---- commands that may be denied ---- */

/* 1: answered, 0: not for this user or not on this server, -1: *e. */
static int
try_call(struct inspect *in, const struct span *argv, size_t argc, db_fn *fn,
    void *ctx, struct err *e)
{
	if (db_call(in->view.db, argv, argc, fn, ctx, e) == 0)
		return 1;
	if (strncmp(e->text, "NOPERM", 6) == 0 ||
	    strcmp(e->code, "REDIS_COMMAND") == 0)
		return 0;
	return -1;
}

static void
on_setting(const struct db_val *v, void *ctx)
{
	struct facts *f = ctx;
	struct span name = db_str(db_at(v, 0));
	char text[64];

	if (db_len(v) < 2)
		return; /* older than the setting */
	snprintf(text, sizeof(text), "%.*s", (int)name.n, name.p);
	fact_add(f, text, db_str(db_at(v, 1)));
}

static int
read_settings(struct inspect *in, struct facts *f, struct err *e)
{
	struct span argv[3] = {SPAN_LIT("CONFIG"), SPAN_LIT("GET")};
	int rc = 1;

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings) && rc > 0;
	     i++) {
		argv[2] = span_str(settings[i]);
		rc = try_call(in, argv, 3, on_setting, f, e);
	}
	return rc;
}

static void
on_info(const struct db_val *v, void *ctx)
{
	struct facts *f = ctx;
	struct span s = db_str(v);

	buf_char(&f->text, '\n');
	for (size_t i = 0; i < s.n; i++)
		buf_char(&f->text, s.p[i] == '\0' ? ' ' : s.p[i]);
	buf_char(&f->text, '\n');
}

struct server_time {
	int64_t ms;
};

static void
on_time(const struct db_val *v, void *ctx)
{
	struct server_time *t = ctx;
	int64_t s, us;

	if (db_len(v) == 2 && span_int(db_str(db_at(v, 0)), &s) == 0 &&
	    span_int(db_str(db_at(v, 1)), &us) == 0 && s < INT64_MAX / 1000 - 1)
		t->ms = s * 1000 + us / 1000;
}

/* Redis's clock in ms: what reservations are stamped with. */
static int
ask_time(struct inspect *in, struct server_time *t, struct err *e)
{
	const struct span argv[] = {SPAN_LIT("TIME")};

	return try_call(in, argv, 1, on_time, t, e);
}

/* How far our clock is ahead of Redis's; asked now, not at the start. */
static int
read_clock(struct inspect *in, struct facts *f, struct err *e)
{
	struct server_time t = {-1};
	int64_t ahead;
	char text[32];
	int rc = ask_time(in, &t, e);

	if (t.ms >= 0) {
		ahead = (clock_now_ms() - t.ms) / 1000;
		snprintf(text, sizeof(text), "%lld", (long long)ahead);
		fact_add(f, "clock-ahead-seconds", span_str(text));
	}
	return rc;
}

/* ---- passwords and scripts ---- */

static bool
list_has(const struct db_val *list, const char *word)
{
	for (size_t i = 0; i < db_len(list); i++)
		if (span_eq(db_str(db_at(list, i)), span_str(word)))
			return true;
	return false;
}

enum { GUARD_UNKNOWN, GUARD_NONE, GUARD_SET };

/* ACL GETUSER default: names and values in turn. */
static void
on_default_user(const struct db_val *v, void *ctx)
{
	int *guard = ctx;

	for (size_t i = 0; i + 1 < db_len(v); i += 2) {
		const struct db_val *flags = db_at(v, i + 1);

		if (!span_eq(db_str(db_at(v, i)), SPAN_LIT("flags")))
			continue;
		*guard = list_has(flags, "on") && list_has(flags, "nopass")
			     ? GUARD_NONE
			     : GUARD_SET;
	}
}

static void
on_requirepass(const struct db_val *v, void *ctx)
{
	int *guard = ctx;

	if (db_len(v) == 2)
		*guard = db_str(db_at(v, 1)).n > 0 ? GUARD_SET : GUARD_NONE;
}

static int
read_guard(struct inspect *in, struct facts *f, struct err *e)
{
	const struct span acl[] = {
	    SPAN_LIT("ACL"), SPAN_LIT("GETUSER"), SPAN_LIT("default")};
	const struct span config[] = {
	    SPAN_LIT("CONFIG"), SPAN_LIT("GET"), SPAN_LIT("requirepass")};
	int guard = GUARD_UNKNOWN;
	int rc = try_call(in, acl, 3, on_default_user, &guard, e);

	if (rc == 0)
		rc = try_call(in, config, 3, on_requirepass, &guard, e);
	if (guard != GUARD_UNKNOWN)
		fact_add(f, "password",
		    guard == GUARD_SET ? SPAN_LIT("set") : SPAN_LIT("none"));
	return rc;
}

/* As the acts begin; it writes nothing.  An answer that nobody foresaw is
 * that of a server which takes the first line for Lua. */
static int
read_script(struct inspect *in, struct facts *f, struct err *e)
{
	const struct span argv[] = {SPAN_LIT("EVAL"),
	    SPAN_LIT("#!lua flags=no-writes\nreturn 1"), SPAN_LIT("0")};
	int rc = try_call(in, argv, 3, NULL, NULL, e);
	bool denied = rc == 0 && strncmp(e->text, "NOPERM", 6) == 0;

	if (rc < 0 && strcmp(e->code, "REDIS_ERROR") != 0)
		return -1;
	fact_add(f, "script-support",
	    rc > 0   ? SPAN_LIT("yes")
	    : denied ? SPAN_LIT("denied to this user")
		     : SPAN_LIT("missing"));
	return 1;
}

/* ---- all of it ---- */

static void
add_own(struct inspect *in, struct facts *f)
{
	fact_add(f, "libraries",
	    SPAN_LIT("hiredis " HIREDIS_PKG ", jansson " JANSSON_PKG
		     ", libcrypto " LIBCRYPTO_PKG));
	fact_add(f, "prefix", span_str(in->view.keys->prefix));
}

int
facts_read(struct inspect *in, struct facts *f, struct err *e)
{
	const struct span info[] = {SPAN_LIT("INFO")};
	int config, facts, time;

	add_own(in, f);
	config = read_settings(in, f, e);
	if (config < 0 || read_script(in, f, e) < 0 || read_guard(in, f, e) < 0)
		return -1;
	time = read_clock(in, f, e);
	if (time < 0)
		return -1;
	/* Last: nothing in it may be taken for one of the above. */
	facts = try_call(in, info, 1, on_info, f, e);
	if (facts < 0)
		return -1;
	if (config == 0 && facts == 0)
		return err_set(e, EX_NOPERM, "REDIS_AUTH",
		    "neither CONFIG GET nor INFO is allowed to this user");
	if (config == 0 || facts == 0 || time == 0)
		fact_add(f, "denied",
		    config == 0  ? SPAN_LIT("CONFIG GET")
		    : facts == 0 ? SPAN_LIT("INFO")
				 : SPAN_LIT("TIME"));
	return 0;
}

static void
on_count(const struct db_val *v, void *ctx)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)db_int(v));
	fact_add(ctx, "staging-older-than-15-min", span_str(text));
}

int
facts_read_staging(struct inspect *in, struct facts *f, struct err *e)
{
	struct span argv[4] = {SPAN_LIT("ZCOUNT"), SPAN_NONE, SPAN_LIT("-inf")};
	struct server_time now = {clock_now_ms()};
	struct buf key = {0};
	char until[32];
	int rc = ask_time(in, &now, e);

	if (rc < 0)
		return -1;
	snprintf(
	    until, sizeof(until), "%lld", (long long)(now.ms - STAGING_OLD_MS));
	key_add(&key, in->view.keys, KEY_STAGING, SPAN_NONE, SPAN_NONE);
	argv[1] = buf_view(&key);
	argv[3] = span_str(until);
	rc = try_call(in, argv, 4, on_count, f, e);
	buf_free(&key);
	return rc < 0 ? -1 : 0;
}
