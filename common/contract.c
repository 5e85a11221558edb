/* SPDX-License-Identifier: ISC */
/*
 * contract: see contract.h.
 */
#include <string.h>

#include "clock.h"
#include "contract.h"

#define INFO(field, name, kind, in_line) [field] = {name, kind, in_line},
const struct contract_field_info contract_fields[CF_COUNT] = {
    CONTRACT_FIELDS(INFO)};

const struct contract_group_info contract_groups[CG_COUNT] = {
    [CG_QUOTE] = {"quote", CF_BID, CF_ASK_SIZE, CF_QUOTE_TS, CF_QUOTE_SEQ},
    [CG_TRADE] = {"trade", CF_LAST, CF_LAST_SIZE, CF_TRADE_TS, CF_TRADE_SEQ},
    [CG_VOLUME] = {"volume", CF_VOLUME, CF_VOLUME, CF_VOLUME_TS, CF_VOLUME_SEQ},
    [CG_CHAIN] = {"chain", CF_IV, CF_OI, -1, -1},
};

/* Of a valid number: below zero?  -0.0 is not. */
static bool
is_negative(struct span number)
{
	if (number.p[0] != '-')
		return false;
	for (size_t i = 1; i < number.n; i++) {
		if (number.p[i] >= '1' && number.p[i] <= '9')
			return true;
		if (number.p[i] == 'e' || number.p[i] == 'E')
			break;
	}
	return false;
}

static size_t
count_digits(struct span text, size_t i)
{
	size_t from = i;

	while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9')
		i++;
	return i - from;
}

/* JSON's grammar, ≤ 64 bytes; an exponent of ≤ 2 digits, so that a double
 * can neither overflow nor lose the value. */
static bool
is_number(struct span t)
{
	size_t i, n;

	if (t.n == 0 || t.n > CONTRACT_VALUE_MAX)
		return false;
	i = t.p[0] == '-';
	n = count_digits(t, i);
	if (n == 0 || (n > 1 && t.p[i] == '0'))
		return false;
	i += n;
	if (i < t.n && t.p[i] == '.') {
		n = count_digits(t, ++i);
		if (n == 0)
			return false;
		i += n;
	}
	if (i < t.n && (t.p[i] == 'e' || t.p[i] == 'E')) {
		i++;
		if (i < t.n && (t.p[i] == '+' || t.p[i] == '-'))
			i++;
		n = count_digits(t, i);
		if (n == 0 || n > 2)
			return false;
		i += n;
	}
	return i == t.n;
}

bool
contract_number_ok(enum contract_kind kind, struct span number)
{
	int64_t v;

	switch (kind) {
	case CK_UNSIGNED:
		return !is_negative(number);
	case CK_TIME:
		return span_int(number, &v) == 0 && v > 0;
	case CK_SEQ:
		return span_int(number, &v) == 0;
	default:
		return true;
	}
}

bool
contract_value_ok(enum contract_kind kind, struct span text)
{
	switch (kind) {
	case CK_DATE:
		return clock_date_valid(text);
	case CK_RIGHT:
		return span_eq(text, SPAN_LIT("call")) ||
		       span_eq(text, SPAN_LIT("put"));
	default:
		return is_number(text) && contract_number_ok(kind, text);
	}
}

bool
contract_has(const struct contract *c, enum contract_group g)
{
	const struct contract_group_info *info = &contract_groups[g];

	for (int i = (int)info->first; i <= (int)info->last; i++)
		if (c->f[i].p != NULL)
			return true;
	return false;
}

/* A time or sequence number as an integer; absent is older than any. */
static int64_t
number_of(const struct contract *c, int field)
{
	int64_t v;

	if (field < 0 || span_int(c->f[field], &v) != 0)
		return -1;
	return v;
}

/* The next byte of n values joined by TAB, -1 behind the end.  *value and *at
 * walk on; both start at 0. */
static int
joined_byte(const struct span *v, size_t n, size_t *value, size_t *at)
{
	if (*value == n)
		return -1;
	if (*at < v[*value].n)
		return (unsigned char)v[*value].p[(*at)++];
	*at = 0;
	return ++*value == n ? -1 : '\t';
}

int
contract_values_cmp(const struct span *a, const struct span *b, size_t n)
{
	size_t va = 0, vb = 0, ia = 0, ib = 0;
	int ca, cb;

	do {
		ca = joined_byte(a, n, &va, &ia);
		cb = joined_byte(b, n, &vb, &ib);
	} while (ca == cb && ca != -1);
	return ca - cb;
}

static int
sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int
contract_cmp(
    const struct contract *a, const struct contract *b, enum contract_group g)
{
	const struct contract_group_info *info = &contract_groups[g];
	int r = sign(number_of(a, info->ts), number_of(b, info->ts));

	/* a missing seq is -1: the snapshot, before any tick */
	if (r == 0)
		r = sign(number_of(a, info->seq), number_of(b, info->seq));
	if (r == 0)
		r = contract_values_cmp(&a->f[info->first], &b->f[info->first],
		    (size_t)(info->last - info->first) + 1);
	return r;
}

void
contract_take(
    struct contract *dst, const struct contract *src, enum contract_group g)
{
	const struct contract_group_info *info = &contract_groups[g];

	for (int i = (int)info->first; i <= (int)info->last; i++)
		dst->f[i] = src->f[i];
	if (info->ts >= 0)
		dst->f[info->ts] = src->f[info->ts];
	if (info->seq >= 0)
		dst->f[info->seq] = src->f[info->seq];
}

void
contract_default_times(struct contract *c, struct span ts_text)
{
	for (int g = 0; g < CG_COUNT; g++) {
		int ts = contract_groups[g].ts;

		if (ts < 0)
			continue;
		if (!contract_has(c, (enum contract_group)g))
			c->f[ts] = SPAN_NONE; /* a time of nothing */
		else if (c->f[ts].p == NULL || g == CG_VOLUME)
			c->f[ts] = ts_text;
	}
}
