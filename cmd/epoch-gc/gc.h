/* SPDX-License-Identifier: ISC */
/*
 * gc: what the parts of epoch-gc share.  Each act that was done is one record
 * on stdout; what could not be done is one line on stderr and a status.
 */
#ifndef GC_H
#define GC_H

#include "act.h"
#include "policy.h"
#include "retire.h"
#include "stream.h"
#include "symbol.h"

struct gc {
	struct act act;
	struct out out;
	struct gc_policy policy;
	bool dry;               /* say what would be done */
	bool erase;             /* meta and timeline, too */
	struct symbol *symbols; /* none: all */
	size_t n_symbols;
	int64_t now; /* Redis's time at the start, ms */
	int status;  /* the worst so far */
	struct buf line;
	uint64_t seen, sealed, retired, resumed, erased;
	uint64_t condemned, swept, contracts;
};

/* tell.c.  Report *e about subject and remember its status. */
void gc_fail(struct gc *g, const char *subject, const struct err *e);

/* A record: gc_begin, fields, gc_end. */
void gc_begin(struct gc *g, const char *act);
void gc_end(struct gc *g);

/* One line of counters on stderr. */
void gc_show(const struct gc *g);

/* alone.c: no epoch waits for that model any more (member: NAME or
 * NAME@SYMBOL); an epoch stays, or need not any more.  -1 and *e. */
int gc_forget(struct gc *g, const char *member, struct err *e);
int gc_keep(struct gc *g, const char *id, bool stays, struct err *e);

/* walk.c: seal, retire, go on with retiring, erase, along the timelines.
 * sweep.c: reservations that will not be committed.  -1 and *e when Redis
 * could not be asked any more. */
int gc_walk(struct gc *g, struct err *e);
int gc_sweep(struct gc *g, struct err *e);

#endif
