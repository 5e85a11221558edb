/* SPDX-License-Identifier: ISC */
#include "key.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* 9999-12-31: later seconds are a unit error, not a time. */
#define SECONDS_MAX INT64_C(253402300799)

enum part { NONE, OF, OF_SUB };

/* The name is head, then the symbol or id, then tail, then the sub-name. */
static const struct key_form {
	const char *head, *tail;
	enum part part;
} forms[] = {
    [KEY_ACTIVE] = {"epoch:active", "", NONE},
    [KEY_DIRTY] = {"epoch:dirty", "", NONE},
    [KEY_CLEAN] = {"epoch:clean", "", NONE},
    [KEY_MODELS] = {"epoch:models", "", NONE},
    [KEY_STAGING] = {"epoch:staging", "", NONE},
    [KEY_LAST] = {"epoch:last", "", NONE},
    [KEY_CONFIG] = {"epoch:config", "", NONE},
    [KEY_EVENTS] = {"epoch:events", "", NONE},
    [KEY_TIMELINE] = {"epoch:timeline:", "", OF},
    [KEY_PENDING] = {"epoch:pending:", "", OF},
    [KEY_JOURNAL] = {"epoch:journal:", "", OF},
    [KEY_META] = {"epoch:meta:", "", OF},
    [KEY_HAD_WS] = {"epoch:", ":had_ws_updates", OF},
    [KEY_GEOMETRY] = {"epoch:", ":geometry", OF},
    [KEY_CHANGED] = {"epoch:", ":changed", OF},
    [KEY_FENCE] = {"epoch:", ":fence", OF},
    [KEY_CONTRACT] = {"epoch:", ":contract:", OF_SUB},
    [KEY_MODEL] = {"epoch:", ":model:", OF_SUB},
};

/* Letters of a prefix, braces aside.  Not isalnum(): no locale. */
static bool
prefix_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' ||
	       c == '-';
}

/* No brace, or one "{tag}" that is not empty: an empty one would make Redis
 * Cluster hash the whole name and spread an epoch over many slots. */
static bool
prefix_ok(const char *s, size_t n)
{
	size_t open = n, close = n;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '{' && open == n && close == n)
			open = i;
		else if (s[i] == '}' && open < n && close == n)
			close = i;
		else if (!prefix_char(s[i]))
			return false;
	}
	return open == n || (close < n && close > open + 1);
}

int
keys_init(struct keys *k, struct err *e)
{
	const char *s = getenv("EPOCH_PREFIX");
	size_t n;

	k->prefix[0] = '\0';
	if (s == NULL)
		return 0;
	n = strlen(s);
	if (n > KEY_PREFIX_MAX || !prefix_ok(s, n))
		return err_set(e, EX_CONFIG, "PREFIX",
		    "EPOCH_PREFIX is not at most %d of A-Z a-z 0-9 _ . : - "
		    "with at most one {tag}",
		    KEY_PREFIX_MAX);
	memcpy(k->prefix, s, n + 1);
	return 0;
}

void
key_add(struct buf *b, const struct keys *k, enum key_name name, struct span of,
    struct span sub)
{
	const struct key_form *f = &forms[name];

	assert((f->part == NONE) == (of.p == NULL));
	assert((f->part == OF_SUB) == (sub.p != NULL));
	buf_str(b, k->prefix);
	buf_str(b, f->head);
	buf_span(b, of);
	buf_str(b, f->tail);
	buf_span(b, sub);
}

static bool
is_hex(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') &&
		    !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return s.n > 0;
}

/* The bytes behind the last colon of *s, which loses them and the colon. */
static struct span
last_part(struct span *s)
{
	size_t i = s->n;
	struct span part;

	while (i > 0 && s->p[i - 1] != ':')
		i--;
	if (i == 0)
		return SPAN_NONE;
	part = (struct span){s->p + i, s->n - i};
	s->n = i - 1;
	return part;
}

int
epoch_id_parse(struct span text, struct epoch_id *out)
{
	struct span symbol = text, hex, seconds;

	if (text.n >= EPOCH_ID_MAX)
		return -1;
	hex = last_part(&symbol);
	seconds = last_part(&symbol);
	if (hex.p == NULL || seconds.p == NULL || !symbol_valid(symbol))
		return -1;
	if (hex.n >= sizeof(out->hex) || !is_hex(hex))
		return -1;
	/* No leading zero: one id has one text. */
	if (seconds.n == 0 || seconds.p[0] == '0' ||
	    span_int(seconds, &out->seconds) < 0 || out->seconds > SECONDS_MAX)
		return -1;
	memcpy(out->symbol, symbol.p, symbol.n);
	out->symbol[symbol.n] = '\0';
	memcpy(out->hex, hex.p, hex.n);
	out->hex[hex.n] = '\0';
	return 0;
}

void
epoch_id_text(const struct epoch_id *id, char out[EPOCH_ID_MAX])
{
	int n = snprintf(out, EPOCH_ID_MAX, "%s:%" PRId64 ":%s", id->symbol,
	    id->seconds, id->hex);

	assert(n > 0 && n < EPOCH_ID_MAX);
}
