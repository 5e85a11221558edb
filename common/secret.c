/* SPDX-License-Identifier: ISC */
/* secret: see secret.h. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secret.h"

#define VARIABLE "MASSIVE_API_KEY"
#define CREDENTIAL "massive_api_key"

void
secret_guard(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

void
secret_wipe(struct secret *s)
{
	explicit_bzero(s->text, sizeof(s->text));
}

/* Text, without one newline at its end, becomes the key. */
static int
take(struct secret *s, struct span text, const char *where, struct err *e)
{
	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n < SECRET_MIN || text.n > SECRET_MAX)
		return err_set(e, EX_NOPERM, "BAD_KEY",
		    "the key of %s is not of %d to %d characters", where,
		    SECRET_MIN, SECRET_MAX);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') &&
		    (c < '0' || c > '9') && c != '_' && c != '-')
			return err_set(e, EX_NOPERM, "BAD_KEY",
			    "the key of %s has a character that no key has",
			    where);
	}
	memcpy(s->text, text.p, text.n);
	s->text[text.n] = '\0';
	return 1;
}

/* Only what nobody else can read or replace holds a key. */
static int
check_file(int fd, const char *file, struct err *e)
{
	struct stat st;
	const char *what = NULL;

	if (fstat(fd, &st) != 0)
		what = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		what = "is no regular file";
	else if (st.st_uid != geteuid() && st.st_uid != 0)
		what = "is somebody else's";
	else if ((st.st_mode & 077) != 0)
		what = "can be read by others: chmod 600 it";
	if (what != NULL)
		return err_set(
		    e, EX_NOPERM, "KEY_FILE", "%.200s %s", file, what);
	return 0;
}

/* 1, 0 when missing is allowed and it is, -1. */
static int
read_file(struct secret *s, const char *file, bool may_miss, struct err *e)
{
	char text[SECRET_MAX + 2]; /* one newline, and one byte too many */
	ssize_t n;
	/* a FIFO without a writer must not hold us up */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int rc;

	if (fd == -1 && errno == ENOENT && may_miss)
		return 0;
	if (fd == -1)
		return err_set(e, EX_NOPERM, "KEY_FILE", "%.200s: %s", file,
		    strerror(errno));
	rc = check_file(fd, file, e);
	if (rc == 0) {
		n = read(fd, text, sizeof(text));
		rc = n < 0 ? err_set(e, EX_NOPERM, "KEY_FILE", "%.200s: %s",
				 file, strerror(errno))
			   : take(s, (struct span){text, (size_t)n}, file, e);
		explicit_bzero(text, sizeof(text));
	}
	close(fd);
	return rc;
}

static int
read_credential(struct secret *s, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct buf path = {0};
	int rc;

	if (dir == NULL || dir[0] == '\0')
		return 0;
	buf_fmt(&path, "%s/%s", dir, CREDENTIAL);
	rc = read_file(s, path.p, true, e);
	buf_free(&path);
	return rc;
}

void
secret_forget(void)
{
	char *env = getenv(VARIABLE);

	if (env == NULL)
		return;
	explicit_bzero(env, strlen(env));
	unsetenv(VARIABLE);
}

int
secret_read(struct secret *s, const char *file, struct err *e)
{
	char *env = getenv(VARIABLE);
	int rc;

	*s = (struct secret){0};
	rc =
	    file != NULL ? read_file(s, file, false, e) : read_credential(s, e);
	/* set and empty is not set */
	if (rc == 0 && env != NULL && env[0] != '\0')
		rc = take(s, span_str(env), VARIABLE, e);
	secret_forget();
	return rc;
}

bool
secret_is_in(const struct secret *s, struct span text)
{
	size_t n = strlen(s->text);

	for (size_t i = 0; n > 0 && i + n <= text.n; i++)
		if (text.p[i] == s->text[0] &&
		    memcmp(text.p + i, s->text, n) == 0)
			return true;
	return false;
}

bool
secret_ends(const struct secret *s, struct span text)
{
	size_t n = strlen(s->text);

	for (size_t i = SECRET_MIN / 2; i <= n && i <= text.n; i++)
		if (memcmp(text.p + text.n - i, s->text, i) == 0)
			return true;
	return false;
}
