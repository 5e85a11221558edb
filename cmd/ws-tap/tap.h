/* SPDX-License-Identifier: ISC */
/*
 * tap: the live tool: a loop over the socket, stdout and what Redis says of
 * the boards, which only ever waits in one place and never for stdout.
 */
#ifndef WS_TAP_TAP_H
#define WS_TAP_TAP_H

#include "feed.h"
#include "opt.h"
#include "report.h"
#include "secret.h"

#define CHANNELS 4

struct tap_conf {
	struct served symbols;
	const char *const *contracts; /* sorted */
	size_t ncontracts;
	bool channels[CHANNELS]; /* of channel_names */
	int64_t quotes;
	const char *url, *cacert;
	struct secret key;
	struct opt_redis redis;
	struct feed_conf feed;
	int64_t queue, max_message;
	int64_t ready_fd; /* -1: nobody waits */
	bool is_raw, is_verbose;
};

extern const char *const channel_names[CHANNELS]; /* T Q A AM */

/* Until told to stop, the key is refused, or nobody reads.  Returns the exit
 * status; does not return when the reader of stdout has left. */
int tap_run(struct tap_conf *conf);

#endif
