/* SPDX-License-Identifier: ISC */
/*
 * capture: what --raw wrote, or bare messages, one a line, through the same
 * reader as the live feed.  No clock: ticks have the receive times of the
 * capture, those of bare messages the newest event time that was seen.
 */
#ifndef WS_TAP_CAPTURE_H
#define WS_TAP_CAPTURE_H

#include "boards.h"

struct capture_conf {
	const char *path;
	struct boards_conf boards;    /* no symbols: of all contracts … */
	const char *const *contracts; /* … or of these */
	size_t ncontracts;
	bool is_verbose;
};

int capture_run(const struct capture_conf *conf);

#endif
