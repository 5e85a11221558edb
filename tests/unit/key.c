/* SPDX-License-Identifier: ISC */
/* Names of keys, prefixes, epoch ids. */
#include <stdlib.h>

#include "check.h"
#include "key.h"

static struct buf name;

static const char *
key(const struct keys *k, enum key_name n, const char *of, const char *sub)
{
	buf_clear(&name);
	key_add(&name, k, n, span_str(of), span_str(sub));
	return name.p;
}

static void
test_names(void)
{
	struct keys k = {""}, p = {"{spx}:"};
	static const char id[] = "SPX:1700000000:1f3a";

	test_begin("every key has the name of the contract");
	CHECK_STR(key(&k, KEY_ACTIVE, NULL, NULL), "epoch:active");
	CHECK_STR(key(&k, KEY_DIRTY, NULL, NULL), "epoch:dirty");
	CHECK_STR(key(&k, KEY_CLEAN, NULL, NULL), "epoch:clean");
	CHECK_STR(key(&k, KEY_MODELS, NULL, NULL), "epoch:models");
	CHECK_STR(key(&k, KEY_STAGING, NULL, NULL), "epoch:staging");
	CHECK_STR(key(&k, KEY_LAST, NULL, NULL), "epoch:last");
	CHECK_STR(key(&k, KEY_CONFIG, NULL, NULL), "epoch:config");
	CHECK_STR(key(&k, KEY_EVENTS, NULL, NULL), "epoch:events");
	CHECK_STR(key(&k, KEY_TIMELINE, "SPX", NULL), "epoch:timeline:SPX");
	CHECK_STR(key(&k, KEY_PENDING, "SPX", NULL), "epoch:pending:SPX");
	CHECK_STR(key(&k, KEY_JOURNAL, "SPX", NULL), "epoch:journal:SPX");
	CHECK_STR(
	    key(&k, KEY_META, id, NULL), "epoch:meta:SPX:1700000000:1f3a");
	CHECK_STR(key(&k, KEY_HAD_WS, id, NULL),
	    "epoch:SPX:1700000000:1f3a:had_ws_updates");
	CHECK_STR(key(&k, KEY_GEOMETRY, id, NULL),
	    "epoch:SPX:1700000000:1f3a:geometry");
	CHECK_STR(key(&k, KEY_CHANGED, id, NULL),
	    "epoch:SPX:1700000000:1f3a:changed");
	CHECK_STR(
	    key(&k, KEY_FENCE, id, NULL), "epoch:SPX:1700000000:1f3a:fence");
	CHECK_STR(key(&k, KEY_CONTRACT, id, "O:SPX250620C05000000"),
	    "epoch:SPX:1700000000:1f3a:contract:O:SPX250620C05000000");
	CHECK_STR(key(&k, KEY_MODEL, id, "gex"),
	    "epoch:SPX:1700000000:1f3a:model:gex");
	test_begin("a prefix stands before every name");
	CHECK_STR(key(&p, KEY_LAST, NULL, NULL), "{spx}:epoch:last");
	CHECK_STR(
	    key(&p, KEY_TIMELINE, "SPX", NULL), "{spx}:epoch:timeline:SPX");
}

static bool
prefix_taken(const char *value)
{
	struct keys k;
	struct err e = {0};
	int rc;

	setenv("EPOCH_PREFIX", value, 1);
	rc = keys_init(&k, &e);
	unsetenv("EPOCH_PREFIX");
	if (rc == 0)
		CHECK_STR(k.prefix, value);
	else
		CHECK_INT(e.exit, EX_CONFIG);
	return rc == 0;
}

static void
test_prefix(void)
{
	static const char *const good[] = {
	    "", "a", "test:", "{spx}:", "a{b}", "A.z_9-:", "{a}"};
	static const char *const bad[] = {"a b", "{", "}", "{}", "}a{",
	    "{a}{b}", "{{a}}", "{a", "a}", "a/b", "a*", "a\n", "\xc3\xa4",
	    "a\"b"};
	char longest[KEY_PREFIX_MAX + 2];
	struct keys k;
	struct err e;

	test_begin("prefixes: letters of the whitelist and at most one tag");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(prefix_taken(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!prefix_taken(bad[i]));
	memset(longest, 'x', sizeof(longest));
	longest[KEY_PREFIX_MAX + 1] = '\0';
	CHECK(!prefix_taken(longest));
	longest[KEY_PREFIX_MAX] = '\0';
	CHECK(prefix_taken(longest));
	CHECK(keys_init(&k, &e) == 0 && k.prefix[0] == '\0');
}

/* Parsed parts, and that they print as what was parsed. */
static void
check_id(const char *text, const char *symbol, int64_t seconds, const char *hex)
{
	struct epoch_id id;
	char again[EPOCH_ID_MAX];

	if (!CHECK(epoch_id_parse(span_str(text), &id) == 0))
		return;
	CHECK_STR(id.symbol, symbol);
	CHECK_INT(id.seconds, seconds);
	CHECK_STR(id.hex, hex);
	epoch_id_text(&id, again);
	CHECK_STR(again, text);
}

static void
test_ids(void)
{
	static const char *const bad[] = {"", ":", "::", "SPX", "SPX:1",
	    "SPX:1:", "SPX::a", ":1:a", "SPX:1:g", "SPX:1:A", "SPX:01:a",
	    "SPX:0:a", "SPX:-1:a", "SPX: 1:a", "SPX:1 :a", "SPX:1:a ",
	    "SPX:1:a\n", "SPX:1:123456789", "SPX:253402300800:a",
	    "SPX:99999999999999999999:a", "spx:1:a", "S X:1:a", "I:SPX:1:a",
	    "ABCDEFGHIJKLMNOPQ:1:a", "{SPX}:1:a", "-SPX:1:a", "SPX:0x1:a",
	    "*:1:a", "SPX:1:a:b"};
	struct epoch_id id;

	test_begin("epoch ids: the good ones, and print after parse");
	check_id("SPX:1700000000:1f3a", "SPX", 1700000000, "1f3a");
	check_id("SPX:1700000000:abc", "SPX", 1700000000, "abc");
	check_id("BRK.B:1:0", "BRK.B", 1, "0");
	check_id("ABCDEFGHIJKLMNOP:253402300799:12345678", "ABCDEFGHIJKLMNOP",
	    INT64_C(253402300799), "12345678");
	test_begin("epoch ids: the bad ones");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (epoch_id_parse(span_str(bad[i]), &id) == 0)
			check_that(false, bad[i], __FILE__, __LINE__);
	CHECK(epoch_id_parse((struct span){"SPX:1:a\0", 8}, &id) < 0);
	CHECK(epoch_id_parse((struct span){"SPX:1:ab", 7}, &id) == 0);
	CHECK_STR(id.hex, "a");
}

int
main(void)
{
	test_names();
	test_prefix();
	test_ids();
	buf_free(&name);
	return test_done();
}
