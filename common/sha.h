/* SPDX-License-Identifier: ISC */
/*
 * sha: hashes in hex, by libcrypto; the only file that knows that library.
 *
 * A hash that cannot be had would mean a crypto library without SHA, or no
 * memory: a wrong one would be worse than a crash, so these functions abort.
 * The library's configuration file is never read: neither a broken one nor
 * OPENSSL_CONF can change a thing.
 *
 * Layer: knows buf.
 */
#ifndef EPOCH_SHA_H
#define EPOCH_SHA_H

#include "buf.h"

#define SHA256_TEXT 65 /* 64 hex digits and a NUL */
#define SHA1_TEXT 41

void sha256_hex(struct span bytes, char out[SHA256_TEXT]);
void sha1_hex(struct span bytes, char out[SHA1_TEXT]);

/* SHA-256 piece by piece: sha256_start, sha256_add …, sha256_end, which also
 * frees what sha256_start took. */
struct sha256 {
	struct evp_md_ctx_st *ctx;
};

void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, struct span bytes);
void sha256_end(struct sha256 *s, char out[SHA256_TEXT]);

#endif
