/* SPDX-License-Identifier: ISC */
/* url: see url.h. */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "resolve.h"
#include "url.h"

static bool
is_loopback(const char *host)
{
	return strcmp(host, "::1") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && resolve_is_literal(host));
}

static int
bad_url(struct err *e, const char *url, const char *what)
{
	return err_set(e, EX_CONFIG, "URL", "%s: %.200s", what, url);
}

/* scheme://host[:port][/path] */
int
url_read(struct url *u, const char *url, struct err *e)
{
	const char *p, *end, *colon;
	int64_t port;
	size_t n;

	u->is_tls = strncmp(url, "wss://", 6) == 0;
	if (!u->is_tls && strncmp(url, "ws://", 5) != 0)
		return bad_url(e, url, "neither wss:// nor ws://");
	p = url + (u->is_tls ? 6 : 5);
	n = strcspn(p, "/?#");
	end = p + n;
	for (const char *c = p; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == '@' || *c == '#')
			return bad_url(e, url, "not a URL without user");
	colon = p[0] == '[' ? memchr(p, ']', n) : p;
	if (colon == NULL)
		return bad_url(e, url, "not a URL");
	colon = memchr(colon, ':', (size_t)(end - colon));
	port = u->is_tls ? 443 : 80;
	if (colon != NULL) {
		struct span digits = {colon + 1, (size_t)(end - colon) - 1};

		if (span_int(digits, &port) != 0 || port < 1 || port > 65535)
			return bad_url(e, url, "no such port");
		n = (size_t)(colon - p);
	}
	if (p[0] == '[') {
		p++;
		n = n < 2 ? 0 : n - 2;
	}
	if (n == 0 || n >= sizeof(u->host) || strlen(end) >= sizeof(u->path))
		return bad_url(e, url, "no host");
	snprintf(u->host, sizeof(u->host), "%.*s", (int)n, p);
	snprintf(u->path, sizeof(u->path), "%s%s", *end == '/' ? "" : "/", end);
	u->port = (int)port;
	if (!u->is_tls && !is_loopback(u->host))
		return bad_url(
		    e, url, "ws:// is for literal loopback addresses only");
	snprintf(u->authority, sizeof(u->authority),
	    port == (u->is_tls ? 443 : 80) ? "%s" : "%s:%d", u->host, u->port);
	return 0;
}
