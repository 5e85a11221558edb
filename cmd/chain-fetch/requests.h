/* SPDX-License-Identifier: ISC */
/*
 * requests: snapshots for who asks for them: refresh records on stdin.
 *
 * Whoever writes to us must not wait for a vendor, nor for whoever reads from
 * us: stdin is read, and what is no request is passed on, while the network
 * works and while stdout is full.
 */
#ifndef CHAIN_FETCH_REQUESTS_H
#define CHAIN_FETCH_REQUESTS_H

#include "fetch.h"

/*
 * Until stdin ends, and then what is still asked for.  The n wanted symbols
 * are asked for at the start, and with conf->every_ms again and again.
 * equity: see symbol_parse.  Returns the exit status.
 */
int requests_run(struct fetch_conf *conf, const struct wanted *wanted, size_t n,
    bool equity);

#endif
