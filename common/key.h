/* SPDX-License-Identifier: ISC */
/*
 * key: every name in Redis, and epoch ids.  The only file (with key.c) in
 * which a key name stands as text; the scripts get all names as KEYS.
 *
 * Source: docs/REDIS.md, "Keys".
 * Layer: knows err, buf, symbol.
 */
#ifndef EPOCH_KEY_H
#define EPOCH_KEY_H

#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "symbol.h"

#define KEY_PREFIX_MAX 64
#define EPOCH_ID_MAX 48 /* symbol ':' seconds ':' hex, and a NUL */

enum key_name {
	KEY_ACTIVE,   /* epoch:active */
	KEY_DIRTY,    /* epoch:dirty */
	KEY_CLEAN,    /* epoch:clean */
	KEY_MODELS,   /* epoch:models */
	KEY_STAGING,  /* epoch:staging */
	KEY_LAST,     /* epoch:last */
	KEY_CONFIG,   /* epoch:config */
	KEY_EVENTS,   /* epoch:events, a channel */
	KEY_TIMELINE, /* epoch:timeline:{symbol} */
	KEY_PENDING,  /* epoch:pending:{symbol} */
	KEY_JOURNAL,  /* epoch:journal:{symbol} */
	KEY_META,     /* epoch:meta:{id} */
	KEY_HAD_WS,   /* epoch:{id}:had_ws_updates */
	KEY_GEOMETRY, /* epoch:{id}:geometry */
	KEY_CHANGED,  /* epoch:{id}:changed */
	KEY_FENCE,    /* epoch:{id}:fence */
	KEY_CONTRACT, /* epoch:{id}:contract:{cid} */
	KEY_MODEL     /* epoch:{id}:model:{name} */
};

struct keys {
	char prefix[KEY_PREFIX_MAX + 1];
};

/* From EPOCH_PREFIX: ^[A-Za-z0-9_.{}:-]{0,64}$ with at most one {tag}.  -1
 * and *e (78). */
int keys_init(struct keys *k, struct err *e);

/*
 * Append a key's name.  of: the symbol or epoch id of names that have one;
 * sub: the contract id or model name.  Both must have been validated; a
 * SPAN_NONE where the name needs one is a bug (assert).
 */
void key_add(struct buf *b, const struct keys *k, enum key_name name,
    struct span of, struct span sub);

struct epoch_id {
	char symbol[SYMBOL_MAX + 1];
	int64_t seconds;
	char hex[9]; /* 4 digits as written today; 1 to 8 are read */
};

/* Parsed from the right; -1 when malformed. */
int epoch_id_parse(struct span text, struct epoch_id *out);
void epoch_id_text(const struct epoch_id *id, char out[EPOCH_ID_MAX]);

#endif
