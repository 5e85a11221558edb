/* SPDX-License-Identifier: ISC */
/*
 * delivery: how an answer goes out: compressed or not, how its end is told, and
 * where a fault makes it stop.
 */
#include <time.h>

#include "standin.h"

#define CHUNK 16384
#define FILLER ((size_t)65536)
#define SMALL 8192 /* smaller bodies have a Content-Length, as the vendor's */

enum framing { BY_LENGTH, BY_CHUNKS, BY_CLOSE };

static bool
is_word(const struct fault *f, const char *word)
{
	return f != NULL && span_eq(f->text[0], span_str(word));
}

static bool
does_compress(const struct request *r, const struct answer *a)
{
	const struct fault *f = plan_find(&a->plan, F_GZIP);

	if (is_word(f, "force"))
		return true;
	return a->may_compress && r->takes_gzip && !is_word(f, "off");
}

/* Compress the body if that is due; true when it is. */
static bool
compress_body(const struct request *r, struct answer *a, struct delivery *w)
{
	const struct fault *f = plan_find(&a->plan, F_BOMB);

	if (f != NULL) {
		gzip_bomb(&w->own, f->text[0].p == NULL ? 64 : f->n[0]);
		w->body = buf_view(&w->own);
		return true;
	}
	if (!does_compress(r, a))
		return false;
	/* kept for the next one, unless a fault took the body away */
	if (a->document != NULL && w->body.n == a->body.n) {
		if (a->document->gzip.n == 0)
			gzip_make(&a->document->gzip, w->body);
		w->body = buf_view(&a->document->gzip);
	} else {
		gzip_make(&w->own, w->body);
		w->body = buf_view(&w->own);
	}
	return true;
}

static enum framing
choose_framing(const struct request *r, const struct answer *a,
    const struct delivery *w, bool is_gzip)
{
	const struct fault *f = plan_find(&a->plan, F_FRAMING);

	if (is_word(f, "close"))
		return BY_CLOSE;
	if (is_word(f, "chunked") || plan_find(&a->plan, F_ENDLESS) != NULL)
		return BY_CHUNKS;
	if (is_word(f, "length") || plan_find(&a->plan, F_CLIP) != NULL ||
	    a->document != NULL || r->is_http10)
		return BY_LENGTH;
	return is_gzip || w->body.n > SMALL ? BY_CHUNKS : BY_LENGTH;
}

static void
add_chunks(struct delivery *w, bool is_ended)
{
	struct buf out = {0};
	struct span left = w->body;
	size_t n;

	buf_reserve(&out, left.n + left.n / CHUNK * 16 + 64);
	for (; left.n > 0; left.p += n, left.n -= n) {
		n = left.n < CHUNK ? left.n : CHUNK;
		buf_fmt(&out, "%zx\r\n", n);
		buf_add(&out, left.p, n);
		buf_str(&out, "\r\n");
	}
	if (is_ended)
		buf_str(&out, "0\r\n\r\n");
	buf_free(&w->own);
	w->own = out;
	w->body = buf_view(&w->own);
}

static const char *
phrase(int status)
{
	static const struct {
		int status;
		const char *text;
	} phrases[] = {{200, "OK"}, {301, "Moved Permanently"}, {302, "Found"},
	    {303, "See Other"}, {307, "Temporary Redirect"},
	    {308, "Permanent Redirect"}, {400, "Bad Request"},
	    {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
	    {405, "Method Not Allowed"}, {413, "Request Entity Too Large"},
	    {429, "Too Many Requests"}, {500, "Internal Server Error"},
	    {502, "Bad Gateway"}, {503, "Service Unavailable"},
	    {504, "Gateway Timeout"}};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].text;
	return "Unnamed";
}

void
delivery_date(struct buf *b, int64_t ahead)
{
	char text[64];
	time_t t = time(NULL) + (time_t)ahead;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	buf_str(b, text);
}

static void
add_head(const struct answer *a, struct delivery *w, enum framing framing,
    bool is_gzip, bool is_close)
{
	struct buf *b = &w->head;

	buf_fmt(b, "HTTP/1.1 %d %s\r\nServer: nginx/1.19.2\r\n", a->status,
	    phrase(a->status));
	buf_str(b, "Date: ");
	delivery_date(b, 0);
	buf_fmt(b, "\r\nContent-Type: %s\r\n", a->type);
	if (framing == BY_CHUNKS)
		buf_str(b, "Transfer-Encoding: chunked\r\n");
	else if (framing == BY_LENGTH)
		buf_fmt(b, "Content-Length: %zu\r\n", w->body.n);
	buf_fmt(b, "Connection: %s\r\n", is_close ? "close" : "keep-alive");
	if (is_gzip)
		buf_str(b, "Content-Encoding: gzip\r\n");
	if (a->may_compress)
		buf_str(b, "Vary: Accept-Encoding\r\n");
	if (a->is_vendor)
		buf_fmt(b,
		    "X-Request-Id: %s\r\nStrict-Transport-Security: "
		    "max-age=15724800; includeSubDomains\r\n",
		    a->request_id);
	buf_span(b, buf_view(&a->headers));
	buf_str(b, "\r\n");
}

/* Where it stops before its end, and what happens then. */
static void
set_end(const struct plan *plan, struct delivery *w)
{
	const struct fault *f;

	w->send = w->body.n;
	if ((f = plan_find(plan, F_CUT)) != NULL) {
		w->send = fault_size(f, 0, w->body.n);
		w->end = END_CLOSE;
	} else if ((f = plan_find(plan, F_STALL)) != NULL) {
		w->send = fault_size(f, 0, w->body.n);
		w->end = END_STALL;
	} else if ((f = plan_find(plan, F_RST)) != NULL) {
		if (f->text[0].p == NULL)
			buf_clear(&w->head);
		w->send = fault_size(f, 0, w->body.n);
		w->end = END_RST;
	} else if (plan_find(plan, F_EMPTY_REPLY) != NULL ||
		   plan_find(plan, F_HANG) != NULL) {
		buf_clear(&w->head);
		w->send = 0;
		w->end =
		    plan_find(plan, F_HANG) != NULL ? END_STALL : END_CLOSE;
	}
}

static void
set_pace(const struct plan *plan, struct delivery *w)
{
	const struct fault *f;

	if ((f = plan_find(plan, F_LATENCY)) != NULL)
		w->latency_ms = f->n[0];
	if ((f = plan_find(plan, F_DRIP)) != NULL && f->n[0] > 0) {
		w->drip = f->n[0];
		w->drip_ms = f->n[1] > 0 ? f->n[1] : 1;
	}
}

void
delivery_make(const struct request *r, struct answer *a, struct delivery *w)
{
	const struct fault *f;
	enum framing framing;
	bool is_gzip;

	*w = (struct delivery){.body = a->body};
	if (plan_find(&a->plan, F_EMPTY_BODY) != NULL)
		w->body.n = 0;
	if (plan_find(&a->plan, F_ENDLESS) != NULL) {
		w->is_endless = true;
		w->body = SPAN_LIT("{\"status\":\"OK\",\"results\":[");
	}
	is_gzip = !w->is_endless && compress_body(r, a, w);
	f = plan_find(&a->plan, F_CLIP);
	if (f != NULL)
		w->body.n = fault_size(f, 0, w->body.n);
	framing = choose_framing(r, a, w, is_gzip);
	w->end = framing == BY_CLOSE || a->is_close ? END_CLOSE : END_KEEP;
	if (framing == BY_CHUNKS)
		add_chunks(w, !w->is_endless);
	add_head(a, w, framing, is_gzip, w->end == END_CLOSE);
	set_end(&a->plan, w);
	set_pace(&a->plan, w);
}

void
delivery_free(struct delivery *w)
{
	buf_free(&w->head);
	buf_free(&w->own);
	*w = (struct delivery){0};
}

struct span
delivery_filler(void)
{
	static char chunk[FILLER + 16];
	static size_t n;

	if (n == 0) {
		n = (size_t)snprintf(chunk, 16, "%zx\r\n", FILLER);
		memset(chunk + n, ' ', FILLER);
		n += FILLER;
		memcpy(chunk + n, "\r\n", 2);
		n += 2;
	}
	return (struct span){chunk, n};
}
