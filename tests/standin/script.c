/* SPDX-License-Identifier: ISC */
/* script: see script.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"
#include "rec.h"
#include "script.h"
#include "token.h"

#define RULE_FAULTS 16

static const struct fault_info {
	const char *name, *spec, *args, *help;
} infos[FAULT_KINDS] = {
#define FAULT(id, name, spec, args, help) {name, spec, args, help},
#include "faults.def"
#undef FAULT
};

enum which { ON_ALL, ON_REQUEST, ON_PAGE, ON_CONTRACT, ON_DOCUMENT };

static const char *const whichs[] = {
    "all", "request", "page", "contract", "document"};

struct rule {
	enum which which;
	int64_t lo, hi;
	struct span symbol; /* SPAN_NONE: any */
	int64_t left;       /* how often still; -1: always */
	struct fault faults[RULE_FAULTS];
	size_t n;
	struct span text;
	char *own; /* of one that was added: the text's copy */
};

static int
bad(struct err *e, const char *what, struct span word)
{
	return err_set(e, EX_USAGE, "SCRIPT", "%s: %.*s", what,
	    (int)(word.n > 80 ? 80 : word.n), word.p == NULL ? "" : word.p);
}

static int
read_range(struct line *l, struct rule *r, struct err *e)
{
	struct span word = line_next(l), lo = word, hi = word;

	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '-') {
			lo.n = i;
			hi = (struct span){word.p + i + 1, word.n - i - 1};
			break;
		}
	}
	r->hi = INT64_MAX;
	if (word.p == NULL || span_int(lo, &r->lo) != 0 ||
	    (hi.n > 0 && span_int(hi, &r->hi) != 0) || r->lo < 1 ||
	    r->hi < r->lo)
		return bad(e, "not N, N-M or N-", word);
	return 0;
}

static int
read_which(struct line *l, struct rule *r, struct err *e)
{
	struct span word = line_next(l);
	int i;

	for (i = 0; i <= ON_DOCUMENT; i++)
		if (span_eq(word, span_str(whichs[i])))
			break;
	if (i > ON_DOCUMENT)
		return bad(e, "unknown kind of request", word);
	r->which = (enum which)i;
	if ((i == ON_REQUEST || i == ON_PAGE) && read_range(l, r, e) != 0)
		return -1;
	if (line_take(l, "of")) {
		r->symbol = line_next(l);
		if (r->symbol.p == NULL)
			return bad(e, "no symbol behind", SPAN_LIT("of"));
	}
	return 0;
}

static int
read_number(struct fault *f, int arg, bool is_size, struct err *e)
{
	struct span digits = f->text[arg];

	if (is_size && digits.n > 1 && digits.p[digits.n - 1] == '%') {
		digits.n--;
		f->is_percent[arg] = true;
	}
	if (span_int(digits, &f->n[arg]) != 0 ||
	    (f->is_percent[arg] && f->n[arg] > 100))
		return bad(e, "not a number", f->text[arg]);
	return 0;
}

static int
is_fault(struct span word)
{
	for (int i = 0; i < FAULT_KINDS; i++)
		if (span_eq(word, span_str(infos[i].name)))
			return i;
	return -1;
}

/* Is word one of "a|b|c [more]"? */
static bool
is_choice(const char *choices, struct span word)
{
	size_t n;

	for (;; choices += n + 1) {
		n = strcspn(choices, "| ");
		if (span_eq(word, (struct span){choices, n}))
			return true;
		if (choices[n] != '|')
			return false;
	}
}

static int
read_arg(struct fault *f, int arg, char spec, struct err *e)
{
	struct span word = f->text[arg];

	switch (spec) {
	case 'n':
	case 'z':
		return read_number(f, arg, spec == 'z', e);
	case 'c':
		if (!is_choice(infos[f->kind].args, word))
			return bad(e, "unknown choice", word);
		return 0;
	case 'w':
		if (!is_choice("page|rows", word))
			return read_number(f, arg, false, e);
		return 0;
	default:
		return 0;
	}
}

static int
read_fault(struct line *l, struct fault *f, struct err *e)
{
	struct span word = line_next(l);
	int kind = is_fault(word), arg = 0;
	bool optional = false;

	if (kind < 0)
		return bad(e, "unknown fault", word);
	*f = (struct fault){.kind = (enum fault_kind)kind};
	for (const char *s = infos[kind].spec; *s != '\0'; s++) {
		if (*s == '?') {
			optional = true;
			continue;
		}
		if (l->at == l->n ||
		    (optional && is_fault(l->words[l->at]) >= 0)) {
			if (optional)
				break;
			return bad(e, "an argument is missing", word);
		}
		f->text[arg] = line_next(l);
		if (read_arg(f, arg, *s, e) != 0)
			return -1;
		arg++;
	}
	return 0;
}

static int
read_rule(struct rule *r, struct span text, struct err *e)
{
	struct line l;

	*r = (struct rule){.left = -1, .text = text};
	if (line_split(&l, text, e) != 0)
		return -1;
	if (l.n == 0)
		return 0;
	if (line_take(&l, "on") && read_which(&l, r, e) != 0)
		return -1;
	if (line_take(&l, "once"))
		r->left = 1;
	else if (line_take(&l, "times")) {
		if (l.at == l.n || span_int(l.words[l.at++], &r->left) != 0)
			return bad(e, "not a number", SPAN_LIT("times"));
	} else
		line_take(&l, "always");
	if (l.at == l.n)
		return bad(e, "no fault in", text);
	while (l.at < l.n) {
		if (r->n == RULE_FAULTS)
			return bad(e, "too many faults in", text);
		if (read_fault(&l, &r->faults[r->n++], e) != 0)
			return -1;
	}
	return 0;
}

/* Each by itself: answers on their way point to its faults. */
static void
keep(struct script *s, const struct rule *r)
{
	s->rules = mem_grow(s->rules, s->n + 1, sizeof(*s->rules));
	s->rules[s->n] = mem_alloc(sizeof(*r));
	*s->rules[s->n++] = *r;
}

int
script_load(struct script *s, const char *file, struct err *e)
{
	const char *p, *end, *stop;
	struct rule r;
	struct err inner;
	int line = 0;

	*s = (struct script){0};
	if (text_read(&s->text, file, e) != 0)
		return -1;
	p = buf_view(&s->text).p;
	for (end = p + s->text.n; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		line++;
		if (read_rule(&r, (struct span){p, (size_t)(stop - p)},
			&inner) != 0) {
			script_free(s);
			return err_set(e, EX_USAGE, "SCRIPT", "line %d: %s",
			    line, inner.text);
		}
		if (r.n == 0)
			continue;
		keep(s, &r);
	}
	return 0;
}

int
script_add(struct script *s, struct span text, struct err *e)
{
	char *own = mem_alloc(text.n + 1);
	struct rule r;

	memcpy(own, text.p, text.n);
	own[text.n] = '\0';
	if (read_rule(&r, (struct span){own, text.n}, e) != 0 || r.n == 0) {
		free(own);
		return -1;
	}
	r.own = own;
	keep(s, &r);
	return 0;
}

void
script_end(struct script *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->rules[i]->left = 0;
}

void
script_free(struct script *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->rules[i]->own);
		free(s->rules[i]);
	}
	free(s->rules);
	buf_free(&s->text);
	*s = (struct script){0};
}

static bool
matches(const struct rule *r, int64_t request, enum route route, int64_t page,
    const char *symbol)
{
	if (r->left == 0)
		return false;
	if (r->symbol.p != NULL && !span_eq(r->symbol, span_str(symbol)))
		return false;
	switch (r->which) {
	case ON_ALL:
		return true;
	case ON_REQUEST:
		return request >= r->lo && request <= r->hi;
	case ON_PAGE:
		return route == ROUTE_CHAIN && page >= r->lo && page <= r->hi;
	case ON_CONTRACT:
		return route == ROUTE_CONTRACT;
	default:
		return route == ROUTE_DOCUMENT;
	}
}

void
script_meet(struct script *s, int64_t request, enum route route, int64_t page,
    const char *symbol, struct plan *plan)
{
	*plan = (struct plan){.n = 0};
	for (size_t i = 0; i < s->n; i++) {
		struct rule *r = s->rules[i];

		if (!matches(r, request, route, page, symbol))
			continue;
		if (r->left > 0)
			r->left--;
		for (size_t j = 0; j < r->n && plan->n < PLAN_MAX; j++)
			plan->faults[plan->n++] = &r->faults[j];
		if (plan->names.n > 0)
			buf_char(&plan->names, ',');
		rec_quote(&plan->names, r->text);
	}
}

void
plan_free(struct plan *plan)
{
	buf_free(&plan->names);
}

const struct fault *
plan_find(const struct plan *plan, enum fault_kind kind)
{
	for (size_t i = plan->n; i > 0; i--)
		if (plan->faults[i - 1]->kind == kind)
			return plan->faults[i - 1];
	return NULL;
}

size_t
fault_size(const struct fault *f, int arg, size_t whole)
{
	size_t n = (size_t)f->n[arg];

	if (f->is_percent[arg])
		return whole * n / 100;
	return n < whole ? n : whole;
}

void
script_help(struct buf *b)
{
	buf_str(b,
	    "A script of faults has one rule a line ('#' begins a comment):\n"
	    "  [on WHICH [of SYMBOL]] [once | always | times N] FAULT...\n"
	    "WHICH: all, request R, page R, contract or document;\n"
	    "R: N, N-M or N-.  Words with blanks in '...' or \"...\".\n"
	    "Every rule that matches adds its faults, the later wins.\n"
	    "FAULT:\n");
	for (int i = 0; i < FAULT_KINDS; i++) {
		size_t from = b->n;

		buf_fmt(b, "  %s %s", infos[i].name, infos[i].args);
		if (b->n - from > 31)
			buf_fmt(b, "\n%32s", "");
		while (b->n - from < 32)
			buf_char(b, ' ');
		buf_fmt(b, "%s\n", infos[i].help);
	}
}
