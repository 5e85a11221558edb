/* SPDX-License-Identifier: ISC */
/*
 * resolve: a host's address, without waiting for it: the C library's resolver
 * may take half a minute when nobody answers it, so each question has a thread
 * of its own, which frees itself when nobody waits for it any more.
 */
#ifndef WS_TAP_RESOLVE_H
#define WS_TAP_RESOLVE_H

#include <stdbool.h>

#define RESOLVE_TEXT 64

struct resolve; /* private */

/* NULL: it cannot be asked now. */
struct resolve *resolve_start(const char *host);

/* 1 and a numeric address in out; 0: not yet; -1: there is none, and out says
 * why.  After 1 or -1 there is nothing left to cancel. */
int resolve_take(struct resolve **r, char out[RESOLVE_TEXT]);
void resolve_cancel(struct resolve **r);

/* Is it a literal address already? */
bool resolve_is_literal(const char *host);

#endif
