/* SPDX-License-Identifier: ISC */
/* err, buf, opt, sig: what every tool stands on. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "check.h"
#include "err.h"
#include "opt.h"
#include "sig.h"
#include "version.h"

/* What fn writes to fd, in a child; its exit status in *status. */
static void
capture(int fd, void (*fn)(void *), void *ctx, struct buf *out, int *status)
{
	char piece[4096];
	int p[2], ws;
	ssize_t r;
	pid_t pid;

	buf_clear(out);
	fflush(stdout);
	if (pipe(p) == -1 || (pid = fork()) == -1) {
		CHECK(!"pipe and fork");
		return;
	}
	if (pid == 0) {
		dup2(p[1], fd);
		close(p[0]);
		close(p[1]);
		fn(ctx);
		_exit(0);
	}
	close(p[1]);
	while ((r = read(p[0], piece, sizeof(piece))) > 0)
		buf_add(out, piece, (size_t)r);
	close(p[0]);
	waitpid(pid, &ws, 0);
	*status = WIFEXITED(ws) ? WEXITSTATUS(ws) : 128 + WTERMSIG(ws);
}

static void
report_error(void *ctx)
{
	struct err e;

	err_init("/usr/bin/some-tool");
	err_set(&e, EX_DATAERR, "BAD_THING", "%s", (const char *)ctx);
	_exit(err_report("SPX\n", &e));
}

static void
test_err_lines(void)
{
	char text[600];
	struct buf out = {0};
	int status;

	test_begin("an error is one line of the agreed form");
	strcpy(text, "ends \x1b[31m here \xe2\x80\xae");
	capture(STDERR_FILENO, report_error, text, &out, &status);
	CHECK_STR(out.p, "some-tool: SPX\\x0a: BAD_THING: ends \\x1b[31m here "
			 "\\xe2\\x80\\xae (exit 65)\n");
	CHECK_INT(status, 65);

	test_begin("an error line is at most 512 bytes and keeps its tail");
	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	capture(STDERR_FILENO, report_error, text, &out, &status);
	CHECK(out.n <= 512);
	CHECK(strchr(out.p, '\n') == out.p + out.n - 1);
	CHECK_STR(out.p + out.n - 11, " (exit 65)\n");
	buf_free(&out);
}

static void
warn_quietly(void *ctx)
{
	err_init("t");
	err_warn("", "NOTICED", "first");
	if (ctx != NULL)
		err_quiet();
	err_warn("a", "NOTICED", "%d", 2);
	err_fail("a", 1, "NO", "shown");
}

static void
test_err_warnings(void)
{
	struct buf out = {0};
	int status;

	test_begin("quiet silences warnings, never errors");
	capture(STDERR_FILENO, warn_quietly, NULL, &out, &status);
	CHECK_STR(out.p, "t: -: NOTICED: first\nt: a: NOTICED: 2\n"
			 "t: a: NO: shown (exit 1)\n");
	capture(STDERR_FILENO, warn_quietly, &status, &out, &status);
	CHECK_STR(out.p, "t: -: NOTICED: first\nt: a: NO: shown (exit 1)\n");
	buf_free(&out);
}

static void
test_err_worse(void)
{
	static const int order[] = {70, 78, 77, 65, 76, 69, 74, 75, 1, 0};
	int n = sizeof(order) / sizeof(order[0]), i, j;

	test_begin("of two statuses the worse one is reported");
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			CHECK_INT(err_worse(order[i], order[j]),
			    order[i < j ? i : j]);
	CHECK_INT(err_worse(66, 78), 66);
	CHECK_INT(err_worse(70, 66), 70);
	CHECK_INT(err_worse(0, 64), 64);
}

static void
test_err_vis(void)
{
	char all[256], out[1100], small[8];
	int i;

	test_begin("vis output is printable ASCII and fits its room");
	for (i = 0; i < 256; i++)
		all[i] = (char)i;
	err_vis(out, sizeof(out), all, sizeof(all));
	for (i = 0; out[i] != '\0'; i++)
		CHECK(out[i] >= 0x20 && out[i] < 0x7f);
	CHECK_INT(i, 94 + 2 + 161 * 4);
	for (i = 1; i <= (int)sizeof(small); i++) {
		memset(small, 'x', sizeof(small));
		err_vis(small, (size_t)i, "ab\n\\c", 5);
		CHECK(strlen(small) < (size_t)i);
		CHECK(strncmp("ab\\x0a\\\\c", small, strlen(small)) == 0);
	}
}

static void
test_spans(void)
{
	int64_t v = -7;

	test_begin("spans compare bytewise, a prefix first");
	CHECK(span_cmp(SPAN_LIT("a"), SPAN_LIT("ab")) < 0);
	CHECK(span_cmp(SPAN_LIT("b"), SPAN_LIT("ab")) > 0);
	CHECK(span_cmp(SPAN_LIT("\x7f"), SPAN_LIT("\x80")) < 0);
	CHECK(span_cmp(SPAN_NONE, SPAN_LIT("")) == 0);
	CHECK(span_cmp(SPAN_NONE, SPAN_LIT("a")) < 0);
	CHECK(span_cmp(SPAN_LIT("ab"), SPAN_LIT("ab")) == 0);

	test_begin("span_int reads what buf_int writes, nothing else");
	CHECK(span_int(SPAN_LIT("9223372036854775807"), &v) == 0 &&
	      v == INT64_MAX);
	CHECK(span_int(SPAN_LIT("0"), &v) == 0 && v == 0);
	v = -7;
	CHECK(span_int(SPAN_LIT("9223372036854775808"), &v) == -1);
	CHECK(span_int(SPAN_LIT("99999999999999999999"), &v) == -1);
	CHECK(span_int(SPAN_LIT("-1"), &v) == -1);
	CHECK(span_int(SPAN_LIT("+1"), &v) == -1);
	CHECK(span_int(SPAN_LIT(" 1"), &v) == -1);
	CHECK(span_int(SPAN_LIT("1 "), &v) == -1);
	CHECK(span_int(SPAN_LIT("01"), &v) == -1);
	CHECK(span_int(SPAN_LIT("1.0"), &v) == -1);
	CHECK(span_int(SPAN_LIT(""), &v) == -1);
	CHECK(span_int(SPAN_NONE, &v) == -1);
	CHECK_INT(v, -7);
}

static void
test_buf(void)
{
	struct buf b = {0}, want = {0};
	uint64_t seed = 1;
	char text[32];
	int64_t v;
	int i;

	test_begin("a buf is what was added to it, and ends in NUL");
	CHECK(buf_view(&b).n == 0 && buf_view(&b).p != NULL);
	buf_str(&b, "a");
	buf_char(&b, '\0');
	buf_fmt(&b, "%s-%d", "xyz", 12);
	buf_span(&b, SPAN_LIT("!"));
	buf_add(&b, NULL, 0);
	CHECK(b.n == 9 && memcmp(b.p, "a\0xyz-12!", 10) == 0);
	for (i = 0; i < 5000; i++)
		buf_char(&b, (char)('a' + i % 26));
	CHECK(b.n == 5009 && b.p[5009] == '\0' && b.cap < 3 * 5009);
	CHECK(b.p[5008] == 'a' + 4999 % 26);
	buf_clear(&b);
	CHECK(b.n == 0 && b.p[0] == '\0' && b.cap > 5000);

	test_begin("buf_int writes as printf does");
	for (i = 0; i < 2000; i++) {
		v = (int64_t)((uint64_t)check_random(&seed) << 33 ^
			      (uint64_t)check_random(&seed) << 8);
		v >>= check_random(&seed) % 64;
		v = i == 0 ? INT64_MIN : i == 1 ? INT64_MAX : v;
		buf_clear(&b);
		buf_int(&b, v);
		snprintf(text, sizeof(text), "%lld", (long long)v);
		CHECK_STR(b.p, text);
	}
	buf_free(&b);
	buf_free(&want);
	CHECK(b.p == NULL && b.n == 0);
}

static void
ask_too_much(void *ctx)
{
	(void)ctx;
	err_init("t");
	free(mem_grow(NULL, SIZE_MAX / 2, 3));
}

static void
test_no_memory(void)
{
	struct buf out = {0};
	int status;

	test_begin("no memory ends the process with 71 and one line");
	capture(STDERR_FILENO, ask_too_much, NULL, &out, &status);
	CHECK_INT(status, 71);
	CHECK(out.n > 0 && strchr(out.p, '\n') == out.p + out.n - 1);
	CHECK(strstr(out.p, "t: -: NO_MEMORY: ") == out.p);
	buf_free(&out);
}

enum { OPT_FROM = 256 };

static const struct opt table[] = {{'n', "number", "N", "how many"},
    {OPT_FROM, "from", "FILE", "where"}, OPT_COMMON, {0}};

static const struct opt_set set = {
    table, "SYMBOL...", "Does things.", " lib 1.2"};

struct call {
	int argc;
	char *argv[8];
};

/* One "val=arg;" an option; a number that is none will not do. */
static int
take_option(int val, const char *arg, void *ctx)
{
	struct buf *seen = ctx;
	int64_t n;

	if (val == 'n' && opt_int(arg, 0, 9, &n) < 0)
		return -1;
	if (val == OPT_FROM && strcmp(arg, "nowhere") == 0)
		return err_fail(arg, EX_NOINPUT, "OPEN", "no such file");
	buf_fmt(seen, "%d=%s;", val, arg);
	return 0;
}

static void
run_opts(void *ctx)
{
	struct call *call = ctx;
	struct buf seen = {0};
	int status;

	err_init(call->argv[0]);
	optind = 0; /* glibc: start afresh */
	status = opt_read(call->argc, call->argv, &set, take_option, &seen);
	if (status >= 0)
		_exit(status);
	dprintf(STDOUT_FILENO, "%s%s", seen.n == 0 ? "" : seen.p,
	    call->argv[optind] == NULL ? "-" : call->argv[optind]);
	buf_free(&seen);
}

static void
check_opts(int fd, const char *args, const char *want, int want_status)
{
	struct call call = {.argc = 1, .argv = {(char[]){"a/tool"}}};
	struct buf out = {0};
	char text[200];
	char *p;
	int status;

	snprintf(text, sizeof(text), "%s", args);
	for (p = strtok(text, " "); p != NULL && call.argc < 7;
	     p = strtok(NULL, " "))
		call.argv[call.argc++] = p;
	capture(fd, run_opts, &call, &out, &status);
	CHECK_STR(buf_view(&out).p, want);
	CHECK_INT(status, want_status);
	buf_free(&out);
}

static void
test_options(void)
{
	test_begin("options by letter and by name, operands after them");
	check_opts(1, "-n 3 --from x SPX", "110=3;256=x;SPX", 0);
	check_opts(1, "--number=3 -q -- -n", "110=3;-n", 0);
	check_opts(1, "SPX -n 1", "110=1;SPX", 0);
	check_opts(1, "-", "-", 0);

	test_begin("a usage error gives reason and usage line, 64");
	check_opts(2, "--nonsense",
	    "tool: -: USAGE: unknown option: --nonsense (exit 64)\n"
	    "usage: tool [OPTION...] SYMBOL...\n",
	    64);
	check_opts(2, "-zn",
	    "tool: -: USAGE: unknown option: -z (exit 64)\n"
	    "usage: tool [OPTION...] SYMBOL...\n",
	    64);
	check_opts(2, "-n",
	    "tool: -: USAGE: option needs an argument: -n (exit 64)\n"
	    "usage: tool [OPTION...] SYMBOL...\n",
	    64);
	check_opts(2, "-q --help=x",
	    "tool: -: USAGE: option takes no argument: --help (exit 64)\n"
	    "usage: tool [OPTION...] SYMBOL...\n",
	    64);

	test_begin("a bad argument is told with what its option wants");
	check_opts(2, "-n 10",
	    "tool: -: USAGE: bad argument of --number: \"10\" (exit 64)\n"
	    "usage: tool [OPTION...] SYMBOL...\n"
	    "  -n, --number N               how many\n",
	    64);
	check_opts(2, "--from nowhere -z",
	    "tool: nowhere: OPEN: no such file (exit 66)\n", 66);

	test_begin("--help and --version speak on stdout");
	check_opts(1, "--help",
	    "usage: tool [OPTION...] SYMBOL...\nDoes things.\n\n"
	    "  -n, --number N               how many\n"
	    "      --from FILE              where\n"
	    "  -h, --help                   show this text and exit\n"
	    "  -V, --version                show the version, libraries "
	    "included\n"
	    "  -q, --quiet                  no warnings\n",
	    0);
	check_opts(1, "-V", "tool " VERSION " (lib 1.2)\n", 0);
}

static void
help_to_full(void *ctx)
{
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
	run_opts(ctx);
}

static void
test_help_unwritten(void)
{
	struct call call = {2, {(char[]){"tool"}, (char[]){"-h"}}};
	struct buf out = {0};
	int status;

	test_begin("--help to a full disk is an error");
	capture(STDERR_FILENO, help_to_full, &call, &out, &status);
	CHECK_INT(status, 74);
	CHECK(strstr(buf_view(&out).p, "(exit 74)\n") != NULL);
	buf_free(&out);
}

static void
test_numbers(void)
{
	int64_t v;

	test_begin("arguments are read strictly");
	CHECK(opt_int("12", 1, 12, &v) == 0 && v == 12);
	CHECK(opt_int("-5", -5, 5, &v) == 0 && v == -5);
	CHECK(opt_int("13", 1, 12, &v) == -1);
	CHECK(opt_int("1x", 1, 12, &v) == -1);
	CHECK(opt_int("", 0, 12, &v) == -1);
	CHECK(opt_int("--1", -5, 5, &v) == -1);
	CHECK(opt_seconds("0.5", 1, 60000, &v) == 0 && v == 500);
	CHECK(opt_seconds("60", 1, 60000, &v) == 0 && v == 60000);
	CHECK(opt_seconds("1.005", 1, 60000, &v) == 0 && v == 1005);
	CHECK(opt_seconds("1.0005", 1, 60000, &v) == -1);
	CHECK(opt_seconds("0", 1, 60000, &v) == -1);
	CHECK(opt_seconds("60.001", 1, 60000, &v) == -1);
	CHECK(opt_seconds(".5", 1, 60000, &v) == -1);
	CHECK(opt_seconds("5.", 1, 60000, &v) == -1);
	CHECK(opt_seconds("5.x", 1, 60000, &v) == -1);
	CHECK(opt_seconds("1e3", 1, 60000, &v) == -1);
	CHECK(opt_seconds("9223372036854775807", 1, 60000, &v) == -1);
	CHECK(opt_percent("20", &v) == 0 && v == 2000);
	CHECK(opt_percent("0.5", &v) == 0 && v == 50);
	CHECK(opt_percent("100", &v) == 0 && v == 10000);
	CHECK(opt_percent("100.01", &v) == -1);
	CHECK(opt_percent("-1", &v) == -1);
	CHECK(opt_percent("0.001", &v) == -1);
}

static void
check_environment(void *ctx)
{
	struct call call = {.argc = 1, .argv = {(char[]){"t"}}};
	int status;

	(void)ctx;
	err_init("t");
	optind = 0;
	status = opt_read(call.argc, call.argv, &set, take_option, NULL);
	if (status >= 0)
		_exit(status);
}

static void
test_environment(void)
{
	struct buf out = {0};
	int status;

	test_begin("unknown variables of our prefixes are reported");
	setenv("MASSIVE_API_KEY", "k", 1);
	setenv("EPOCH_PREFIX", "", 1);
	setenv("EPOCHS", "", 1);
	capture(STDERR_FILENO, check_environment, NULL, &out, &status);
	CHECK_STR(buf_view(&out).p, "");
	setenv("EPOCH_PREFX", "s3cret", 1);
	setenv("MASSIVE_", "", 1);
	capture(STDERR_FILENO, check_environment, NULL, &out, &status);
	CHECK(strstr(out.p, "ENVIRONMENT: EPOCH_PREFX ") != NULL);
	CHECK(strstr(out.p, "ENVIRONMENT: MASSIVE_ ") != NULL);
	CHECK(strstr(out.p, "s3cret") == NULL);
	buf_free(&out);
}

static void
start_without_descriptors(void *ctx)
{
	int fd, kept = dup(STDERR_FILENO);

	(void)ctx;
	for (fd = 0; fd < 3; fd++)
		close(fd);
	sig_init();
	dprintf(kept, "%d", open("/dev/null", O_RDONLY) > 2);
	dprintf(kept, "%d", write(STDOUT_FILENO, "x", 1) == -1);
	dprintf(kept, "%d", read(STDIN_FILENO, &fd, 1) == 0);
	dprintf(kept, "%d", write(STDERR_FILENO, "x", 1) == 1);
}

static void
stop_by(void *ctx)
{
	sig_init();
	raise(SIGUSR1);
	raise(SIGPIPE);
	raise(*(int *)ctx);
	dprintf(STDERR_FILENO, "%d %d", (int)sig_stop, (int)sig_usr1);
	_exit(sig_end(3));
}

static void
test_signals(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	static const int statuses[] = {3, 128 + SIGINT, 128 + SIGHUP};
	struct buf out = {0};
	char want[16];
	int i, signo, status;

	test_begin("closed descriptors are filled, stdout with a refusal");
	capture(STDERR_FILENO, start_without_descriptors, NULL, &out, &status);
	CHECK_STR(buf_view(&out).p, "1111");

	test_begin("a stop signal is a flag, and the end of INT and HUP");
	for (i = 0; i < 3; i++) {
		signo = signals[i];
		capture(STDERR_FILENO, stop_by, &signo, &out, &status);
		snprintf(want, sizeof(want), "%d 1", signo);
		CHECK_STR(buf_view(&out).p, want);
		CHECK_INT(status, statuses[i]);
	}
	buf_free(&out);
}

int
main(void)
{
	test_err_lines();
	test_err_warnings();
	test_err_worse();
	test_err_vis();
	test_spans();
	test_buf();
	test_no_memory();
	test_options();
	test_help_unwritten();
	test_numbers();
	test_environment();
	test_signals();
	return test_done();
}
