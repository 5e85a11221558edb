/* SPDX-License-Identifier: ISC */
/* What stands above the bars of a profile: which epoch, by which conventions,
 * the totals and the levels. */
#include <math.h>
#include <stdio.h>

#include "profile.h"
#include "published.h"

bool
profile_has_second(const struct profile *p)
{
	return json_object_get(p->rec.value, "crossings_sticky_moneyness") !=
	       NULL;
}

/* "name 1.5%" as an item of a line. */
static void
add_value(struct screen_line *l, const char *name, double v, const char *unit)
{
	char item[80];
	struct buf b = {0};

	if (isnan(v))
		buf_char(&b, '-');
	else
		screen_price(&b, v, 2);
	snprintf(item, sizeof(item), "%s%s%s", name, b.p, isnan(v) ? "" : unit);
	screen_item(l, item);
	buf_free(&b);
}

static void
add_amount(struct screen_line *l, const char *name, double v)
{
	char item[80];
	struct buf b = {0};

	screen_amount(&b, v);
	snprintf(item, sizeof(item), "%s %s", name, b.p);
	screen_item(l, item);
	buf_free(&b);
}

static void
put_conventions(const struct profile *p, struct buf *b)
{
	static const char *const words[][2] = {{"unit", ""}, {"sign", ""},
	    {"gamma", "gamma "}, {"wall_rule", "walls "},
	    {"flip_rule", "flip "}};
	struct screen_line l = screen_line(p->screen, b, ", ");
	char item[80];

	for (size_t i = 0; i < 5; i++) {
		snprintf(item, sizeof(item), "%s%s", words[i][1],
		    published_text(&p->rec, words[i][0]));
		screen_item(&l, item);
	}
	buf_char(b, '\n');
}

static void
put_sums(const struct profile *p, struct buf *b)
{
	const struct rec *r = &p->rec;
	struct screen_line l = screen_line(p->screen, b, "  ");

	add_amount(&l, "net", published_number(r->value, "net"));
	add_amount(&l, "calls", published_number(r->value, "gross_call"));
	add_amount(&l, "puts", published_number(r->value, "gross_put"));
	add_value(
	    &l, "0DTE ", 100 * published_number(r->value, "share_0dte"), "%");
	add_value(&l, "P/C ", published_number(r->value, "put_call_oi"), "");
	add_value(
	    &l, "move +-", published_number(r->value, "expected_move"), "");
	buf_char(b, '\n');
	l = screen_line(p->screen, b, "  ");
	for (const struct profile_level *v = profile_levels; v->field != NULL;
	     v++) {
		char name[40];

		snprintf(name, sizeof(name), "%s ", v->name);
		if (!v->extra)
			add_value(
			    &l, name, published_number(r->value, v->field), "");
	}
	buf_char(b, '\n');
	if (!profile_has_second(p))
		return;
	l = screen_line(p->screen, b, ", ");
	add_value(&l, "2nd flip ",
	    published_number(r->value, "flip_sticky_moneyness"), "");
	screen_item(&l, "sticky-moneyness");
	buf_char(b, '\n');
}

void
profile_title(const struct profile *p, int64_t seq, struct buf *b)
{
	struct screen_line l;
	char item[80];

	published_subject(p->screen, &p->rec, seq, b);
	put_conventions(p, b);
	put_sums(p, b);
	l = screen_line(p->screen, b, " ");
	screen_item(&l, "a row: strikes from its own");
	snprintf(item, sizeof(item), "to below %g more", p->step);
	screen_item(&l, item);
	buf_str(b, "\n\n");
}
