/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>

#include "check.h"

void
check_found(struct check *c, const char *code, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	struct buf line = {0};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_fmt(&line, "%s: %s: ", c->symbol == NULL ? "-" : c->symbol, code);
	text_vis(&line, span_str(text));
	out_line(&c->in->out, buf_view(&line));
	buf_free(&line);
	c->found++;
}
