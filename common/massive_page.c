/* SPDX-License-Identifier: ISC */
/* massive: see massive.h; what is around the rows. */
#include <stdio.h>
#include <strings.h>

#include "massive.h"
#include "rec.h"

static int
bad_page(struct err *e, const char *what)
{
	return err_set(e, EX_DATAERR, "BAD_PAGE", "%s", what);
}

static int
read_next(const struct rec *r, struct massive_page *p, struct err *e)
{
	const json_t *value = json_object_get(r->value, "next_url");
	const char *text;
	size_t n;

	p->next[0] = '\0';
	if (value == NULL || json_is_null(value))
		return 0;
	text = rec_str(r, "next_url");
	n = text == NULL ? 0 : strlen(text);
	if (n == 0)
		return err_set(e, EX_PROTOCOL, "NEXT_URL",
		    "next_url is there and is no URL");
	if (n >= sizeof(p->next))
		return err_set(
		    e, EX_PROTOCOL, "NEXT_URL", "next_url is of %zu bytes", n);
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return err_set(e, EX_PROTOCOL, "NEXT_URL",
			    "next_url has a character that no URL has");
	memcpy(p->next, text, n + 1);
	return 0;
}

/* On a 200 status is free text: beside rows it may say anything but that. */
static bool
is_error(const char *status)
{
	return strcasecmp(status, "ERROR") == 0 ||
	       strcmp(status, "NOT_AUTHORIZED") == 0;
}

static bool
says(const struct rec *r, const char *key)
{
	const json_t *value = json_object_get(r->value, key);

	return value != NULL && !json_is_null(value);
}

/* An error may come as a 200, and a walk would take it for an empty last
 * page.  NULL: this is a page. */
static const char *
why_no_page(const struct rec *r)
{
	const json_t *rows = json_object_get(r->value, "results");
	const char *status = rec_str(r, "status");

	if (rows != NULL && !json_is_array(rows) && !json_is_null(rows))
		return "its results are no list";
	/* split empties the list that it finds; a key in another spelling it
	 * does not find */
	if (json_array_size(rows) > 0)
		return "its results are under a key that is spelt otherwise";
	if (says(r, "error") || (status != NULL && is_error(status)))
		return "an error, sent as a page";
	if (rows != NULL)
		return NULL;
	if (says(r, "message"))
		return "a message, sent as a page";
	if (status == NULL && !rec_has(r, "request_id"))
		return "no results and no status";
	if (status != NULL && strcmp(status, "OK") != 0 &&
	    strcmp(status, "DELAYED") != 0)
		return "no results, and its status is not OK";
	return NULL;
}

int
massive_page_read(struct span shell, struct massive_page *p, struct err *e)
{
	struct rec r;
	const char *why;
	int rc;

	if (rec_parse(&r, shell, e) != 0)
		return -1;
	why = why_no_page(&r);
	rc = why != NULL ? bad_page(e, why) : read_next(&r, p, e);
	rec_free(&r);
	return rc;
}

void
massive_error_text(struct span body, char out[MASSIVE_TEXT_MAX])
{
	struct rec r;
	struct err e;
	const char *text;

	out[0] = '\0';
	if (rec_parse(&r, body, &e) != 0)
		return;
	text = rec_str(&r, "error");
	if (text == NULL)
		text = rec_str(&r, "message");
	if (text != NULL)
		snprintf(out, MASSIVE_TEXT_MAX, "%s", text);
	rec_free(&r);
}
