/* SPDX-License-Identifier: ISC */
#include "inspect.h"

void
inspect_fail(struct inspect *in, const char *subject, const struct err *e)
{
	/* Again and again the same line would hide the table. */
	if (in->watch_ms == 0)
		err_report(subject, e);
	in->rc = in->rc == EX_OK ? e->exit : err_worse(in->rc, e->exit);
}
