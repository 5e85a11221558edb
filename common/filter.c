/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "geom.h"
#include "opt.h"

#define DAYS_MAX 36500

/* "FROM:TO" cut in two; -1 without exactly one colon or with both empty. */
static int
cut_range(const char *arg, struct span *from, struct span *to)
{
	const char *colon = strchr(arg, ':');

	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return -1;
	*from = (struct span){arg, (size_t)(colon - arg)};
	*to = span_str(colon + 1);
	return from->n == 0 && to->n == 0 ? -1 : 0;
}

static int
take_date(struct span text, char out[DATE_TEXT])
{
	out[0] = '\0';
	if (text.n == 0)
		return 0;
	if (!clock_date_valid(text))
		return -1;
	memcpy(out, text.p, DATE_TEXT - 1);
	out[DATE_TEXT - 1] = '\0';
	return 0;
}

int
filter_set_expirations(struct filter *f, const char *arg)
{
	struct span from, to;

	if (cut_range(arg, &from, &to) != 0 || take_date(from, f->first) != 0 ||
	    take_date(to, f->last) != 0)
		return -1;
	if (f->last[0] != '\0' && strcmp(f->first, f->last) > 0)
		return -1;
	return 0;
}

static int
take_strike(struct span text, int32_t *out)
{
	*out = 0;
	return text.n == 0 ? 0 : geom_strike_parse(text, out);
}

int
filter_set_strikes(struct filter *f, const char *arg)
{
	struct span from, to;

	if (cut_range(arg, &from, &to) != 0 ||
	    take_strike(from, &f->lowest) != 0 ||
	    take_strike(to, &f->highest) != 0)
		return -1;
	if (f->highest != 0 && f->lowest > f->highest)
		return -1;
	return 0;
}

int
filter_set_days(struct filter *f, const char *arg)
{
	int64_t days;

	if (opt_int(arg, 0, DAYS_MAX, &days) != 0)
		return -1;
	f->has_days = true;
	f->days = (int)days;
	return 0;
}

void
filter_text(const struct filter *f, char out[FILTER_TEXT])
{
	char low[STRIKE_TEXT] = "", high[STRIKE_TEXT] = "";
	int n = 0;

	out[0] = '\0';
	if (f->first[0] != '\0' || f->last[0] != '\0')
		n +=
		    snprintf(out, FILTER_TEXT, "exp=%s..%s", f->first, f->last);
	if (f->has_days)
		n += snprintf(out + n, FILTER_TEXT - (size_t)n, "%sdays=%d",
		    n > 0 ? ";" : "", f->days);
	if (f->lowest == 0 && f->highest == 0)
		return;
	if (f->lowest != 0)
		geom_strike_text(f->lowest, low);
	if (f->highest != 0)
		geom_strike_text(f->highest, high);
	snprintf(out + n, FILTER_TEXT - (size_t)n, "%sstrike=%s..%s",
	    n > 0 ? ";" : "", low, high);
}

/* One of the text's parts, as the option's argument that it came from. */
static int
parse_part(struct filter *f, struct span part)
{
	char arg[FILTER_TEXT];
	const char *value = memchr(part.p, '=', part.n);
	char *dots;
	size_t n;

	if (value == NULL)
		return -1;
	n = (size_t)(value + 1 - part.p);
	memcpy(arg, part.p + n, part.n - n);
	arg[part.n - n] = '\0';
	if (n == 5 && memcmp(part.p, "days=", n) == 0)
		return filter_set_days(f, arg);
	dots = strstr(arg, "..");
	if (dots == NULL)
		return -1;
	*dots = ':';
	memmove(dots + 1, dots + 2, strlen(dots + 2) + 1);
	if (n == 4 && memcmp(part.p, "exp=", n) == 0)
		return filter_set_expirations(f, arg);
	if (n == 7 && memcmp(part.p, "strike=", n) == 0)
		return filter_set_strikes(f, arg);
	return -1;
}

int
filter_parse(struct filter *f, const char *text)
{
	char again[FILTER_TEXT];
	size_t n;

	*f = (struct filter){0};
	if (strlen(text) >= FILTER_TEXT)
		return -1;
	for (const char *p = text; *p != '\0'; p += n + (p[n] == ';')) {
		n = strcspn(p, ";");
		if (parse_part(f, (struct span){p, n}) != 0)
			return -1;
	}
	filter_text(f, again);
	return strcmp(text, again) == 0 ? 0 : -1;
}

struct filter
filter_at(const struct filter *f, int64_t ts)
{
	struct filter at = *f;
	char last[DATE_TEXT];

	if (!f->has_days)
		return at;
	clock_ny_date(ts, f->days, last);
	if (at.last[0] == '\0' || strcmp(last, at.last) < 0)
		memcpy(at.last, last, sizeof(at.last));
	return at;
}

static bool
matches(const struct filter *at, struct span day, int32_t strike)
{
	if (at->first[0] != '\0' && span_cmp(day, span_str(at->first)) < 0)
		return false;
	if (at->last[0] != '\0' && span_cmp(day, span_str(at->last)) > 0)
		return false;
	return strike >= at->lowest &&
	       (at->highest == 0 || strike <= at->highest);
}

bool
filter_match_id(const struct filter *at, const struct geom_id *id)
{
	return matches(at, span_str(id->expiration), id->strike_milli);
}

bool
filter_match(const struct filter *at, const struct contract *c)
{
	int32_t strike = 0;

	if ((at->lowest != 0 || at->highest != 0) &&
	    geom_strike_parse(c->f[CF_STRIKE], &strike) != 0)
		return false;
	return matches(at, c->f[CF_EXPIRATION], strike);
}
