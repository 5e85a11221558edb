/* SPDX-License-Identifier: ISC */
/*
 * reply: what a Redis reply means.  Private to db and wire: no redisReply is
 * seen elsewhere.
 *
 * Source: docs/FAULTS.md, "Redis reply -> action".
 * Layer: knows err, buf.
 */
#ifndef EPOCH_REPLY_H
#define EPOCH_REPLY_H

#include <stdbool.h>

#include <hiredis/hiredis.h>

#include "err.h"

/* A reply as db.h's callers see it, without looking inside. */
struct db_val {
	redisReply r;
};

const struct db_val *reply_val(const redisReply *r);

/* An error reply as an error of ours. */
void reply_error(const redisReply *r, struct err *e);

/* Did the server refuse for a while, without running anything? */
bool reply_is_transient(const struct err *e);

#endif
