/* SPDX-License-Identifier: ISC */
/*
 * err: the name of the program, errors as values, and the one form in which
 * they reach a person.
 *
 * Library code never prints and never exits: it fills a struct err and
 * returns -1.  A tool turns that into its single line on stderr and its exit
 * status:
 *
 *	TOOL: SUBJECT: CODE: text (exit N)
 *
 * Layer: knows nobody.
 */
#ifndef EPOCH_ERR_H
#define EPOCH_ERR_H

#include <stddef.h>
#include <sysexits.h> /* EX_USAGE 64 … EX_CONFIG 78 */

/* "The answer is no": no active epoch, snapshot refused. */
#define EX_NO 1

#define ERR_TEXT_MAX 400

struct err {
	int exit;                /* exit status this error asks for */
	char code[24];           /* short upper-case name: REDIS_CONNECT */
	char text[ERR_TEXT_MAX]; /* lower-case text, no full stop, may be cut */
};

/* Take the tool's name from argv[0] (its last path component). */
void err_init(const char *argv0);

/* The tool's name, for usage lines. */
const char *err_tool(void);

/* -q: warnings off.  Errors that decide the exit status are always shown. */
void err_quiet(void);

/* Fill *e.  Always returns -1, so that a function can "return err_set(…)". */
int err_set(struct err *e, int exit, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Print *e about subject (a symbol, a file; NULL or "" prints "-") and return
 * e->exit.  Control bytes and non-ASCII are made visible; one line, at most
 * 512 bytes, one write.
 */
int err_report(const char *subject, const struct err *e);

/* err_set and err_report in one, for errors found in a tool's own main. */
int err_fail(const char *subject, int exit, const char *code, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* The same line without "(exit N)": something was noticed, work goes on. */
void err_warn(const char *subject, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Of two exit statuses the one to report: the first in the order
 * 70 78 77 65 76 69 74 75 1 0 (unlisted ones rank just below 70).
 */
int err_worse(int a, int b);

/*
 * Copy src to dst (size > 0) with every byte outside printable ASCII as \xNN
 * and backslash doubled; always terminated, cut where it does not fit.
 */
void err_vis(char *dst, size_t size, const char *src, size_t len);

#endif
