/* SPDX-License-Identifier: ISC */
/*
 * http: see http.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "clock.h"
#include "http.h"
#include "origin.h"
#include "sig.h"

#define CONNECT_S 5L
#define SLOW_BYTES 1024L /* a second, */
#define SLOW_S 10L       /* for so long: given up */
#define POLL_MS 100      /* so that a signal is never slept through */
/* Of an error only a few words are told, but a JSON tree takes a hundred times
 * the memory of its text. */
#define ERROR_BODY_MAX (64 * 1024)
#define AGENT "epoch-tools"

struct http {
	struct http_conf conf;
	CURLM *multi;
	struct curl_slist *headers;
	struct origin origin;
	int64_t held; /* bytes of the bodies that are on their way */
};

/* ------------------------------------------------------------------- open */

static int
check_cacert(const struct http_conf *conf, struct err *e)
{
	FILE *f;

	if (conf->cacert == NULL)
		return 0;
	f = fopen(conf->cacert, "r");
	if (f == NULL)
		return err_set(e, EX_CONFIG, "CACERT", "cannot be read: %.200s",
		    conf->cacert);
	fclose(f);
	return 0;
}

int
http_open(struct http **out, const struct http_conf *conf, struct err *e)
{
	struct http *h = mem_zalloc(sizeof(*h));
	struct buf line = {0};

	*out = h;
	h->conf = *conf;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (origin_read(&h->origin, conf->base, e) != 0 ||
	    check_cacert(conf, e) != 0)
		return -1;
	h->multi = curl_multi_init();
	if (h->multi == NULL)
		return err_set(e, EX_OSERR, "CURL", "out of memory");
	curl_multi_setopt(
	    h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)conf->parallel);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)conf->parallel);
	if (conf->key != NULL) {
		buf_fmt(&line, "Authorization: Bearer %s", conf->key->text);
		h->headers = curl_slist_append(NULL, line.p);
		memset(line.p, 0, line.n);
		buf_free(&line);
	}
	return 0;
}

void
http_close(struct http **at)
{
	struct http *h = *at;

	if (h == NULL)
		return;
	curl_multi_cleanup(h->multi);
	if (h->headers != NULL)
		memset(h->headers->data, 0, strlen(h->headers->data));
	curl_slist_free_all(h->headers);
	origin_free(&h->origin);
	free(h);
	curl_global_cleanup();
	*at = NULL;
}

/* -------------------------------------------------------------- a request */

static int
too_long(struct http_job *job, int64_t most, const char *what)
{
	job->refused = true;
	return err_set(&job->err, EX_DATAERR, "TOO_LONG",
	    "%s %" PRId64 " bytes", what, most);
}

/* Counted after decoding, so a small bomb is as big as what it becomes.  Not
 * 0: it is too much. */
static int
hold(struct http_job *job, int64_t n)
{
	struct http *h = job->http;

	if (job->bytes > h->conf.max_body)
		return too_long(job, h->conf.max_body, "a body of more than");
	if (job->sink != NULL)
		return 0;
	h->held += n;
	job->held += n;
	if (h->held > HTTP_BODIES_MAX)
		return too_long(
		    job, HTTP_BODIES_MAX, "bodies side by side of more than");
	return 0;
}

static size_t
on_bytes(char *p, size_t one, size_t n, void *user)
{
	struct http_job *job = user;
	long status = 0;

	curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
	job->bytes += (int64_t)(one * n);
	if (status != 200 && job->bytes > ERROR_BODY_MAX) {
		job->refused = true; /* the status says enough */
		return CURL_WRITEFUNC_ERROR;
	}
	if (hold(job, (int64_t)(one * n)) != 0)
		return CURL_WRITEFUNC_ERROR;
	if (job->sink == NULL || status != 200) {
		buf_add(&job->body, p, one * n);
	} else if (!job->sink(job->owner, (struct span){p, one * n})) {
		job->refused = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return one * n;
}

static void
set_safety(const struct http *h, CURL *c)
{
	/* whatever a URL says: of two schemes only the base URL's */
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, h->origin.scheme);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (h->conf.cacert != NULL) {
		curl_easy_setopt(c, CURLOPT_CAINFO, h->conf.cacert);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
}

void
http_start(struct http *h, struct http_job *job, const char *url)
{
	CURL *c = curl_easy_init();

	job->http = h;
	job->easy = c;
	job->status = 0;
	job->retry_after = -1;
	job->bytes = job->held = 0;
	job->err = (struct err){0};
	job->may_retry = job->refused = false;
	job->detail[0] = '\0';
	buf_clear(&job->body);
	set_safety(h, c);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PRIVATE, job);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, h->headers);
	curl_easy_setopt(c, CURLOPT_USERAGENT, AGENT);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, job);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, job->detail);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, SLOW_S);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* given up, it does not wait for a resolver that is not answered */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_multi_add_handle(h->multi, c);
}

/* What went wrong below HTTP, by libcurl's own codes. */
static const struct {
	CURLcode code;
	const char *name;
	bool may_retry;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "DNS", true},
    {CURLE_COULDNT_CONNECT, "CONNECT", true},
    {CURLE_OPERATION_TIMEDOUT, "TIMEOUT", true},
    {CURLE_PARTIAL_FILE, "CUT", true},
    {CURLE_GOT_NOTHING, "CUT", true},
    {CURLE_RECV_ERROR, "CUT", true},
    {CURLE_SEND_ERROR, "CUT", true},
    {CURLE_BAD_CONTENT_ENCODING, "CUT", true},
    {CURLE_HTTP2, "CUT", true},
    {CURLE_HTTP2_STREAM, "CUT", true},
    {CURLE_SSL_CONNECT_ERROR, "TLS", false},
    {CURLE_PEER_FAILED_VERIFICATION, "TLS", false},
    {CURLE_SSL_CACERT_BADFILE, "TLS", false},
};

static void
explain(struct http_job *job, CURLcode code)
{
	const char *name = "FETCH";

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (failures[i].code != code)
			continue;
		name = failures[i].name;
		job->may_retry = failures[i].may_retry;
	}
	err_set(&job->err, EX_UNAVAILABLE, name, "%.200s",
	    job->detail[0] != '\0' ? job->detail : curl_easy_strerror(code));
	if (job->err.text[0] >= 'A' && job->err.text[0] <= 'Z' &&
	    job->err.text[1] >= 'a' && job->err.text[1] <= 'z')
		job->err.text[0] = (char)(job->err.text[0] - 'A' + 'a');
}

static void
drop(struct http *h, struct http_job *job)
{
	curl_multi_remove_handle(h->multi, job->easy);
	curl_easy_cleanup(job->easy);
	job->easy = NULL;
	h->held -= job->held;
	job->held = 0;
}

static struct http_job *
take_done(struct http *h)
{
	struct http_job *job = NULL;
	curl_off_t after = 0;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(h->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(
		    msg->easy_handle, CURLINFO_PRIVATE, (char **)&job);
		curl_easy_getinfo(
		    msg->easy_handle, CURLINFO_RESPONSE_CODE, &job->status);
		curl_easy_getinfo(
		    msg->easy_handle, CURLINFO_RETRY_AFTER, &after);
		if (after > 0)
			job->retry_after =
			    after > 86400 ? 86400000 : (int64_t)after * 1000;
		if (msg->data.result != CURLE_OK && !job->refused)
			explain(job, msg->data.result);
		drop(h, job);
		return job;
	}
	return NULL;
}

/* Until the network, or what is served aside, has news. */
static void
wait_for_news(struct http *h, int64_t ms)
{
	const struct http_aside *aside = h->conf.aside;
	struct curl_waitfd extra[HTTP_ASIDE_MAX] = {0};
	struct pollfd fds[HTTP_ASIDE_MAX];
	int n = aside != NULL ? aside->fds(aside->ctx, fds) : 0;

	for (int i = 0; i < n; i++) {
		extra[i].fd = fds[i].fd;
		if (fds[i].events & POLLIN)
			extra[i].events |= CURL_WAIT_POLLIN;
		if (fds[i].events & POLLOUT)
			extra[i].events |= CURL_WAIT_POLLOUT;
	}
	if (n >= 0)
		curl_multi_poll(h->multi, extra, (unsigned)n, (int)ms, NULL);
}

struct http_job *
http_wait(struct http *h, int64_t wait_ms)
{
	const struct http_aside *aside = h->conf.aside;
	int64_t until = clock_mono_ms() + wait_ms, rest;
	struct http_job *job;
	int running;

	for (;;) {
		if (aside != NULL && aside->serve(aside->ctx))
			return NULL;
		curl_multi_perform(h->multi, &running);
		job = take_done(h);
		rest = until - clock_mono_ms();
		if (job != NULL || rest <= 0 || sig_stop)
			return job;
		wait_for_news(h, rest < POLL_MS ? rest : POLL_MS);
	}
}

void
http_cancel(struct http *h, struct http_job *job)
{
	if (job->easy != NULL)
		drop(h, job);
}

/* As it is written, and as percent-encoding hides it. */
static bool
carries_key(const struct secret *key, const char *next)
{
	int n = 0;
	char *plain = curl_easy_unescape(NULL, next, 0, &n);
	bool is_in = secret_is_in(key, span_str(next)) ||
		     (plain != NULL &&
			 secret_is_in(key, (struct span){plain, (size_t)n}));

	curl_free(plain);
	return is_in;
}

int
http_resolve(struct http *h, const char *url, const char *next, struct buf *out,
    struct err *e)
{
	if (h->conf.key != NULL && carries_key(h->conf.key, next))
		return err_set(
		    e, EX_PROTOCOL, "NEXT_URL", "next_url carries the key");
	return origin_resolve(&h->origin, url, next, out, e);
}
