/* SPDX-License-Identifier: ISC */
#include "policy.h"

#include <stddef.h>

/* Why it must stay whatever its age, or NULL. */
static const char *
must_stay(const struct gc_policy *p, const struct gc_facts *f, int64_t now_ms)
{
	if (f->active)
		return "active";
	if (!f->superseded)
		return "unfinished";
	if (f->dirty)
		return "dirty";
	if (f->kept)
		return "keep";
	if (f->superseded_ts > now_ms - p->grace_ms)
		return "grace";
	return NULL;
}

enum gc_plan
gc_decide(const struct gc_policy *p, const struct gc_facts *f, int64_t now_ms,
    const char **why)
{
	*why = NULL;
	if (f->retired)
		return f->indexed ? GC_RESUME : GC_GONE;
	*why = must_stay(p, f, now_ms);
	if (*why != NULL)
		return GC_STAY;
	if (p->max_age_ms > 0 && f->superseded_ts <= now_ms - p->max_age_ms) {
		*why = "max_age";
		return GC_RETIRE;
	}
	*why = f->newer < p->keep ? "newest" : "surplus";
	return f->newer < p->keep ? GC_STAY : GC_RETIRE;
}
