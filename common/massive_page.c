/* SPDX-License-Identifier: ISC */
/* massive: see massive.h; what is around the rows. */
#include <stdio.h>

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

int
massive_page_read(struct span shell, struct massive_page *p, struct err *e)
{
	struct rec r;
	const json_t *rows;
	const char *status;
	int rc;

	if (rec_parse(&r, shell, e) != 0)
		return -1;
	rows = json_object_get(r.value, "results");
	status = rec_str(&r, "status");
	if (rows != NULL && !json_is_array(rows) && !json_is_null(rows))
		rc = bad_page(e, "its results are no list");
	else if (rows == NULL && status == NULL && !rec_has(&r, "request_id"))
		rc = bad_page(e, "no results and no status");
	else if (status != NULL && (strcmp(status, "ERROR") == 0 ||
				       strcmp(status, "NOT_AUTHORIZED") == 0))
		rc = bad_page(e, "an error, sent as a page");
	else
		rc = read_next(&r, p, e);
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
