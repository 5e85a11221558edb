/* SPDX-License-Identifier: ISC */
#include "reply.h"

#include <string.h>

/* The first match counts.  retry:
 * the server did not run the command and may soon. */
static const struct reply_action {
	const char *prefix;
	int exit;
	const char *code;
	bool retry;
} actions[] = {
    {"LOADING", EX_TEMPFAIL, "REDIS_LOADING", true},
    {"BUSY ", EX_TEMPFAIL, "REDIS_BUSY", true},
    {"TRYAGAIN", EX_TEMPFAIL, "REDIS_CLUSTER", true},
    {"CLUSTERDOWN", EX_TEMPFAIL, "REDIS_CLUSTER", true},
    {"MASTERDOWN", EX_TEMPFAIL, "REDIS_REPLICA", true},
    {"NOREPLICAS", EX_TEMPFAIL, "REDIS_REPLICA", true},
    {"OOM", EX_TEMPFAIL, "REDIS_OOM", true},
    {"MISCONF", EX_TEMPFAIL, "REDIS_MISCONF", true},
    {"ERR max number of clients", EX_TEMPFAIL, "REDIS_CLIENTS", true},
    {"READONLY", EX_TEMPFAIL, "REDIS_READONLY", false},
    {"MOVED", EX_TEMPFAIL, "REDIS_MOVED", false},
    {"ASK", EX_TEMPFAIL, "REDIS_MOVED", false},
    {"NOAUTH", EX_NOPERM, "REDIS_AUTH", false},
    {"WRONGPASS", EX_NOPERM, "REDIS_AUTH", false},
    {"NOPERM", EX_NOPERM, "REDIS_AUTH", false},
    {"WRONGTYPE", EX_CONFIG, "REDIS_WRONGTYPE", false},
    {"BADTYPE", EX_CONFIG, "REDIS_WRONGTYPE", false},
    {"CROSSSLOT", EX_CONFIG, "REDIS_CROSSSLOT", false},
    {"ERR unknown command", EX_CONFIG, "REDIS_COMMAND", false},
    {"ERR Unknown Redis command", EX_CONFIG, "REDIS_COMMAND", false},
    {"ERR DB index", EX_CONFIG, "REDIS_DB", false},
    {"ERR invalid DB index", EX_CONFIG, "REDIS_DB", false},
    {"ERR SELECT is not allowed", EX_CONFIG, "REDIS_DB", false},
    {"NOSCRIPT", EX_SOFTWARE, "REDIS_NOSCRIPT", false},
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

void
reply_error(const redisReply *r, struct err *e)
{
	int len = r->len > 300 ? 300 : (int)r->len;

	for (size_t i = 0; i < ACTIONS; i++) {
		const struct reply_action *a = &actions[i];

		if (strncmp(r->str, a->prefix, strlen(a->prefix)) != 0)
			continue;
		err_set(e, a->exit, a->code, "%.*s%s", len, r->str,
		    strcmp(a->code, "REDIS_CROSSSLOT") == 0
			? " (set EPOCH_PREFIX to a hash tag, as {spx}:)"
			: "");
		return;
	}
	err_set(e, EX_SOFTWARE, "REDIS_ERROR", "%.*s", len, r->str);
}

bool
reply_is_transient(const struct err *e)
{
	for (size_t i = 0; i < ACTIONS; i++)
		if (actions[i].retry && strcmp(e->code, actions[i].code) == 0)
			return true;
	return false;
}

const struct db_val *
reply_val(const redisReply *r)
{
	const void *same = r;

	return same;
}
