/* SPDX-License-Identifier: ISC */
/*
 * published: what models have published of an epoch, for --gex and --heatmap.
 */
#ifndef INSPECT_PUBLISHED_H
#define INSPECT_PUBLISHED_H

#include "inspect.h"
#include "rec.h"
#include "screen.h"
#include "words.h"

/* A view of what a model publishes. */
struct published {
	const char *model; /* unless --name */
	/* Show what there is of an epoch whose seq is seq by now: 1, or -1 and
	 * *e when there is nothing. */
	int (*show)(struct inspect *in, const struct target *t, int64_t seq,
	    struct err *e);
};

/* Show every epoch that is meant, an empty line between two.  What one lacks
 * is reported and does not hide the others.  -1 and *e: Redis is away. */
int published_show(
    struct inspect *in, const struct published *p, struct err *e);

/* The record in a field, of that type: 1, 0 not there, -1 and *e. */
int published_record(struct inspect *in, const struct published *p,
    const char *id, struct span field, const char *type, struct rec *r,
    struct err *e);

/* The names of all fields, appended.  -1 and *e. */
int published_fields(struct inspect *in, const struct published *p,
    const char *id, struct words *names, struct err *e);

/* The line that begins a picture: which epoch, spot, how many changes it is
 * behind the epoch's seq now. */
void published_subject(
    const struct screen *s, const struct rec *r, int64_t now, struct buf *b);

/* A number in it, NaN when it is not there; a string, "-" when it is not. */
double published_number(const json_t *object, const char *name);
const char *published_text(const struct rec *r, const char *name);

#endif
