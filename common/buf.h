/* SPDX-License-Identifier: ISC */
/*
 * buf: a growable run of bytes; span: a borrowed one.
 *
 * Out of memory is not survivable for a filter that holds a snapshot: the
 * buf_ and mem_ functions then end the process by abort-free _exit(71) after
 * one line on stderr, so that no caller needs a branch it cannot test.  They
 * are the one exception to "common never prints or exits".
 *
 * Layer: knows err.
 */
#ifndef EPOCH_BUF_H
#define EPOCH_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes, not terminated.  p == NULL means absent, n == 0 empty. */
struct span {
	const char *p;
	size_t n;
};

#define SPAN_NONE ((struct span){NULL, 0})
#define SPAN_LIT(s) ((struct span){(s), sizeof(s) - 1})

static inline struct span
span_str(const char *s)
{
	return (struct span){s, s == NULL ? 0 : strlen(s)};
}

static inline bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Bytewise order, a prefix before what it begins; <0, 0, >0. */
int span_cmp(struct span a, struct span b);

/* Decimal int64 as we would write it: no sign, no blanks, no leading zeros;
 * -1 when it is anything else. */
int span_int(struct span s, int64_t *out);

/* Owned bytes.  {0} is a valid empty one.  p[n] is always a NUL once p is
 * not NULL, so that p can be handed to C string functions. */
struct buf {
	char *p;
	size_t n;
	size_t cap;
};

void buf_free(struct buf *b);
void buf_clear(struct buf *b); /* n = 0, keeps the memory */
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_char(struct buf *b, char c);
void buf_str(struct buf *b, const char *s);
void buf_span(struct buf *b, struct span s);
void buf_int(struct buf *b, int64_t v);
void buf_fmt(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline struct span
buf_view(const struct buf *b)
{
	return (struct span){b->p == NULL ? "" : b->p, b->n};
}

/* malloc family that does not return NULL (see above). */
void *mem_alloc(size_t n);
void *mem_zalloc(size_t n);
void *mem_grow(void *p, size_t count, size_t size);

#endif
