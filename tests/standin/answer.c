/* SPDX-License-Identifier: ISC */
/*
 * answer: what to say to a request: routes, the vendor's errors, pages.
 *
 * The order in which the vendor checks is not known in full; here it is
 * route, key, arguments, underlying.  Faults come before all of that.
 */
#include <stdio.h>

#include "chain.h"
#include "rec.h"
#include "standin.h"
#include "symbol.h"

#define JSON "application/json"
#define CHAIN_PATH "/v3/snapshot/options/"
#define CBOE_PATH "/api/global/delayed_quotes/options/"

static const struct {
	int status;
	const char *phrase, *text;
} errors[] = {
    {400, "ERROR", "Failed to parse query parameters from URL"},
    {401, "ERROR", "Unknown API Key"},
    {403, "NOT_AUTHORIZED",
	"You are not entitled to this data. Please upgrade your plan at "
	"https://massive.com/pricing"},
    {404, "ERROR", "Options contract not found."},
    {429, "ERROR",
	"You've exceeded the maximum requests per minute, please wait or "
	"upgrade your subscription to continue. "
	"https://massive.com/pricing"},
};

/* The vendor's error body; text NULL: that status's usual one. */
static void
say_error(struct answer *a, int status, const char *text)
{
	const char *phrase = "ERROR";

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].status != status)
			continue;
		phrase = errors[i].phrase;
		if (text == NULL)
			text = errors[i].text;
	}
	a->status = status;
	a->type = JSON;
	a->is_vendor = true;
	a->may_compress = status == 403 || status == 404;
	buf_clear(&a->own);
	buf_fmt(&a->own,
	    "{\"status\":\"%s\",\"request_id\":\"%s\",\"%s\":", phrase,
	    a->request_id, status == 403 ? "message" : "error");
	rec_quote(&a->own, span_str(text == NULL ? "Internal error" : text));
	buf_char(&a->own, '}');
}

static void
say_text(struct answer *a, int status, const char *type, const char *text)
{
	a->status = status;
	a->type = type;
	a->may_compress = false;
	buf_clear(&a->own);
	buf_str(&a->own, text);
}

static void
say_html(struct answer *a, int status)
{
	say_text(a, status, "text/html", "");
	buf_fmt(&a->own,
	    "<html>\r\n<head><title>%d</title></head>\r\n<body>\r\n"
	    "<center><h1>%d</h1></center>\r\n<hr><center>nginx/1.19.2"
	    "</center>\r\n</body>\r\n</html>\r\n",
	    status, status);
}

/* 32 hex digits, never twice in one run. */
static void
make_request_id(int64_t number, char out[33])
{
	uint64_t x, seed = (uint64_t)number;

	for (int half = 0; half < 2; half++) {
		seed += 0x9e3779b97f4a7c15u;
		x = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9u;
		x = (x ^ x >> 27) * 0x94d049bb133111ebu;
		snprintf(out + half * 16, 17, "%016llx",
		    (unsigned long long)(x ^ x >> 31));
	}
}

static bool
begins(struct span *text, const char *with)
{
	size_t n = strlen(with);

	if (text->n < n || memcmp(text->p, with, n) != 0)
		return false;
	text->p += n;
	text->n -= n;
	return true;
}

/* What a path asks for: *name the underlying, *ticker the contract. */
static enum route
route_of(struct span path, struct span *name, struct span *ticker)
{
	const char *slash;

	*name = *ticker = SPAN_NONE;
	if (begins(&path, CBOE_PATH)) {
		if (path.n <= 5 || memcmp(path.p + path.n - 5, ".json", 5) != 0)
			return ROUTE_NONE;
		*name = (struct span){path.p, path.n - 5};
		return ROUTE_DOCUMENT;
	}
	if (!begins(&path, CHAIN_PATH) || path.n == 0)
		return ROUTE_NONE;
	*name = path;
	slash = memchr(path.p, '/', path.n);
	if (slash == NULL)
		return ROUTE_CHAIN;
	name->n = (size_t)(slash - path.p);
	*ticker = (struct span){slash + 1, path.n - name->n - 1};
	return name->n > 0 && ticker->n > 0 ? ROUTE_CONTRACT : ROUTE_NONE;
}

/* Does a name mean this board's symbol, spelt as the route's vendor does? */
static bool
is_named(const struct book *b, enum route route, struct span name)
{
	const struct symbol *own = &b->header.symbol;
	char spelling[SYMBOL_MAX + 3];

	if (route == ROUTE_DOCUMENT) {
		symbol_cboe(own, spelling);
		return span_eq(name, span_str(spelling));
	}
	symbol_massive(own, spelling);
	return span_eq(name, span_str(spelling)) ||
	       span_eq(name, span_str(own->name));
}

/* The board of that name, in the version that is current. */
static struct book *
find_board(struct standin *s, enum route route, struct span name)
{
	struct book *b = NULL;
	size_t version = 0, wanted = s->version;

	for (size_t i = 0; i < s->nboards; i++) {
		if (!is_named(&s->boards[i], route, name))
			continue;
		version++;
		if (b == NULL || version <= wanted)
			b = &s->boards[i];
	}
	return b;
}

static void
say_document(struct answer *a, struct book *b)
{
	if (b == NULL) {
		say_text(a, 403, "application/xml",
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"
		    "AccessDenied</Code><Message>Access Denied</Message>"
		    "</Error>");
		return;
	}
	a->status = 200;
	a->type = JSON;
	a->may_compress = true;
	a->document = b;
	a->rows = b->n;
	buf_str(&a->headers, "Cache-Control: public, max-age=5\r\n");
}

/* True when the key is good; else the answer says what is wrong. */
static bool
check_key(const struct standin *s, const struct request *r, struct answer *a)
{
	if (r->key.n == 0)
		say_error(a, 401, "API Key was not provided");
	else if (s->key != NULL &&
		 !span_eq(buf_view(&r->key), span_str(s->key)))
		say_error(a, 401, NULL);
	else
		return true;
	return false;
}

static void
say_massive(struct standin *s, struct request *r, struct answer *a,
    struct chain_job *job)
{
	if (!check_key(s, r, a))
		return;
	if (job->why.n > 0) {
		say_error(a, 400, job->why.p);
		return;
	}
	a->status = 200;
	a->type = JSON;
	a->is_vendor = a->may_compress = true;
	if (job->board == NULL && a->route == ROUTE_CHAIN && !s->unknown_is_404)
		buf_fmt(&a->own,
		    "{\"results\":[],\"status\":\"OK\",\"request_id\":\"%s\"}",
		    a->request_id);
	else if (job->board == NULL)
		say_error(a, 404,
		    a->route == ROUTE_CHAIN ? "Ticker not found." : NULL);
	else if (a->route == ROUTE_CHAIN)
		chain_page(s, r, a, job);
	else if (chain_contract(a, job) != 0)
		say_error(a, 404, NULL);
}

static void
say_redirect(const struct fault *f, struct request *r, struct answer *a)
{
	say_html(a, (int)f->n[0]);
	buf_str(&a->headers, "Location: ");
	chain_url(f->text[1], r, &a->headers);
	buf_str(&a->headers, "\r\n");
}

static void
say_file(struct answer *a, struct span name)
{
	char path[4096], piece[4096];
	size_t got;
	FILE *f;

	snprintf(path, sizeof(path), "%.*s", (int)name.n, name.p);
	a->status = 200;
	a->type = JSON;
	a->may_compress = true;
	buf_clear(&a->own);
	f = fopen(path, "re");
	if (f == NULL) {
		say_text(a, 500, "text/plain", "no such file: ");
		buf_str(&a->own, path);
		return;
	}
	while ((got = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&a->own, piece, got);
	fclose(f);
}

/* The faults that replace the answer; true when there was one. */
static bool
say_fault(struct request *r, struct answer *a)
{
	const struct fault *f;

	if ((f = plan_find(&a->plan, F_STATUS)) != NULL)
		say_error(a, (int)f->n[0], NULL);
	else if ((f = plan_find(&a->plan, F_HTML)) != NULL)
		say_html(a, (int)f->n[0]);
	else if ((f = plan_find(&a->plan, F_REDIRECT)) != NULL)
		say_redirect(f, r, a);
	else if ((f = plan_find(&a->plan, F_BODY)) != NULL)
		say_file(a, f->text[0]);
	else
		return false;
	return true;
}

/* As it is written, or, of "+N", the date N seconds from now. */
static void
add_retry_after(struct buf *b, struct span text)
{
	int64_t ahead;

	buf_str(b, "Retry-After: ");
	if (text.n > 1 && text.p[0] == '+' &&
	    span_int((struct span){text.p + 1, text.n - 1}, &ahead) == 0)
		delivery_date(b, ahead);
	else
		buf_span(b, text);
}

static void
add_fault_headers(struct answer *a)
{
	for (size_t i = 0; i < a->plan.n; i++) {
		const struct fault *f = a->plan.faults[i];

		if (f->kind == F_RETRY_AFTER)
			add_retry_after(&a->headers, f->text[0]);
		else if (f->kind == F_HEADER)
			buf_span(&a->headers, f->text[0]);
		else
			continue;
		buf_str(&a->headers, "\r\n");
	}
}

static void
say(struct standin *s, struct request *r, struct answer *a,
    struct chain_job *job)
{
	if (say_fault(r, a))
		return;
	a->is_close = strcmp(r->method, "GET") != 0;
	if (a->is_close)
		say_text(a, 405, "text/plain", "405 method not allowed\n");
	else if (a->route == ROUTE_DOCUMENT)
		say_document(a, job->board);
	else if (a->route != ROUTE_NONE)
		say_massive(s, r, a, job);
	else
		say_text(a, 404, "text/plain", "404 page not found\n");
}

void
answer_make(struct standin *s, struct request *r, struct answer *a)
{
	struct span name, ticker;
	struct chain_job job = {0};
	const struct fault *f;

	*a = (struct answer){.rows = -1};
	make_request_id(r->number, a->request_id);
	a->route = route_of(buf_view(&r->path), &name, &ticker);
	job.board = find_board(s, a->route, name);
	chain_look(s, r, a, &job, name, ticker);
	script_meet(&s->script, r->number, a->route, a->page,
	    job.board == NULL ? "" : job.board->header.symbol.name, &a->plan);
	f = plan_find(&a->plan, F_BOARD);
	if (f != NULL) {
		s->version = (size_t)f->n[0];
		job.board = find_board(s, a->route, name);
		chain_look(s, r, a, &job, name, ticker);
	}
	say(s, r, a, &job);
	add_fault_headers(a);
	a->body = a->document != NULL ? buf_view(&a->document->document)
				      : buf_view(&a->own);
	chain_job_free(&job);
}

void
answer_free(struct answer *a)
{
	buf_free(&a->headers);
	buf_free(&a->own);
	plan_free(&a->plan);
	*a = (struct answer){0};
}
