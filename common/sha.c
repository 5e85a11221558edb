/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "sha.h"

static void
to_hex(const unsigned char *md, unsigned int n, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (unsigned int i = 0; i < n; i++) {
		out[2 * i] = hex[md[i] >> 4];
		out[2 * i + 1] = hex[md[i] & 15];
	}
	out[2 * n] = '\0';
}

static void
digest(struct span bytes, const EVP_MD *kind, char *out)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (EVP_Digest(bytes.p, bytes.n, md, &n, kind, NULL) != 1)
		abort();
	to_hex(md, n, out);
}

void
sha256_hex(struct span bytes, char out[SHA256_TEXT])
{
	digest(bytes, EVP_sha256(), out);
}

void
sha1_hex(struct span bytes, char out[SHA1_TEXT])
{
	digest(bytes, EVP_sha1(), out);
}

void
sha256_start(struct sha256 *s)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	s->ctx = EVP_MD_CTX_new();
	if (s->ctx == NULL ||
	    EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL) != 1)
		abort();
}

void
sha256_add(struct sha256 *s, struct span bytes)
{
	if (EVP_DigestUpdate(s->ctx, bytes.p, bytes.n) != 1)
		abort();
}

void
sha256_end(struct sha256 *s, char out[SHA256_TEXT])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (EVP_DigestFinal_ex(s->ctx, md, &n) != 1)
		abort();
	to_hex(md, n, out);
	EVP_MD_CTX_free(s->ctx);
	s->ctx = NULL;
}
