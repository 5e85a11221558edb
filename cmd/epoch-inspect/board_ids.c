/* SPDX-License-Identifier: ISC */
#include "board_ids.h"

#include <stdlib.h>

#include "geom.h"

/* There is no geometry: was there ever one? */
static int
tell_why(struct inspect *in, const char *id, struct err *e)
{
	struct hash meta = {0};
	int rc = view_meta(&in->view, span_str(id), &meta, e);

	if (rc >= 0) {
		if (hash_flag(&meta, "retired"))
			err_set(e, EX_NO, "RETIRED",
			    "retired: its contracts were given back");
		else
			err_set(e, EX_NO, "NO_GEOMETRY",
			    rc == 0 ? "no such epoch" : "its geometry is gone");
		inspect_fail(in, id, e);
	}
	hash_free(&meta);
	return rc < 0 ? -1 : 0;
}

int
board_ids_read(
    struct inspect *in, const char *id, struct board_ids *b, struct err *e)
{
	struct geom_id parts;
	long n;
	int rc = view_geometry(&in->view, span_str(id), &b->text, e);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		return tell_why(in, id, e);
	}
	n = geom_split(buf_view(&b->text), &b->ids);
	b->n = n < 0 ? 0 : (size_t)n;
	for (size_t i = 0; n >= 0 && i < b->n; i++)
		if (geom_id_parse(b->ids[i], &parts) < 0)
			n = -1;
	if (n < 0) {
		err_set(e, EX_SOFTWARE, "GEOMETRY", "geometry is damaged");
		inspect_fail(in, id, e);
		return 0;
	}
	return 1;
}

void
board_ids_free(struct board_ids *b)
{
	free(b->ids);
	buf_free(&b->text);
	*b = (struct board_ids){{0}, NULL, 0};
}
