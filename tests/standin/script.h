/* SPDX-License-Identifier: ISC */
/*
 * script: which faults a request meets.
 *
 * A line is a rule, '#' begins a comment:
 *
 *	[on WHICH [of SYMBOL]] [once | always | times N] FAULT...
 *
 * WHICH, "all" when there is none, is one of
 *
 *	all		every request
 *	request R	the R-th request since the start, whatever it asks
 *	page R		the R-th page of a chain walk
 *	contract	a single contract
 *	document	CBOE's document
 *
 * and R is N, N-M or N- (from N on).  Pages are counted by their place in
 * what the walk selects, so page 3 asked for twice is page 3 twice; parallel
 * walks have each their own.  once and times N count the requests that the
 * rule met, always is the rule.  Words with blanks are put in '…' or "…".
 * Every rule that matches adds its faults; of two that contradict each other
 * the later wins.  The faults are in faults.def.
 *
 * Layer: knows common.
 */
#ifndef STANDIN_SCRIPT_H
#define STANDIN_SCRIPT_H

#include "buf.h"
#include "err.h"
#include "words.h"

enum fault_kind {
#define FAULT(id, name, spec, args, help) F_##id,
#include "faults.def"
#undef FAULT
	FAULT_KINDS
};

#define FAULT_ARGS 3

struct fault {
	enum fault_kind kind;
	struct span text[FAULT_ARGS]; /* as written; SPAN_NONE: not given */
	int64_t n[FAULT_ARGS];        /* of the numbers and sizes among them */
	bool is_percent[FAULT_ARGS];
};

enum route { ROUTE_NONE, ROUTE_CHAIN, ROUTE_CONTRACT, ROUTE_DOCUMENT };

struct rule;

struct script {
	struct rule **rules; /* private */
	size_t n;
	struct buf text;
};

/* What one request meets. */
#define PLAN_MAX 64
struct plan {
	const struct fault *faults[PLAN_MAX];
	size_t n;
	struct buf names; /* of the rules, as a JSON array's inside */
};

/* -1 and *e (66, or 64 with the line's number). */
int script_load(struct script *s, const char *file, struct err *e);
void script_free(struct script *s);

/* One more rule behind the others.  -1 and *e (64). */
int script_add(struct script *s, struct span text, struct err *e);

/* No rule applies any more, until one is added. */
void script_end(struct script *s);

/* page is 0 and symbol "" where there is none. */
void script_meet(struct script *s, int64_t request, enum route route,
    int64_t page, const char *symbol, struct plan *plan);
void plan_free(struct plan *plan);

/* The last fault of that kind, or NULL. */
const struct fault *plan_find(const struct plan *plan, enum fault_kind kind);

/* A size of arguments: N or N% of whole, never more than it. */
size_t fault_size(const struct fault *f, int arg, size_t whole);

/* The grammar and the list of faults, for --help. */
void script_help(struct buf *b);

#endif
