/* SPDX-License-Identifier: ISC */
/* trails: see trails.h. */
#include <inttypes.h>
#include <stdlib.h>

#include "origin.h"
#include "trails.h"

#define TRAILS_MAX 100000

struct trail {
	struct pages_count got;
	struct buf next; /* where its last page led */
	bool has_begun, has_ended;
};

void
trails_start(struct trails *t)
{
	for (int64_t i = 0; i < t->n; i++)
		buf_free(&t->list[i].next);
	t->n = 0;
	t->due = 1;
}

void
trails_free(struct trails *t)
{
	trails_start(t);
	free(t->list);
	*t = (struct trails){0};
}

static int
bad_record(struct err *e, const char *what)
{
	return err_set(e, EX_DATAERR, "BAD_RECORD", "%s", what);
}

/* The walk of a page; NULL: there cannot be such a one. */
static struct trail *
trail_of(struct trails *t, const struct rec *r)
{
	int64_t id = 1;

	if (rec_has(r, "walk") && rec_int(r, "walk", &id) != 0)
		return NULL;
	if (id < 1 || id > (t->due > 0 ? t->due : TRAILS_MAX))
		return NULL;
	if (id > t->n) {
		t->list = mem_grow(t->list, (size_t)id, sizeof(*t->list));
		memset(
		    t->list + t->n, 0, (size_t)(id - t->n) * sizeof(*t->list));
		t->n = id;
	}
	return &t->list[id - 1];
}

/* As the fetch resolved it.  -1 and *e. */
static int
resolve(const char *url, const char *next, struct buf *out, struct err *e)
{
	struct origin o = {0};
	int rc = origin_read(&o, url, e);

	if (rc != 0)
		bad_record(
		    e, "a chain_page whose url cannot have been asked for");
	else
		rc = origin_resolve(&o, url, next, out, e);
	origin_free(&o);
	return rc;
}

/* Is the page where its walk led to, or a walk's first? */
static int
check_url(const struct trail *trail, const char *asked, struct err *e)
{
	const char *what = NULL;
	struct buf url = {0};

	if (resolve(asked, asked, &url, e) != 0) {
		buf_free(&url);
		return -1;
	}
	if (trail->has_ended)
		what = "a chain_page behind the end of its walk";
	else if (trail->has_begun && strcmp(url.p, trail->next.p) != 0)
		what = "a chain_page that the one before does not lead to";
	else if (!trail->has_begun && strstr(url.p, "cursor=") != NULL)
		what = "a chain_page whose walk begins in the middle";
	buf_free(&url);
	return what == NULL ? 0 : bad_record(e, what);
}

/* Its walk was divided: into how many?  An archive of before that was told
 * does not say. */
static int
divide(struct trails *t, const struct rec *r, struct err *e)
{
	int64_t into;

	if (!rec_has(r, "into")) {
		t->due = 0;
		return 0;
	}
	if (rec_int(r, "into", &into) != 0 || into < 1 || into > TRAILS_MAX)
		return bad_record(e, "a chain_page divided into nothing");
	if (t->due > 0)
		t->due += into;
	return 0;
}

int
trails_page(struct trails *t, struct pages *pages, const struct rec *r,
    struct span body, struct err *e)
{
	const char *url = rec_str(r, "url");
	struct trail *trail = trail_of(t, r);
	struct pages_count before, after;
	struct massive_page page;

	if (trail == NULL)
		return bad_record(e, "a chain_page of no walk");
	before = pages_counted(pages);
	if (check_url(trail, url, e) != 0 ||
	    pages_body(pages, body, &page, e) != 0)
		return -1;
	after = pages_counted(pages);
	pages_add(&trail->got, &before, &after);
	trail->has_begun = true;
	trail->has_ended = rec_has(r, "divided") || page.next[0] == '\0';
	if (!trail->has_ended)
		return resolve(url, page.next, &trail->next, e);
	if (!rec_has(r, "divided"))
		return 0;
	pages_again(pages, &trail->got);
	return divide(t, r, e);
}

int
trails_end(const struct trails *t, struct err *e)
{
	for (int64_t i = 0; i < t->n; i++)
		if (!t->list[i].has_ended)
			return err_set(e, EX_DATAERR, "CUT",
			    "its walk %" PRId64 " does not end", i + 1);
	if (t->n < t->due)
		return err_set(e, EX_DATAERR, "CUT",
		    "%" PRId64 " of its %" PRId64 " walks are there", t->n,
		    t->due);
	return 0;
}
