/* SPDX-License-Identifier: ISC */
/*
 * fuzz/key: epoch ids and prefixes are what a second, plainer reading says
 * they are; printing an id gives back what was read; no key's name holds a
 * byte that its prefix, symbol or id may not hold.
 *
 * Input: a line for the id, the rest for the prefix.
 */
#include <stdlib.h>

#include "key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static bool
all_of(struct span s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr(set, s.p[i]) == NULL)
			return false;
	return true;
}

/* ^[A-Z0-9][A-Z0-9.-]{0,15}:[1-9][0-9]{0,11}:[0-9a-f]{1,8}$, years to 9999 */
static bool
is_id(struct span s)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	struct span part[3] = {SPAN_NONE, SPAN_NONE, SPAN_NONE};
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != ':')
			continue;
		if (n == 3)
			return false;
		part[n++] = (struct span){s.p + from, i - from};
		from = i + 1;
	}
	if (n != 3 || part[0].n < 1 || part[0].n > 16 ||
	    !all_of(part[0], upper) || part[0].p[0] == '.' ||
	    part[0].p[0] == '-')
		return false;
	if (part[1].n < 1 || part[1].n > 12 || !all_of(part[1], "0123456789") ||
	    part[1].p[0] == '0')
		return false;
	if (part[1].n == 12 && memcmp(part[1].p, "253402300799", 12) > 0)
		return false;
	return part[2].n >= 1 && part[2].n <= 8 &&
	       all_of(part[2], "0123456789abcdef");
}

static void
check_prefix(const char *prefix, struct span id)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				  "nopqrstuvwxyz0123456789_.{}:-";
	struct buf b = {0};
	struct keys k;
	struct err e;
	int open = 0, close = 0;

	setenv("EPOCH_PREFIX", prefix, 1);
	if (keys_init(&k, &e) < 0) {
		require(e.exit == EX_CONFIG);
		return;
	}
	require(strcmp(k.prefix, prefix) == 0);
	key_add(&b, &k, KEY_META, id, SPAN_NONE);
	require(all_of(buf_view(&b), set) && b.n < 64 + 64 + EPOCH_ID_MAX);
	for (const char *p = prefix; *p != '\0'; p++) {
		open += *p == '{';
		close += *p == '}';
		require(open >= close);
	}
	require(open == close && open <= 1);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span all = {(const char *)data, n}, id = all;
	struct epoch_id parts;
	char text[EPOCH_ID_MAX], *prefix;
	const char *nl = n == 0 ? NULL : memchr(data, '\n', n);

	if (nl != NULL)
		id.n = (size_t)(nl - all.p);
	require((epoch_id_parse(id, &parts) == 0) == is_id(id));
	if (is_id(id)) {
		epoch_id_text(&parts, text);
		require(span_eq(span_str(text), id));
	}
	if (nl != NULL) {
		prefix = mem_alloc(n - id.n);
		memcpy(prefix, nl + 1, n - id.n - 1);
		prefix[n - id.n - 1] = '\0';
		check_prefix(prefix, SPAN_LIT("SPX:1700000000:1f3a"));
		free(prefix);
	}
	return 0;
}
