/* SPDX-License-Identifier: ISC */
/* Rules about the server itself and what becomes of its memory: the table of
 * docs/REDIS.md section 7, and more. */
#include "doctor.h"

/* ---- tests in general ---- */

enum severity
want_yes(const struct facts *f, struct span value)
{
	(void)f;
	return advise(is(value, "yes") || is(value, "1"));
}

enum severity
want_zero(const struct facts *f, struct span value)
{
	(void)f;
	return advise(is(value, "0"));
}

static enum severity
want_ok(const struct facts *f, struct span value)
{
	(void)f;
	return advise(is(value, "ok"));
}

static enum severity
must_be_ok(const struct facts *f, struct span value)
{
	(void)f;
	return is(value, "ok") ? OK : WRONG;
}

static enum severity
show(const struct facts *f, struct span value)
{
	(void)f;
	(void)value;
	return OK;
}

static enum severity
always(const struct facts *f, struct span value)
{
	(void)f;
	(void)value;
	return ADVICE;
}

/* ---- what it is ---- */

static enum severity
test_version(const struct facts *f, struct span value)
{
	const char *dot = memchr(value.p, '.', value.n);
	struct span major = value;

	(void)f;
	if (dot != NULL)
		major.n = (size_t)(dot - value.p);
	return number(major) >= 7 ? OK : WRONG;
}

static enum severity
test_script(const struct facts *f, struct span value)
{
	(void)f;
	return is(value, "yes") ? OK : is(value, "missing") ? WRONG : ADVICE;
}

static enum severity
test_mode(const struct facts *f, struct span value)
{
	(void)f;
	return is(value, "sentinel") ? WRONG : SKIP;
}

static enum severity
test_cluster(const struct facts *f, struct span value)
{
	struct span prefix = fact_get(f, "prefix");

	if (!is(value, "yes") && !is(value, "1"))
		return OK;
	return prefix.n > 0 && memchr(prefix.p, '{', prefix.n) != NULL ? OK
								       : WRONG;
}

static enum severity
test_clock(const struct facts *f, struct span value)
{
	(void)f;
	if (value.n > 0 && *value.p == '-')
		value = (struct span){value.p + 1, value.n - 1};
	return advise(number(value) <= 60);
}

/* ---- memory ---- */

static enum severity
test_policy(const struct facts *f, struct span value)
{
	(void)f;
	if (is(value, "noeviction"))
		return OK;
	return value.n > 8 && memcmp(value.p, "allkeys-", 8) == 0 ? WRONG
								  : ADVICE;
}

/* No limit is well where there is room for several times what is used. */
static enum severity
test_maxmemory(const struct facts *f, struct span value)
{
	int64_t used = fact_int(f, "used_memory");
	int64_t system = fact_int(f, "total_system_memory");

	if (number(value) > 0 || used < 0 || system <= 0)
		return OK;
	return advise(used < system / 4);
}

/* A promotion holds the new epoch beside the old ones. */
static enum severity
test_room(const struct facts *f, struct span value)
{
	int64_t max = fact_int(f, "maxmemory"), used = number(value);

	if (max <= 0)
		return SKIP;
	return used > max / 100 * 95 ? WRONG : advise(used <= max / 2);
}

/* ---- what outlives a crash ---- */

static bool
appends(const struct facts *f)
{
	return fact_is(f, "appendonly", "yes") ||
	       fact_is(f, "aof_enabled", "1");
}

static enum severity
test_fsync(const struct facts *f, struct span value)
{
	return appends(f) ? advise(is(value, "everysec")) : SKIP;
}

static enum severity
test_save(const struct facts *f, struct span value)
{
	return advise(appends(f) || value.n > 0);
}

/* A server that saves by time refuses to write once a save failed. */
static enum severity
test_bgsave(const struct facts *f, struct span value)
{
	if (is(value, "ok"))
		return OK;
	return fact_is(f, "save", "") ? ADVICE : WRONG;
}

/* ---- the rules ---- */

const struct rule doctor_server[] = {
    {"libraries", NULL, show, ""},
    {"denied", NULL, always,
	"allow +config|get +info +time: what it tells was not looked at"},
    {"redis_version", NULL, test_version,
	"install Redis 7 or later: the acts are scripts that begin with #!lua"},
    {"redis_mode", NULL, test_mode,
	"this is a Sentinel: connect to the master that it watches"},
    {"script-support", NULL, test_script,
	"allow EVAL and EVALSHA: without them nothing can be promoted"},
    {"cluster-enabled", "cluster_enabled", test_cluster,
	"set EPOCH_PREFIX to a hash tag, as {spx}: for the scripts all keys "
	"must lie in one slot"},
    {"clock-ahead-seconds", NULL, test_clock,
	"set the clocks right: a snapshot over 60 s ahead is refused as "
	"future, and ages are wrong"},
    {"maxmemory-policy", "maxmemory_policy", test_policy,
	"set it to noeviction: allkeys-* evicts epochs, the pointer included, "
	"volatile-* the fence of a promotion"},
    {"maxmemory", NULL, test_maxmemory,
	"set a limit below the machine's memory: else the system kills "
	"whatever it likes"},
    {"used_memory", NULL, test_room,
	"raise maxmemory or remove old epochs: a new epoch needs room beside "
	"the old, a full server refuses it (75)"},
    {"evicted_keys", NULL, want_zero,
	"run epoch-inspect --check; when it finds nothing, CONFIG RESETSTAT: "
	"keys were evicted since the start"},
    {"appendonly", "aof_enabled", want_yes,
	"set it to yes: a restart forgets all since the last save"},
    {"appendfsync", NULL, test_fsync,
	"set it to everysec: no loses half a minute, with always a full disk "
	"ends the server"},
    {"save", NULL, test_save,
	"set appendonly to yes, or save points: a restart forgets everything"},
    {"aof_last_write_status", NULL, must_be_ok,
	"make room on the disk: until then every write is refused (75)"},
    {"aof_last_bgrewrite_status", NULL, want_ok,
	"read the server's log: the append-only file only grows"},
    {"rdb_last_bgsave_status", NULL, test_bgsave,
	"make room on the disk, or read the server's log: with save points "
	"every write is refused until a save succeeds (75)"},
    {"async_loading", NULL, want_zero,
	"wait: it is loading, and shows what it held before"},
    {"staging-older-than-15-min", NULL, want_zero,
	"a promoter died in mid-work: nothing points at what it left, but it "
	"takes memory (ids: ZRANGE of epoch:staging)"},
    {"lazyfree-lazy-user-del", NULL, want_yes,
	"set it to yes: else whoever deletes by hand makes all others wait"},
    {NULL, NULL, NULL, NULL},
};
