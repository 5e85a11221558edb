/* SPDX-License-Identifier: ISC */
/*
 * secret: the vendor's key, from a file or the environment, never from argv.
 *
 * Whoever holds one must not be dumped: secret_guard comes first in main.  A
 * key is 8 to 256 of [A-Za-z0-9_-], so that it fits a header line whatever is
 * in the file.  The environment's copy is overwritten in place: unsetenv alone
 * would leave it readable in /proc/PID/environ.
 *
 * Layer: knows err, buf.
 */
#ifndef EPOCH_SECRET_H
#define EPOCH_SECRET_H

#include "buf.h"
#include "err.h"

#define SECRET_MIN 8
#define SECRET_MAX 256

struct secret {
	char text[SECRET_MAX + 1]; /* "": there is none */
};

/* No core, no ptrace by others of the same user, from here on. */
void secret_guard(void);

/*
 * From file, when not NULL; else $CREDENTIALS_DIRECTORY/massive_api_key, when
 * it exists; else $MASSIVE_API_KEY.  The variable is wiped whatever is used.
 * 1: found.  0: nowhere.  -1 and *e (77): a file that cannot be read, that
 * others may read, that is somebody else's, or a key that is none.
 */
int secret_read(struct secret *s, const char *file, struct err *e);

void secret_wipe(struct secret *s);

/* Does text hold the key anywhere? */
bool secret_is_in(const struct secret *s, struct span text);

/* The same of a text that may have been cut inside the key: does it end with
 * the first SECRET_MIN / 2 characters of it, or more? */
bool secret_ends(const struct secret *s, struct span text);

/* Nobody needs the key: take it out of the environment all the same. */
void secret_forget(void);

#endif
