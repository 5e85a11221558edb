/* SPDX-License-Identifier: ISC */
/*
 * symbol: see symbol.h.
 *
 * The table of indices is only for bare names (SPX): a vendor's own mark
 * (I:, _ or ^) says index by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbol.h"

/* Indices with listed options, sorted. */
static const char *const indices[] = {
    "DJX",
    "MRUT",
    "MXACW",
    "MXEA",
    "MXEF",
    "MXUSA",
    "MXWLD",
    "NANOS",
    "NDX",
    "OEX",
    "RLG",
    "RLV",
    "RUI",
    "RUT",
    "SPEQX",
    "SPESG",
    "SPX",
    "VIX",
    "XEO",
    "XND",
    "XSP",
};

static int
compare_name(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

static bool
is_known_index(const char *name)
{
	return bsearch(name, indices, sizeof(indices) / sizeof(indices[0]),
		   sizeof(indices[0]), compare_name) != NULL;
}

static bool
is_alnum(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
symbol_valid(struct span text)
{
	if (text.n == 0 || text.n > SYMBOL_MAX || !is_alnum(text.p[0]))
		return false;
	for (size_t i = 1; i < text.n; i++)
		if (!is_alnum(text.p[i]) && text.p[i] != '.' &&
		    text.p[i] != '-')
			return false;
	return true;
}

int
symbol_parse(struct span text, bool equity, struct symbol *out)
{
	bool marked = false;

	if (text.n >= 2 && memcmp(text.p, "I:", 2) == 0) {
		marked = true;
		text.p += 2;
		text.n -= 2;
	} else if (text.n >= 1 && (text.p[0] == '_' || text.p[0] == '^')) {
		marked = true;
		text.p++;
		text.n--;
	}
	if (text.n == 0 || text.n > SYMBOL_MAX)
		return -1;
	memcpy(out->name, text.p, text.n);
	out->name[text.n] = '\0';
	for (size_t i = 0; i < text.n; i++)
		if (out->name[i] == '/')
			out->name[i] = '.';
	if (!symbol_valid((struct span){out->name, text.n}))
		return -1;
	out->is_index = marked || (!equity && is_known_index(out->name));
	return 0;
}

void
symbol_cboe(const struct symbol *s, char *out)
{
	snprintf(out, SYMBOL_MAX + 2, "%s%s", s->is_index ? "_" : "", s->name);
}

void
symbol_massive(const struct symbol *s, char *out)
{
	snprintf(out, SYMBOL_MAX + 3, "%s%s", s->is_index ? "I:" : "", s->name);
}
