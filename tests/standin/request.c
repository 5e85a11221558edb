/* SPDX-License-Identifier: ISC */
/*
 * request: see request.h.
 *
 * The library keeps the arguments as fragments, one each, already decoded;
 * joined by lws_hdr_copy they would have the wrong separator, so they are
 * read one by one.  It cannot list headers that it has no name for: those
 * that a client may plausibly send are looked up one by one, too.
 */
#include <string.h>

#include "request.h"

#define HEADER_MAX 32768

static const char *const uncommon[] = {"api-key:", "apikey:", "x-api-key:",
    "x-apikey:", "x-auth:", "x-request-id:", "x-massive-edge-id:",
    "x-massive-edge-ip-address:", "x-polygon-edge-id:", "dnt:",
    "proxy-authorization:", "proxy-connection:", "upgrade-insecure-requests:",
    "sec-fetch-mode:", "traceparent:", "priority:", "idempotency-key:"};

static bool
contains(struct span text, const char *word)
{
	size_t n = word == NULL ? 0 : strlen(word);

	for (size_t i = 0; n > 0 && i + n <= text.n; i++)
		if (memcmp(text.p + i, word, n) == 0)
			return true;
	return false;
}

static void
look_for_key(
    struct request *r, struct span text, const char *where, const char *key)
{
	if (contains(text, key))
		words_str(&r->key_in, where);
}

static void
read_args(struct request *r, struct lws *wsi, char *room, const char *key)
{
	struct span arg, name, value;
	const char *eq;
	int n;

	for (int i = 0;; i++) {
		n = lws_hdr_copy_fragment(
		    wsi, room, HEADER_MAX, WSI_TOKEN_HTTP_URI_ARGS, i);
		if (n < 0)
			return;
		arg = name = (struct span){room, (size_t)n};
		value = SPAN_LIT("");
		eq = memchr(arg.p, '=', arg.n);
		if (eq != NULL) {
			name.n = (size_t)(eq - arg.p);
			value = (struct span){eq + 1, arg.n - name.n - 1};
		}
		look_for_key(r, arg, "args", key);
		if (span_eq(name, SPAN_LIT("apiKey"))) {
			r->is_query = true;
			buf_clear(&r->key);
			buf_span(&r->key, value);
		} else if (arg.n > 0) {
			words_span(&r->args, name);
			words_span(&r->args, value);
		}
	}
}

static void
take_header(struct request *r, enum lws_token_indexes token, struct span value)
{
	static const char bearer[] = "Bearer ";

	switch (token) {
	case WSI_TOKEN_HOST:
		buf_span(&r->host, value);
		break;
	case WSI_TOKEN_HTTP_ACCEPT_ENCODING:
		r->takes_gzip = contains(value, "gzip") &&
				(!contains(value, "gzip;q=0") ||
				    contains(value, "gzip;q=0."));
		break;
	case WSI_TOKEN_HTTP_AUTHORIZATION:
		if (value.n < sizeof(bearer) - 1 ||
		    memcmp(value.p, bearer, sizeof(bearer) - 1) != 0)
			break;
		r->is_bearer = true;
		buf_clear(&r->key);
		buf_add(&r->key, value.p + sizeof(bearer) - 1,
		    value.n - (sizeof(bearer) - 1));
		break;
	default:
		break;
	}
}

/* Tokens that are not headers: request lines, and the library's own. */
static bool
is_header(const char *name)
{
	size_t n = name == NULL ? 0 : strlen(name);

	return n > 1 && name[n - 1] == ':' && name[0] != ':';
}

static void
read_headers(struct request *r, struct lws *wsi, char *room, const char *key)
{
	const char *name;
	struct span value;
	int n;

	for (int t = 0; t < WSI_TOKEN_COUNT; t++) {
		enum lws_token_indexes token = (enum lws_token_indexes)t;

		if (lws_hdr_total_length(wsi, token) <= 0)
			continue;
		name = (const char *)lws_token_to_string(token);
		if (!is_header(name))
			continue;
		n = lws_hdr_copy(wsi, room, HEADER_MAX, token);
		value = (struct span){room, n < 0 ? 0 : (size_t)n};
		words_span(&r->headers, (struct span){name, strlen(name) - 1});
		look_for_key(r, value, name, key);
		take_header(r, token, value);
	}
	for (size_t i = 0; i < sizeof(uncommon) / sizeof(uncommon[0]); i++) {
		name = uncommon[i];
		n = lws_hdr_custom_copy(
		    wsi, room, HEADER_MAX, name, (int)strlen(name));
		if (n < 0)
			continue;
		words_span(&r->headers, (struct span){name, strlen(name) - 1});
		look_for_key(r, (struct span){room, (size_t)n}, name, key);
	}
}

static const char *
method_of(struct lws *wsi)
{
	static const struct {
		enum lws_token_indexes token;
		const char *name;
	} methods[] = {{WSI_TOKEN_GET_URI, "GET"}, {WSI_TOKEN_HEAD_URI, "HEAD"},
	    {WSI_TOKEN_POST_URI, "POST"}, {WSI_TOKEN_PUT_URI, "PUT"},
	    {WSI_TOKEN_PATCH_URI, "PATCH"}, {WSI_TOKEN_DELETE_URI, "DELETE"},
	    {WSI_TOKEN_OPTIONS_URI, "OPTIONS"}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (lws_hdr_total_length(wsi, methods[i].token) > 0)
			return methods[i].name;
	return "?";
}

void
request_read(
    struct request *r, struct lws *wsi, const char *path, const char *key)
{
	char *room = mem_alloc(HEADER_MAX);

	r->method = method_of(wsi);
	buf_str(&r->path, path);
	look_for_key(r, buf_view(&r->path), "path", key);
	read_args(r, wsi, room, key);
	read_headers(r, wsi, room, key);
	if (lws_hdr_copy(wsi, room, HEADER_MAX, WSI_TOKEN_HTTP) > 0)
		r->is_http10 = strcmp(room, "HTTP/1.0") == 0;
	free(room);
}

void
request_free(struct request *r)
{
	buf_free(&r->path);
	words_free(&r->args);
	words_free(&r->headers);
	words_free(&r->key_in);
	buf_free(&r->host);
	buf_free(&r->key);
	*r = (struct request){0};
}

const char *
request_auth(const struct request *r)
{
	if (r->is_bearer)
		return r->is_query ? "both" : "bearer";
	return r->is_query ? "query" : "none";
}
