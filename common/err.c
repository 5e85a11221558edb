/* SPDX-License-Identifier: ISC */
/* err: see err.h.  Lines are built in one array and leave in one write, so
 * that the tools of a pipeline never mix theirs. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"

#define LINE_MAX_BYTES 512
#define SUBJECT_MAX 96

static char tool[32] = "-";
static bool quiet;

void
err_init(const char *argv0)
{
	const char *slash;

	if (argv0 == NULL)
		return;
	slash = strrchr(argv0, '/');
	argv0 = slash == NULL ? argv0 : slash + 1;
	err_vis(tool, sizeof(tool), argv0, strlen(argv0));
}

const char *
err_tool(void)
{
	return tool;
}

void
err_quiet(void)
{
	quiet = true;
}

__attribute__((format(printf, 4, 0))) static void
err_vset(
    struct err *e, int status, const char *code, const char *fmt, va_list ap)
{
	e->exit = status;
	snprintf(e->code, sizeof(e->code), "%s", code);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
}

int
err_set(struct err *e, int status, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(e, status, code, fmt, ap);
	va_end(ap);
	return -1;
}

/* The tail is never cut: scripts look for it. */
static void
print_line(const char *subject, const struct err *e, const char *tail)
{
	char line[LINE_MAX_BYTES], seen[SUBJECT_MAX];
	size_t n, left, done;
	ssize_t w;
	int k;

	if (subject == NULL || subject[0] == '\0')
		subject = "-";
	err_vis(seen, sizeof(seen), subject, strlen(subject));
	k = snprintf(line, sizeof(line), "%s: %s: %s: ", tool, seen, e->code);
	n = (size_t)k; /* 31 + 95 + 23 and the signs always fit */
	left = sizeof(line) - n - strlen(tail);
	err_vis(line + n, left, e->text, strlen(e->text));
	n += strlen(line + n);
	memcpy(line + n, tail, strlen(tail));
	n += strlen(tail);
	for (done = 0; done < n; done += (size_t)w) {
		w = write(STDERR_FILENO, line + done, n - done);
		if (w < 0 && errno == EINTR)
			w = 0;
		else if (w <= 0)
			return; /* nobody listens, nothing to be done */
	}
}

int
err_report(const char *subject, const struct err *e)
{
	char tail[32];

	snprintf(tail, sizeof(tail), " (exit %d)\n", e->exit);
	print_line(subject, e, tail);
	return e->exit;
}

int
err_fail(
    const char *subject, int status, const char *code, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	err_vset(&e, status, code, fmt, ap);
	va_end(ap);
	return err_report(subject, &e);
}

void
err_warn(const char *subject, const char *code, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	if (quiet)
		return;
	va_start(ap, fmt);
	err_vset(&e, 0, code, fmt, ap);
	va_end(ap);
	print_line(subject, &e, "\n");
}

static int
rank(int status)
{
	static const int order[] = {
	    70, -1, 78, 77, 65, 76, 69, 74, 75, 1, 0}; /* -1: any other */
	int i;

	for (i = 0; i < (int)(sizeof(order) / sizeof(order[0])); i++)
		if (order[i] == status)
			return i;
	return 1;
}

int
err_worse(int a, int b)
{
	return rank(b) < rank(a) ? b : a;
}

void
err_vis(char *dst, size_t size, const char *src, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t i, n = 0;
	unsigned char c;

	for (i = 0; i < len; i++) {
		c = (unsigned char)src[i];
		if (c == '\\') {
			if (n + 2 >= size)
				break;
			dst[n++] = '\\';
			dst[n++] = '\\';
		} else if (c >= 0x20 && c < 0x7f) {
			if (n + 1 >= size)
				break;
			dst[n++] = (char)c;
		} else {
			if (n + 4 >= size)
				break;
			dst[n++] = '\\';
			dst[n++] = 'x';
			dst[n++] = hex[c >> 4];
			dst[n++] = hex[c & 15];
		}
	}
	dst[n] = '\0';
}
