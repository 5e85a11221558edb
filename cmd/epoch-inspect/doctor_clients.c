/* SPDX-License-Identifier: ISC */
/* Rules about who can come in, and about replicas and clients. */
#include "doctor.h"

/* ---- who can come in ---- */

static bool
tcp_open(const struct facts *f)
{
	return fact_int(f, "port") > 0 || fact_int(f, "tls-port") > 0 ||
	       (fact_int(f, "port") < 0 && fact_int(f, "tcp_port") > 0);
}

/* Is every address that it listens on one of this machine's own? */
static bool
is_local(struct span bind)
{
	const char *p = bind.p, *end = p + bind.n;

	if (bind.n == 0)
		return false;
	while (p < end) {
		struct span word = {p, 0};

		while (p < end && *p != ' ')
			p++;
		word.n = (size_t)(p - word.p);
		p += p < end;
		if (word.n > 0 && *word.p == '-')
			word = (struct span){word.p + 1, word.n - 1};
		if (word.n > 0 && !is(word, "::1") && !is(word, "localhost") &&
		    (word.n < 4 || memcmp(word.p, "127.", 4) != 0))
			return false;
	}
	return true;
}

static enum severity
test_bind(const struct facts *f, struct span value)
{
	bool all = value.n == 0 || memchr(value.p, '*', value.n) != NULL ||
		   is(value, "0.0.0.0");

	return tcp_open(f) ? advise(!all) : SKIP;
}

static enum severity
test_protected(const struct facts *f, struct span value)
{
	return tcp_open(f) ? want_yes(f, value) : SKIP;
}

static enum severity
test_password(const struct facts *f, struct span value)
{
	struct span bind = fact_get(f, "bind");

	if (!tcp_open(f))
		return SKIP;
	if (is(value, "set") || (bind.p != NULL && is_local(bind)))
		return OK;
	return fact_is(f, "protected-mode", "no") ? WRONG : ADVICE;
}

/* Of the octal digits the last is everybody's; 2 is the right to write. */
static enum severity
test_perm(const struct facts *f, struct span value)
{
	struct span path = fact_get(f, "unixsocket");

	if (path.n == 0 || value.n == 0)
		return SKIP;
	return advise(
	    !is(value, "0") && ((value.p[value.n - 1] - '0') & 2) == 0);
}

/* ---- replicas and clients ---- */

static enum severity
test_role(const struct facts *f, struct span value)
{
	(void)f;
	return advise(is(value, "master"));
}

static enum severity
test_link(const struct facts *f, struct span value)
{
	(void)f;
	return advise(is(value, "up"));
}

static enum severity
test_replicas(const struct facts *f, struct span value)
{
	return fact_int(f, "connected_slaves") > 0 ? advise(number(value) > 0)
						   : SKIP;
}

static enum severity
test_replicas_lacking(const struct facts *f, struct span value)
{
	int64_t there = fact_int(f, "connected_slaves");

	return fact_is(f, "role", "master") && there >= 0 &&
		       number(value) > there
		   ? WRONG
		   : SKIP;
}

static enum severity
test_lag(const struct facts *f, struct span value)
{
	if (fact_int(f, "min-replicas-to-write") <= 0)
		return SKIP;
	return advise(number(value) > 0 && number(value) <= 10);
}

static enum severity
test_output(const struct facts *f, struct span value)
{
	static const char none[] = "normal 0 0 ";

	(void)f;
	return advise(value.n < sizeof(none) ||
		      memcmp(value.p, none, sizeof(none) - 1) != 0);
}

static enum severity
test_keepalive(const struct facts *f, struct span value)
{
	if (!tcp_open(f))
		return SKIP;
	return advise(number(value) > 0 && number(value) <= 300);
}

/* ---- the rules ---- */

const struct rule doctor_clients[] = {
    {"bind", NULL, test_bind,
	"name the addresses that are needed, or port 0 and a unix socket: it "
	"listens everywhere"},
    {"protected-mode", NULL, test_protected,
	"set it to yes: it keeps strangers out where no password does"},
    {"password", NULL, test_password,
	"set requirepass or ACL users: who reaches the port may write "
	"whatever protected-mode lets pass"},
    {"unixsocketperm", NULL, test_perm,
	"set it to 770, and a group: else everybody here may write, or the "
	"umask of whoever starts the server decides"},
    {"role", NULL, test_role,
	"connect epoch-promote to the master: a replica refuses writes (75)"},
    {"master_link_status", NULL, test_link,
	"mend the replication: what this replica shows is old"},
    {"min-replicas-to-write", NULL, test_replicas,
	"set it to 1: else a failover forgets what no replica has"},
    {"min-replicas-to-write", NULL, test_replicas_lacking,
	"lower it or mend the replicas: with fewer of them every write is "
	"refused (75)"},
    {"min-replicas-max-lag", NULL, test_lag,
	"set it to 10: a replica that hangs longer counts as one"},
    {"client-output-buffer-limit", NULL, test_output,
	"set normal 64mb 32mb 30: a reader that hangs takes memory without "
	"end"},
    {"rejected_connections", NULL, want_zero,
	"raise maxclients: connections were refused since the start"},
    {"timeout", NULL, want_zero,
	"set it to 0: a tool that waits for its input loses its connection"},
    {"tcp-keepalive", NULL, test_keepalive,
	"set it to 60: else connections of dead machines stay"},
    {NULL, NULL, NULL, NULL},
};
