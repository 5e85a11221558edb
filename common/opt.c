/* SPDX-License-Identifier: ISC */
/* opt: see opt.h. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

#include "buf.h"
#include "opt.h"
#include "version.h"

#define OPTS_MAX 64

extern char **environ;

static int
table_len(const struct opt_set *set)
{
	int n = 0;

	while (set->table[n].name != NULL)
		n++;
	return n;
}

static void
add_usage(struct buf *b, const struct opt_set *set)
{
	buf_fmt(b, "usage: %s [OPTION...]", err_tool());
	if (set->operands[0] != '\0')
		buf_fmt(b, " %s", set->operands);
	buf_char(b, '\n');
}

static void
add_option(struct buf *b, const struct opt *o)
{
	struct buf left = {0};

	if (o->val < 256)
		buf_fmt(&left, "  -%c, --%s", o->val, o->name);
	else
		buf_fmt(&left, "      --%s", o->name);
	if (o->arg != NULL)
		buf_fmt(&left, " %s", o->arg);
	buf_fmt(b, "%-30s %s\n", left.p, o->help);
	buf_free(&left);
}

/* Text to stdout, checked: 0, or 74 once a line about it is on stderr. */
static int
print_text(const struct buf *b)
{
	size_t done = 0;
	ssize_t w;

	while (done < b->n) {
		w = write(STDOUT_FILENO, b->p + done, b->n - done);
		if (w >= 0) {
			done += (size_t)w;
		} else if (errno == EPIPE) {
			signal(SIGPIPE, SIG_DFL);
			raise(SIGPIPE);
		} else if (errno != EINTR) {
			return err_fail(NULL, EX_IOERR, "WRITE", "stdout: %s",
			    strerror(errno));
		}
	}
	return 0;
}

static int
print_help(const struct opt_set *set)
{
	struct buf b = {0};
	const struct opt *o;
	int status;

	add_usage(&b, set);
	if (set->summary != NULL)
		buf_fmt(&b, "%s\n", set->summary);
	buf_char(&b, '\n');
	for (o = set->table; o->name != NULL; o++)
		add_option(&b, o);
	status = print_text(&b);
	buf_free(&b);
	return status;
}

static int
print_version(const struct opt_set *set)
{
	const char *libraries = set->versions == NULL ? "" : set->versions;
	struct buf b = {0};
	int status;

	while (*libraries == ' ')
		libraries++;
	buf_fmt(&b, "%s %s", err_tool(), VERSION);
	if (*libraries != '\0')
		buf_fmt(&b, " (%s)", libraries);
	buf_char(&b, '\n');
	status = print_text(&b);
	buf_free(&b);
	return status;
}

/* With the line of --help about o, unless that is NULL. */
static int
usage_error(const struct opt_set *set, const char *reason, const struct opt *o)
{
	struct buf b = {0};
	int status = err_fail(NULL, EX_USAGE, "USAGE", "%s", reason);

	add_usage(&b, set);
	if (o != NULL)
		add_option(&b, o);
	(void)!write(STDERR_FILENO, b.p, b.n);
	buf_free(&b);
	return status;
}

int
opt_usage(const struct opt_set *set, const char *fmt, ...)
{
	char reason[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return usage_error(set, reason, NULL);
}

/* The tables in the C library's form; a leading ':' tells a missing argument
 * from an unknown option. */
static void
translate(const struct opt_set *set, struct option *longs, char *letters)
{
	const struct opt *o;
	int i, n = table_len(set);

	*letters++ = ':';
	for (i = 0; i < n && i < OPTS_MAX; i++) {
		o = &set->table[i];
		longs[i] = (struct option){o->name,
		    o->arg == NULL ? no_argument : required_argument, NULL,
		    o->val};
		if (o->val >= 256)
			continue;
		*letters++ = (char)o->val;
		if (o->arg != NULL)
			*letters++ = ':';
	}
	longs[i] = (struct option){0};
	*letters = '\0';
}

/* What getopt_long said '?' to; at is the argument it was looking at. */
static int
refuse(const struct opt_set *set, const char *at)
{
	const struct opt *o;

	for (o = set->table; o->name != NULL; o++)
		if (o->val == optopt)
			return opt_usage(
			    set, "option takes no argument: --%s", o->name);
	if (optopt > 0 && optopt < 256)
		return opt_usage(set, "unknown option: -%c", optopt);
	return opt_usage(set, "unknown option: %s", at);
}

/* The next option's val, -1 behind the last one; DONE when the call ended
 * here, with *status. */
#define DONE (-2)
static int
next(int argc, char *argv[], const struct opt_set *set, int *status)
{
	struct option longs[OPTS_MAX + 1];
	char letters[2 * OPTS_MAX + 2];
	int c;

	translate(set, longs, letters);
	opterr = 0;
	c = getopt_long(argc, argv, letters, longs, NULL);
	switch (c) {
	case 'h':
		*status = print_help(set);
		return DONE;
	case 'V':
		*status = print_version(set);
		return DONE;
	case ':':
		*status = opt_usage(
		    set, "option needs an argument: %s", argv[optind - 1]);
		return DONE;
	case '?':
		*status = refuse(set, argv[optind - 1]);
		return DONE;
	default:
		return c;
	}
}

static int
refuse_argument(const struct opt_set *set, int val, const char *arg)
{
	const struct opt *o = set->table;
	char reason[ERR_TEXT_MAX];

	while (o->val != val)
		o++;
	snprintf(reason, sizeof(reason), "bad argument of --%s: \"%.80s\"",
	    o->name, arg);
	return usage_error(set, reason, o);
}

static bool
is_known(struct span name)
{
	static const char *const known[] = {"MASSIVE_API_KEY",
	    "MASSIVE_BASE_URL", "MASSIVE_WS_URL",
	    "MASSIVE_EPOCH_DORMANT_THRESHOLD", "MASSIVE_EPOCH_DORMANT_COUNT",
	    "EPOCH_PREFIX", "EPOCH_NOW_MS"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_eq(name, span_str(known[i])))
			return true;
	return false;
}

/* A misspelt name would be silently without effect. */
static void
check_env(void)
{
	struct span name;
	char **p;

	for (p = environ; p != NULL && *p != NULL; p++) {
		if (strncmp(*p, "MASSIVE_", 8) != 0 &&
		    strncmp(*p, "EPOCH_", 6) != 0)
			continue;
		name = (struct span){*p, strcspn(*p, "=")};
		if (!is_known(name))
			err_warn(NULL, "ENVIRONMENT",
			    "%.*s is no variable of ours, ignored",
			    (int)(name.n > 80 ? 80 : name.n), name.p);
	}
}

int
opt_read(int argc, char *argv[], const struct opt_set *set, opt_take *take,
    void *ctx)
{
	int c, taken, status;

	while ((c = next(argc, argv, set, &status)) != -1) {
		if (c == DONE)
			return status;
		if (c == 'q') {
			err_quiet();
			continue;
		}
		taken = take(c, optarg, ctx);
		if (taken < 0)
			return refuse_argument(set, c, optarg);
		if (taken > 0)
			return taken;
	}
	check_env();
	if (set->operands[0] == '\0' && optind < argc)
		return opt_usage(
		    set, "unexpected operand: \"%.80s\"", argv[optind]);
	return -1;
}

int
opt_redis(struct opt_redis *r, int val, const char *arg)
{
	if (val == 't')
		return opt_seconds(arg, 1, 3600000, &r->timeout_ms);
	r->url = arg;
	return 0;
}

int
opt_int(const char *arg, int64_t min, int64_t max, int64_t *out)
{
	bool negative = arg[0] == '-';
	int64_t v;

	if (span_int(span_str(arg + negative), &v) == -1)
		return -1;
	if (negative)
		v = -v;
	if (v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

/* "12" or "12.5" with up to places decimals, in units of 10^-places. */
static int
parse_decimal(const char *arg, int places, int64_t *out)
{
	const char *dot = strchr(arg, '.');
	struct span whole = span_str(arg);
	int64_t v;

	if (dot != NULL)
		whole.n = (size_t)(dot - arg);
	if (span_int(whole, &v) == -1 || (dot != NULL && dot[1] == '\0'))
		return -1;
	if (dot != NULL)
		dot++;
	for (; places > 0; places--) {
		if (__builtin_mul_overflow(v, 10, &v))
			return -1;
		if (dot == NULL || *dot == '\0')
			continue;
		if (*dot < '0' || *dot > '9' ||
		    __builtin_add_overflow(v, *dot++ - '0', &v))
			return -1;
	}
	if (dot != NULL && *dot != '\0')
		return -1;
	*out = v;
	return 0;
}

int
opt_seconds(const char *arg, int64_t min, int64_t max, int64_t *ms)
{
	int64_t v;

	if (parse_decimal(arg, 3, &v) == -1 || v < min || v > max)
		return -1;
	*ms = v;
	return 0;
}

int
opt_percent(const char *arg, int64_t *bp)
{
	int64_t v;

	if (parse_decimal(arg, 2, &v) == -1 || v > 10000)
		return -1;
	*bp = v;
	return 0;
}
