/* SPDX-License-Identifier: ISC */
#include "addr.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"

#define DEFAULT_PORT 6379
#define DB_MAX 100000

static int
bad(struct err *e, const char *what)
{
	return err_set(e, EX_CONFIG, "REDIS_URL",
	    "%s: want redis://[user:pass@]host[:port][/db] or unix:///path",
	    what);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Undo %XX; -1 when it does not fit, or holds a NUL or a broken escape. */
static int
decode(struct span s, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			int hi, lo;

			if (s.n - i < 3 || (hi = hex_digit(s.p[i + 1])) < 0 ||
			    (lo = hex_digit(s.p[i + 2])) < 0)
				return -1;
			c = (char)(hi * 16 + lo);
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return -1;
		out[n++] = c;
	}
	out[n] = '\0';
	return 0;
}

/* Cut *s at the first or last c: what stood before it, NONE without one. */
static struct span
cut(struct span *s, char c, bool last)
{
	struct span before;
	size_t at = s->n;

	for (size_t i = 0; i < s->n && (last || at == s->n); i++)
		if (s->p[i] == c)
			at = i;
	if (at == s->n)
		return SPAN_NONE;
	before = (struct span){s->p, at};
	*s = (struct span){s->p + at + 1, s->n - at - 1};
	return before;
}

/* "user:pass" or "pass", as redis-cli reads them. */
static int
read_user(struct addr *a, struct span info, struct err *e)
{
	struct span user = cut(&info, ':', false);

	if (user.p != NULL && decode(user, a->user, sizeof(a->user)) < 0)
		return bad(e, "bad user");
	if (decode(info, a->pass, sizeof(a->pass)) < 0)
		return bad(e, "bad password");
	return 0;
}

static int
read_number(struct span s, int64_t min, int64_t max, int *out)
{
	int64_t v;

	if (span_int(s, &v) < 0 || v < min || v > max)
		return -1;
	*out = (int)v;
	return 0;
}

static int
read_tcp(struct addr *a, struct span rest, struct err *e)
{
	struct span all = rest, host, port = SPAN_NONE;
	bool bracket;

	host = cut(&rest, '/', false);
	if (host.p == NULL) {
		host = all;
		rest = SPAN_NONE;
	}
	bracket = host.n > 0 && host.p[0] == '[';
	if (bracket) { /* [2001:db8::1]:6379 */
		struct span in = {host.p + 1, host.n - 1};

		port = in;
		host = cut(&port, ']', false);
		if (host.p == NULL || (port.n > 0 && port.p[0] != ':'))
			return bad(e, "bad host");
		port = port.n > 0 ? (struct span){port.p + 1, port.n - 1}
				  : SPAN_NONE;
	} else {
		struct span tail = host, name = cut(&tail, ':', true);

		if (name.p != NULL) {
			host = name;
			port = tail;
		}
	}
	if (host.n == 0 || decode(host, a->host, sizeof(a->host)) < 0)
		return bad(e, "bad host");
	if (port.p != NULL && read_number(port, 1, 65535, &a->port) < 0)
		return bad(e, "bad port");
	if (rest.n > 0 && read_number(rest, 0, DB_MAX, &a->db) < 0)
		return bad(e, "bad database number");
	snprintf(a->name, sizeof(a->name),
	    bracket ? "redis://[%s]:%d/%d" : "redis://%s:%d/%d", a->host,
	    a->port, a->db);
	return 0;
}

static int
read_unix(struct addr *a, struct span path, bool plain, struct err *e)
{
	struct span query = path;

	if (!plain) {
		struct span before = cut(&query, '?', false);

		if (before.p != NULL) {
			path = before;
			if (query.n < 3 || memcmp(query.p, "db=", 3) != 0 ||
			    read_number((struct span){query.p + 3, query.n - 3},
				0, DB_MAX, &a->db) < 0)
				return bad(e, "bad ?db=");
		}
	}
	/* hiredis would silently cut a longer one. */
	if (path.n == 0 || path.n >= sizeof(a->path))
		return err_set(e, EX_CONFIG, "REDIS_URL",
		    "path of the unix socket is empty or over %zu bytes",
		    sizeof(a->path) - 1);
	memcpy(a->path, path.p, path.n);
	a->path[path.n] = '\0';
	if (a->db != 0)
		snprintf(
		    a->name, sizeof(a->name), "unix:%s?db=%d", a->path, a->db);
	else
		snprintf(a->name, sizeof(a->name), "unix:%s", a->path);
	return 0;
}

static bool
begins(struct span s, const char *with)
{
	return s.n >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

static struct span
after(struct span s, const char *with)
{
	return (struct span){s.p + strlen(with), s.n - strlen(with)};
}

int
addr_parse(struct addr *a, const char *url, struct err *e)
{
	struct span s = span_str(url), info;

	memset(a, 0, sizeof(*a));
	a->port = DEFAULT_PORT;
	if (begins(s, "/") || begins(s, "./"))
		return read_unix(a, s, true, e);
	if (begins(s, "rediss:"))
		return err_set(e, EX_CONFIG, "REDIS_URL",
		    "rediss:// is not supported: use a unix socket, or a "
		    "tunnel (stunnel, ssh -L)");
	if (begins(s, "redis://")) {
		s = after(s, "redis://");
		info = cut(&s, '@', true);
		if (info.p != NULL && read_user(a, info, e) < 0)
			return -1;
		return read_tcp(a, s, e);
	}
	if (begins(s, "unix://")) {
		s = after(s, "unix://");
		/* A path may hold an @: user and password stand before /. */
		if (!begins(s, "/")) {
			info = cut(&s, '@', false);
			if (info.p == NULL || !begins(s, "/"))
				return bad(e, "not an absolute path");
			if (read_user(a, info, e) < 0)
				return -1;
		}
		return read_unix(a, s, false, e);
	}
	if (begins(s, "unix:"))
		return read_unix(a, after(s, "unix:"), false, e);
	return bad(e, "not a Redis address");
}
