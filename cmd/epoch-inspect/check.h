/* SPDX-License-Identifier: ISC */
/*
 * check: what must always hold (docs/ARCHITECTURE.md), looked at from
 * outside.  A finding is one line "SYMBOL: CODE: text" on stdout.
 */
#ifndef EPOCH_CHECK_H
#define EPOCH_CHECK_H

#include "inspect.h"

struct check {
	struct inspect *in;
	const char *symbol;
	size_t found;     /* findings of this symbol */
	size_t epochs;    /* walked */
	size_t contracts; /* walked */
};

/* check_found.c: tell a finding. */
void check_found(struct check *c, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* An epoch of a timeline. */
struct seen {
	struct span text; /* as the timeline has it */
	bool well_formed;
	struct epoch_id id;
	char name[EPOCH_ID_MAX]; /* "" when not well-formed */
	struct hash meta;
	bool staged; /* also listed as a reservation */
};

/* moment.c: one moment of a symbol. */
struct moment {
	struct word_text {
		struct buf text;
		bool there;
	} active, active_after, last;
	struct buf ids_own, after_own;
	struct span *ids, *after;
	size_t n, n_after;
	struct seen *epochs; /* newest first; the active one is appended when
			      * the timeline lacks it */
	size_t n_epochs;
	bool tracked;    /* active is dirty or clean */
	bool tail_there; /* the oldest one's prev still has meta */
};

/* Read it so that no promotion fell between its parts: 1; 0 when one always
 * did, -1 and *e. */
int moment_read(struct check *c, struct moment *s, struct err *e);
void moment_free(struct moment *s);

/* check_chain.c */
void check_chain(struct check *c, const struct moment *s);
/* Was epoch i replaced because it was damaged?  Then that is no news. */
bool was_damaged(const struct moment *s, size_t i);

/* check_epoch.c: meta alone; and, by its id, all else of one epoch. */
void check_meta(struct check *c, const struct seen *s);
int check_epoch(
    struct check *c, const struct seen *s, bool active, struct err *e);

/* check_marks.c: -1 and *e. */
int check_changed(struct check *c, const struct seen *s, const struct span *ids,
    size_t n, struct err *e);
int check_had_ws(struct check *c, const struct seen *s, struct err *e);

/* check_models.c: of the active epoch; -1 and *e. */
int check_models(struct check *c, const struct seen *s, struct err *e);

/* check_type.c: are these keys of their types?  1, 0 found, -1 and *e. */
int check_types_global(struct check *c, struct err *e);
int check_types_symbol(struct check *c, struct err *e);
int check_types_epoch(struct check *c, const char *id, struct err *e);
/* Of contracts: names those of a wrong type. */
int check_types_contracts(struct check *c, const char *id,
    const struct span *cids, size_t n, struct err *e);

#endif
