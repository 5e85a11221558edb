/* SPDX-License-Identifier: ISC */
/*
 * secret: where a key comes from, and where it is not left.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "secret.h"

#define KEY "s3cr3t_TEST-key"
#define FILE_NAME "secret-test-key"

extern char **environ;

static void
put_file(const char *text, mode_t mode)
{
	FILE *f;

	remove(FILE_NAME);
	f = fopen(FILE_NAME, "w");
	if (!CHECK(f != NULL))
		exit(1);
	fputs(text, f);
	fclose(f);
	chmod(FILE_NAME, mode);
}

static void
test_file(void)
{
	static const char *const bad[] = {"", "\n", "1234567", "12345678\n\n",
	    "1234 5678", "12345678\r\n", "12345678\r\nX: y", "1234\x1fxyz",
	    "1234567\xc3\xa9"};
	struct secret s;
	struct err e;
	char text[SECRET_MAX + 3];

	test_begin("a key of a file that only its owner can read");
	put_file(KEY "\n", 0600);
	CHECK_INT(secret_read(&s, FILE_NAME, &e), 1);
	CHECK_STR(s.text, KEY);
	put_file(KEY, 0400);
	CHECK_INT(secret_read(&s, FILE_NAME, &e), 1);
	CHECK_STR(s.text, KEY);
	CHECK(secret_is_in(&s, SPAN_LIT("xx" KEY "yy")));
	CHECK(secret_is_in(&s, SPAN_LIT(KEY)));
	CHECK(!secret_is_in(&s, SPAN_LIT("xxs3cr3t_TEST-ke")));
	CHECK(!secret_is_in(&s, SPAN_LIT("")));
	CHECK(secret_ends(&s, SPAN_LIT("xx" KEY)));
	CHECK(secret_ends(&s, SPAN_LIT("xxs3cr3t")));
	CHECK(secret_ends(&s, SPAN_LIT("s3cr")));
	CHECK(!secret_ends(&s, SPAN_LIT("xxs3c")));
	CHECK(!secret_ends(&s, SPAN_LIT("s3cr3t ")));
	CHECK(!secret_ends(&s, SPAN_LIT("")));
	secret_wipe(&s);
	CHECK(!secret_ends(&s, SPAN_LIT("s3cr")));
	for (size_t i = 0; i < sizeof(s.text); i++)
		CHECK(s.text[i] == '\0');
	CHECK(!secret_is_in(&s, SPAN_LIT("anything")));

	test_begin("what is no key is refused");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_file(bad[i], 0600);
		CHECK_INT(secret_read(&s, FILE_NAME, &e), -1);
		CHECK_INT(e.exit, EX_NOPERM);
		CHECK_STR(s.text, "");
	}
	memset(text, 'a', sizeof(text));
	text[SECRET_MAX] = '\0';
	put_file(text, 0600);
	CHECK_INT(secret_read(&s, FILE_NAME, &e), 1);
	text[SECRET_MAX] = 'a';
	text[SECRET_MAX + 1] = '\0';
	put_file(text, 0600);
	CHECK_INT(secret_read(&s, FILE_NAME, &e), -1);

	test_begin("a file that others can read, or that is none, is refused");
	for (mode_t mode = 0601; mode < 0700; mode++) {
		put_file(KEY, mode);
		CHECK_INT(secret_read(&s, FILE_NAME, &e), -1);
		CHECK_STR(e.code, "KEY_FILE");
		CHECK_INT(e.exit, EX_NOPERM);
	}
	remove(FILE_NAME);
	CHECK_INT(secret_read(&s, FILE_NAME, &e), -1);
	CHECK_INT(secret_read(&s, "/dev/null", &e), -1);
	CHECK_INT(secret_read(&s, "/", &e), -1);
	CHECK_INT(mkfifo(FILE_NAME, 0600), 0);
	CHECK_INT(secret_read(&s, FILE_NAME, &e), -1);
	remove(FILE_NAME);
}

/* The environment as the kernel shows it: the strings we were started with. */
static bool
is_in_environment(const char *start, size_t n)
{
	for (size_t i = 0; i + sizeof(KEY) <= n; i++)
		if (memcmp(start + i, KEY, sizeof(KEY) - 1) == 0)
			return true;
	return false;
}

static void
test_environment(void)
{
	char text[] = "MASSIVE_API_KEY=" KEY, *own[2] = {text, NULL};
	char **before = environ;
	struct secret s;
	struct err e;

	test_begin("a key of the environment, wiped where it stood");
	environ = own;
	CHECK(is_in_environment(text, sizeof(text)));
	CHECK_INT(secret_read(&s, NULL, &e), 1);
	CHECK_STR(s.text, KEY);
	CHECK(!is_in_environment(text, sizeof(text)));
	CHECK(getenv("MASSIVE_API_KEY") == NULL);
	CHECK_INT(secret_read(&s, NULL, &e), 0);

	test_begin(
	    "a file's key comes first, and the environment is wiped too");
	environ = before;
	setenv("MASSIVE_API_KEY", "other-key-of-environment", 1);
	put_file(KEY, 0600);
	CHECK_INT(secret_read(&s, FILE_NAME, &e), 1);
	CHECK_STR(s.text, KEY);
	CHECK(getenv("MASSIVE_API_KEY") == NULL);
	remove(FILE_NAME);

	test_begin("a key that nobody needs is wiped where it stood, too");
	memcpy(text, "MASSIVE_API_KEY=" KEY, sizeof(text));
	environ = own;
	own[0] = text;
	secret_forget();
	CHECK(!is_in_environment(text, sizeof(text)));
	CHECK(getenv("MASSIVE_API_KEY") == NULL);
	secret_forget();
	environ = before;

	test_begin("set and empty is not set; a bad one is refused");
	setenv("MASSIVE_API_KEY", "", 1);
	CHECK_INT(secret_read(&s, NULL, &e), 0);
	setenv("MASSIVE_API_KEY", "a key with blanks", 1);
	CHECK_INT(secret_read(&s, NULL, &e), -1);
	CHECK_INT(e.exit, EX_NOPERM);
	CHECK(strstr(e.text, "blanks") == NULL);
	CHECK(getenv("MASSIVE_API_KEY") == NULL);
}

int
main(void)
{
	char dir[] = "/tmp/secret-test.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	unsetenv("CREDENTIALS_DIRECTORY");
	unsetenv("MASSIVE_API_KEY");
	test_file();
	test_environment();
	rmdir(dir);
	return test_done();
}
