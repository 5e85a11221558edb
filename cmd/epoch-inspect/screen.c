/* SPDX-License-Identifier: ISC */
#include "screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "opt.h"

#define WIDTH_MIN 40
#define WIDTH_MAX 240
#define HEIGHT_DEFAULT 48

static size_t
height_of(int fd)
{
	struct winsize w;

	if (isatty(fd) == 1 && ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_row > 0)
		return w.ws_row;
	return HEIGHT_DEFAULT;
}

static size_t
width_of(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize w;
	int64_t n = 80;

	if (isatty(fd) == 1 && ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		n = w.ws_col;
	else if (columns == NULL || opt_int(columns, 1, 10000, &n) < 0)
		n = 80;
	return n < WIDTH_MIN   ? WIDTH_MIN
	       : n > WIDTH_MAX ? WIDTH_MAX
			       : (size_t)n;
}

/* By name: the process itself stays in the C locale. */
static bool
locale_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < 3; i++) {
		const char *v = getenv(names[i]);

		if (v != NULL && *v != '\0')
			return strstr(v, "UTF-8") != NULL ||
			       strstr(v, "utf8") != NULL;
	}
	return false;
}

struct screen
screen_of(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	bool terminal = isatty(fd) == 1;

	return (struct screen){
	    .width = width_of(fd),
	    .height = height_of(fd),
	    .colour = terminal && (no == NULL || *no == '\0') &&
		      (term == NULL || strcmp(term, "dumb") != 0),
	    .utf8 = terminal && locale_is_utf8(),
	};
}

void
screen_ink(const struct screen *s, struct buf *b, enum ink ink)
{
	static const char *const codes[] = {
	    [INK_PLAIN] = "\033[0m",
	    [INK_RED] = "\033[31m",
	    [INK_GREEN] = "\033[32m",
	    [INK_YELLOW] = "\033[33;1m",
	    [INK_CYAN] = "\033[36m",
	    [INK_DIM] = "\033[2m",
	    [INK_BOLD] = "\033[1m",
	};

	if (s->colour)
		buf_str(b, codes[ink]);
}

void
screen_fill(
    const struct screen *s, struct buf *b, const char *utf8, char c, size_t n)
{
	for (; n > 0; n--)
		if (s->utf8)
			buf_str(b, utf8);
		else
			buf_char(b, c);
}

void
screen_amount(struct buf *b, double v)
{
	static const struct {
		double from;
		const char *unit;
	} units[] = {{1e12, "tn"}, {1e9, "bn"}, {1e6, "m"}, {1e3, "k"}};

	for (size_t i = 0; i < 4; i++)
		if (fabs(v) >= units[i].from) {
			v /= units[i].from;
			buf_fmt(b, "%.*f%s",
			    fabs(v) >= 100  ? 0
			    : fabs(v) >= 10 ? 1
					    : 2,
			    v, units[i].unit);
			return;
		}
	buf_fmt(b, "%.0f", v == 0 ? 0 : v);
}

void
screen_price(struct buf *b, double v, int places)
{
	char s[40];
	size_t n;

	snprintf(s, sizeof(s), "%.*f", places, v);
	for (n = strlen(s); strchr(s, '.') != NULL && s[n - 1] == '0'; n--)
		;
	buf_add(b, s, s[n - 1] == '.' ? n - 1 : n);
}

struct screen_line
screen_line(const struct screen *s, struct buf *b, const char *between)
{
	return (struct screen_line){
	    .screen = s, .b = b, .between = between, .ink = INK_PLAIN};
}

void
screen_item(struct screen_line *l, const char *text)
{
	/* ", " leaves its comma behind: there is always room for it. */
	size_t n = strlen(text), gap = strlen(l->between),
	       comma = l->between[0] != ' ';

	if (l->used > 0 && l->used + gap + n + comma > l->screen->width) {
		buf_add(l->b, l->between, comma);
		buf_char(l->b, '\n');
		l->used = 0;
	} else if (l->used > 0) {
		buf_str(l->b, l->between);
		l->used += gap;
	}
	if (l->ink != INK_PLAIN)
		screen_ink(l->screen, l->b, l->ink);
	buf_str(l->b, text);
	if (l->ink != INK_PLAIN)
		screen_ink(l->screen, l->b, INK_PLAIN);
	l->used += n;
}
