/* SPDX-License-Identifier: ISC */
/*
 * doctor: facts about a server, read once, and rules that judge them.
 *
 * A fact is a name and a text: a setting (CONFIG GET, names with '-'), a line
 * of INFO (names with '_'), or one of ours (doctor_facts.c).
 */
#ifndef EPOCH_DOCTOR_H
#define EPOCH_DOCTOR_H

#include "inspect.h"

struct facts {
	struct buf text; /* "\nNAME:VALUE" and so on; the first counts */
};

/* SPAN_NONE when unknown. */
struct span fact_get(const struct facts *f, const char *name);
/* -1 when unknown or no number. */
int64_t fact_int(const struct facts *f, const char *name);

/* What the server says of itself.  Commands that this user may not send are
 * named in the fact "denied".  -1 and *e. */
int facts_read(struct inspect *in, struct facts *f, struct err *e);

/* How many reservations are old; apart, because it may fail by itself. */
int facts_read_staging(struct inspect *in, struct facts *f, struct err *e);

enum severity {
	SKIP, /* says nothing here */
	OK,
	ADVICE, /* the tools work; something is lost sooner than need be */
	WRONG   /* the tools refuse to work, or the state is in danger */
};

struct rule {
	const char *name;  /* of the fact, as shown */
	const char *other; /* where CONFIG is denied; or NULL */
	enum severity (*test)(const struct facts *f, struct span value);
	const char *what; /* to change, and why */
};

/* In the order in which they are shown; the last has no name. */
extern const struct rule doctor_server[];  /* doctor_server.c */
extern const struct rule doctor_clients[]; /* doctor_clients.c */

/* ---- for the tests of the rules ---- */

static inline bool
is(struct span value, const char *text)
{
	return span_eq(value, span_str(text));
}

static inline bool
fact_is(const struct facts *f, const char *name, const char *text)
{
	return is(fact_get(f, name), text);
}

static inline int64_t
number(struct span value)
{
	int64_t v;

	return span_int(value, &v) < 0 ? 0 : v;
}

static inline enum severity
advise(bool unless)
{
	return unless ? OK : ADVICE;
}

enum severity want_yes(const struct facts *f, struct span value);
enum severity want_zero(const struct facts *f, struct span value);

#endif
