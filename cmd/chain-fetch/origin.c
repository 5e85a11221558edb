/* SPDX-License-Identifier: ISC */
/* origin: see origin.h. */
#include <stdio.h>

#include <curl/curl.h>

#include "origin.h"

static char *
part(CURLU *u, CURLUPart what)
{
	char *text = NULL;

	curl_url_get(u, what, &text, CURLU_DEFAULT_PORT);
	return text;
}

/* Only literal addresses: a name means what a resolver says. */
static bool
is_loopback(const char *host)
{
	unsigned a, b, c, d;
	char end;

	if (strcmp(host, "[::1]") == 0)
		return true;
	return sscanf(host, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &end) == 4 &&
	       a == 127 && b < 256 && c < 256 && d < 256;
}

int
origin_read(struct origin *o, const char *base, struct err *e)
{
	CURLU *u = curl_url();
	char *user;
	int rc = 0;

	if (u == NULL || curl_url_set(u, CURLUPART_URL, base, 0) != 0) {
		curl_url_cleanup(u);
		return err_set(
		    e, EX_CONFIG, "BASE_URL", "not a URL: %.200s", base);
	}
	o->scheme = part(u, CURLUPART_SCHEME);
	o->host = part(u, CURLUPART_HOST);
	o->port = part(u, CURLUPART_PORT);
	user = part(u, CURLUPART_USER);
	if (user != NULL)
		rc = err_set(e, EX_CONFIG, "BASE_URL",
		    "a base URL has no user: the key is not given that way");
	else if (o->scheme == NULL || o->host == NULL || o->port == NULL ||
		 (strcmp(o->scheme, "https") != 0 &&
		     (strcmp(o->scheme, "http") != 0 || !is_loopback(o->host))))
		rc = err_set(e, EX_CONFIG, "BASE_URL",
		    "neither https nor a loopback address: %.200s", base);
	curl_free(user);
	curl_url_cleanup(u);
	return rc;
}

void
origin_free(struct origin *o)
{
	curl_free(o->scheme);
	curl_free(o->host);
	curl_free(o->port);
}

static bool
is_same(char *a, const char *b)
{
	bool same = a != NULL && strcmp(a, b) == 0;

	curl_free(a);
	return same;
}

static bool
has_user(CURLU *u)
{
	char *user = part(u, CURLUPART_USER);
	char *password = part(u, CURLUPART_PASSWORD);
	bool has = user != NULL || password != NULL;

	curl_free(user);
	curl_free(password);
	return has;
}

int
origin_resolve(const struct origin *o, const char *url, const char *next,
    struct buf *out, struct err *e)
{
	CURLU *u = curl_url();
	const char *what = NULL;
	char *whole = NULL;

	if (u == NULL ||
	    curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) != 0 ||
	    curl_url_set(u, CURLUPART_URL, next, CURLU_PATH_AS_IS) != 0)
		what = "next_url is no URL";
	else if (!is_same(part(u, CURLUPART_SCHEME), o->scheme) ||
		 !is_same(part(u, CURLUPART_HOST), o->host) ||
		 !is_same(part(u, CURLUPART_PORT), o->port))
		what = "next_url leaves the base URL's origin";
	else if (has_user(u))
		what = "next_url carries a user";
	if (what == NULL) {
		/* never next itself: read alone, it may be another URL */
		curl_url_get(u, CURLUPART_URL, &whole, 0);
		if (whole == NULL)
			what = "next_url is no URL";
		buf_clear(out);
		buf_str(out, whole != NULL ? whole : "");
		curl_free(whole);
	}
	curl_url_cleanup(u);
	return what == NULL ? 0
			    : err_set(e, EX_PROTOCOL, "NEXT_URL", "%s", what);
}
