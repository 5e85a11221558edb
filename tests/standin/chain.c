/* SPDX-License-Identifier: ISC */
/* chain: see chain.h. */
#include "chain.h"
#include "edit.h"
#include "rec.h"

/* A host that cannot exist (RFC 2606). */
#define FOREIGN_HOST "foreign.invalid"

void
chain_look(const struct standin *s, struct request *r, struct answer *a,
    struct chain_job *job, struct span name, struct span ticker)
{
	query_free(&job->query);
	buf_clear(&job->why);
	job->name = name;
	job->ticker = ticker;
	a->page = 0;
	if (a->route != ROUTE_CHAIN ||
	    query_parse(&job->query, &r->args, s->is_limit_strict, &job->why) !=
		0 ||
	    job->board == NULL)
		return;
	page_select(job->board, &job->query, &job->page);
	a->page = job->page.number;
}

void
chain_job_free(struct chain_job *job)
{
	query_free(&job->query);
	buf_free(&job->why);
}

static bool
is_for_row(const struct fault *f, int64_t place)
{
	if (f->kind != F_SET && f->kind != F_DROP)
		return false;
	return span_eq(f->text[0], SPAN_LIT("rows")) ||
	       (place > 0 && f->n[0] == place);
}

/* Append text as its faults leave it; place 0 is the envelope. */
static void
add_edited(
    struct buf *out, const struct plan *plan, struct span text, int64_t place)
{
	struct buf now = {0}, next = {0}, swap;

	for (size_t i = 0; i < plan->n; i++) {
		const struct fault *f = plan->faults[i];

		if (place > 0 ? !is_for_row(f, place)
			      : (f->kind != F_SET && f->kind != F_DROP) ||
				    !span_eq(f->text[0], SPAN_LIT("page")))
			continue;
		edit_object(&next, text, f->text[1],
		    f->kind == F_SET ? f->text[2] : SPAN_NONE);
		swap = now;
		now = next;
		next = swap;
		buf_clear(&next);
		text = buf_view(&now);
	}
	buf_span(out, text);
	buf_free(&now);
	buf_free(&next);
}

/* The rows to show: those of the page, more or others by its faults. */
struct row_list {
	uint32_t rows[3 * QUERY_LIMIT_MAX];
	uint32_t n;
};

static void
add_rows(struct row_list *list, const uint32_t *rows, uint32_t n)
{
	const uint32_t room = sizeof(list->rows) / sizeof(list->rows[0]);

	for (uint32_t i = 0; i < n && list->n < room; i++)
		list->rows[list->n++] = rows[i];
}

static void
choose_rows(
    struct row_list *list, const struct plan *plan, const struct chain_job *job)
{
	const struct fault *f;
	struct page before = {.n = 0};
	uint32_t limit = (uint32_t)job->query.limit, n;
	uint32_t other[QUERY_LIMIT_MAX];

	list->n = 0;
	if (job->page.from > 0)
		page_at(job->board, &job->query,
		    job->page.from > limit ? job->page.from - limit : 0,
		    &before);
	if ((f = plan_find(plan, F_OVERLAP)) != NULL) {
		n = (uint32_t)fault_size(f, 0, before.n);
		add_rows(list, before.rows + before.n - n, n);
	}
	if (plan_find(plan, F_REPEAT) != NULL && before.n > 0)
		add_rows(list, before.rows, before.n);
	else
		add_rows(list, job->page.rows, job->page.n);
	if ((f = plan_find(plan, F_FOREIGN)) != NULL) {
		n = (uint32_t)fault_size(f, 0, QUERY_LIMIT_MAX);
		page_excluded(job->board, &job->query, other, &n);
		add_rows(list, other, n);
	}
}

static const struct book_key *
key_of(const struct chain_job *job, uint32_t row)
{
	return &job->board->rows[row].key;
}

/* The query of the page after this one; empty on the last. */
static void
add_query_after(const struct chain_job *job, struct buf *out)
{
	const struct page *p = &job->page;

	if (!p->is_last)
		query_next(&job->query, key_of(job, p->rows[p->n - 1]), 0, out);
}

/* The query of this very page, with a cursor unlike all others on request. */
static void
add_query_here(const struct chain_job *job, uint64_t nonce, struct buf *out)
{
	query_next(&job->query, job->query.is_after ? &job->query.after : NULL,
	    nonce, out);
}

/* The query of the page before this one; the first page's is its own. */
static void
add_query_back(const struct chain_job *job, struct buf *out)
{
	uint32_t limit = (uint32_t)job->query.limit;
	struct page p;

	if (job->page.from <= limit) {
		query_next(&job->query, NULL, 0, out);
		return;
	}
	page_at(job->board, &job->query, job->page.from - limit - 1, &p);
	query_next(&job->query, key_of(job, p.rows[0]), 0, out);
}

/* Path and query of what next_url would be; query only where there is one. */
static void
add_target(struct buf *out, const struct chain_job *job, struct span query)
{
	buf_str(out, "/v3/snapshot/options/");
	for (size_t i = 0; i < job->name.n; i++) {
		if (job->name.p[i] == ':')
			buf_char(out, ':');
		else
			form_escape(out, (struct span){job->name.p + i, 1});
	}
	buf_char(out, '?');
	buf_span(out, query);
}

void
chain_url(struct span url, struct request *r, struct buf *out)
{
	const struct span *v = words_view(&r->args);
	size_t start;

	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] != '%' || i + 1 == url.n || url.p[i + 1] != 'P') {
			buf_char(out, url.p[i]);
			continue;
		}
		i++;
		buf_span(out, buf_view(&r->path));
		if (r->args.n > 0)
			buf_char(out, '?');
		start = out->n;
		for (size_t j = 0; j + 1 < r->args.n; j += 2) {
			if (out->n > start)
				buf_char(out, '&');
			form_escape(out, v[j]);
			buf_char(out, '=');
			form_escape(out, v[j + 1]);
		}
	}
}

/* scheme://host of this server as the client called it, or otherwise. */
static void
add_origin(struct buf *out, const struct standin *s, const struct request *r,
    bool other_scheme)
{
	buf_str(out, s->is_tls != other_scheme ? "https://" : "http://");
	if (r->host.n > 0)
		buf_span(out, buf_view(&r->host));
	else
		buf_fmt(out, "127.0.0.1:%d", s->port);
}

/* %P in a given next_url is path and query of the real one. */
static void
add_given(struct buf *out, struct span url, struct span target)
{
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] == '%' && i + 1 < url.n && url.p[i + 1] == 'P') {
			buf_span(out, target);
			i++;
		} else {
			buf_char(out, url.p[i]);
		}
	}
}

static bool
add_odd_origin(struct buf *out, struct span kind, const struct standin *s,
    const struct request *r, struct span target)
{
	static const char foreign[] = "https://" FOREIGN_HOST;

	if (span_eq(kind, SPAN_LIT("foreign"))) {
		buf_str(out, foreign);
	} else if (span_eq(kind, SPAN_LIT("port"))) {
		buf_fmt(out, "%s://127.0.0.1:%d", s->is_tls ? "https" : "http",
		    s->port == 65535 ? 1024 : s->port + 1);
	} else if (span_eq(kind, SPAN_LIT("slashes"))) {
		buf_str(out, "//" FOREIGN_HOST);
	} else if (span_eq(kind, SPAN_LIT("userinfo"))) {
		add_origin(out, s, r, false);
		buf_str(out, "@" FOREIGN_HOST);
	} else if (span_eq(kind, SPAN_LIT("scheme"))) {
		add_origin(out, s, r, true);
	} else if (span_eq(kind, SPAN_LIT("double-port"))) {
		buf_str(out, "https://127.0.0.1:443:443");
	} else if (!span_eq(kind, SPAN_LIT("relative"))) {
		return false;
	}
	buf_span(out, target);
	return true;
}

/* The JSON value of next_url; nothing: leave it out. */
static void
add_next_url(struct buf *out, const struct standin *s, const struct request *r,
    const struct answer *a, const struct chain_job *job)
{
	const struct fault *f = plan_find(&a->plan, F_NEXT);
	struct span kind = f == NULL ? SPAN_LIT("") : f->text[0];
	struct buf query = {0}, target = {0}, url = {0};

	if (span_eq(kind, SPAN_LIT("self")))
		add_query_here(job, 0, &query);
	else if (span_eq(kind, SPAN_LIT("fresh")) ||
		 plan_find(&a->plan, F_REPEAT) != NULL)
		add_query_here(job, (uint64_t)r->number, &query);
	else if (span_eq(kind, SPAN_LIT("back")))
		add_query_back(job, &query);
	else
		add_query_after(job, &query);
	add_target(&target, job, buf_view(&query));
	if (span_eq(kind, SPAN_LIT("null"))) {
		buf_str(out, "null");
	} else if (span_eq(kind, SPAN_LIT("number"))) {
		buf_str(out, "42");
	} else if (span_eq(kind, SPAN_LIT("empty"))) {
		buf_str(out, "\"\"");
	} else if (span_eq(kind, SPAN_LIT("url"))) {
		add_given(&url, f->text[1], buf_view(&target));
	} else if (!span_eq(kind, SPAN_LIT("absent")) &&
		   !add_odd_origin(&url, kind, s, r, buf_view(&target)) &&
		   query.n > 0) {
		add_origin(&url, s, r, false);
		buf_span(&url, buf_view(&target));
		if (span_eq(kind, SPAN_LIT("key")))
			buf_fmt(&url, "&apiKey=%s", r->key.p);
		else if (span_eq(kind, SPAN_LIT("crlf")))
			buf_str(&url, "\r\nX-Odd: 1");
	}
	if (url.n > 0)
		rec_quote(out, buf_view(&url));
	buf_free(&query);
	buf_free(&target);
	buf_free(&url);
}

void
chain_page(const struct standin *s, const struct request *r, struct answer *a,
    struct chain_job *job)
{
	struct row_list list;
	struct buf text = {0}, next = {0};

	choose_rows(&list, &a->plan, job);
	a->rows = list.n;
	buf_str(&text, "{\"results\":[");
	for (uint32_t i = 0; i < list.n; i++) {
		if (i > 0)
			buf_char(&text, ',');
		add_edited(&text, &a->plan, book_text(job->board, list.rows[i]),
		    i + 1);
	}
	buf_fmt(
	    &text, "],\"status\":\"OK\",\"request_id\":\"%s\"", a->request_id);
	add_next_url(&next, s, r, a, job);
	if (next.n > 0) {
		buf_str(&text, ",\"next_url\":");
		buf_span(&text, buf_view(&next));
	}
	buf_char(&text, '}');
	add_edited(&a->own, &a->plan, buf_view(&text), 0);
	buf_free(&text);
	buf_free(&next);
}

int
chain_contract(struct answer *a, struct chain_job *job)
{
	const struct book_row *row = book_find(job->board, job->ticker);
	struct buf text = {0};

	if (row == NULL)
		return -1;
	a->rows = 1;
	buf_str(&text, "{\"results\":");
	add_edited(&text, &a->plan,
	    book_text(job->board, (uint32_t)(row - job->board->rows)), 1);
	buf_fmt(
	    &text, ",\"status\":\"OK\",\"request_id\":\"%s\"}", a->request_id);
	add_edited(&a->own, &a->plan, buf_view(&text), 0);
	buf_free(&text);
	return 0;
}
