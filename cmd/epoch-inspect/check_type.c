/* SPDX-License-Identifier: ISC */
/* Types first: with a wrong one nothing else can be read. */
#include "check.h"

static const struct typed {
	enum key_name name;
	const char *type, *sub;
} global_keys[] =
    {
	{KEY_ACTIVE, "hash", NULL},
	{KEY_DIRTY, "set", NULL},
	{KEY_CLEAN, "set", NULL},
	{KEY_MODELS, "set", NULL},
	{KEY_STAGING, "zset", NULL},
	{KEY_LAST, "hash", NULL},
	{KEY_CONFIG, "hash", NULL},
},
  symbol_keys[] =
      {
	  {KEY_TIMELINE, "list", NULL},
	  {KEY_PENDING, "hash", NULL},
	  {KEY_JOURNAL, "stream", NULL},
},
  epoch_keys[] = {
      {KEY_META, "hash", NULL},
      {KEY_HAD_WS, "string", NULL},
      {KEY_GEOMETRY, "string", NULL},
      {KEY_CHANGED, "zset", NULL},
      {KEY_FENCE, "string", NULL},
      {KEY_MODEL, "hash", "heatmap"},
      {KEY_MODEL, "hash", "gex"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The answer to one TYPE. */
struct typing {
	struct check *c;
	const char *want;
	struct buf key;
	size_t *wrong;
};

static void
judge(const struct db_val *v, void *ctx)
{
	struct typing *t = ctx;
	struct span is = db_str(v);

	if (span_eq(is, SPAN_LIT("none")) || span_eq(is, span_str(t->want)))
		return;
	++*t->wrong;
	check_found(t->c, "TYPE", "%s is a %.*s, not a %s", t->key.p, (int)is.n,
	    is.p, t->want);
}

static int
check_types(struct check *c, const struct typed *keys, size_t n, struct span of,
    struct err *e)
{
	struct typing t[16] = {{0}};
	struct err drained;
	size_t wrong = 0;
	int rc = 0;

	for (size_t i = 0; i < n && i < COUNT(t) && rc == 0; i++) {
		struct span argv[2] = {SPAN_LIT("TYPE")};

		t[i].c = c;
		t[i].want = keys[i].type;
		t[i].wrong = &wrong;
		key_add(&t[i].key, c->in->view.keys, keys[i].name, of,
		    span_str(keys[i].sub));
		argv[1] = buf_view(&t[i].key);
		rc = db_push(c->in->view.db, argv, 2, judge, &t[i], e);
	}
	if (db_drain(c->in->view.db, &drained) < 0 && rc == 0) {
		*e = drained;
		rc = -1;
	}
	for (size_t i = 0; i < COUNT(t); i++)
		buf_free(&t[i].key);
	return rc < 0 ? -1 : wrong == 0;
}

int
check_types_global(struct check *c, struct err *e)
{
	return check_types(c, global_keys, COUNT(global_keys), SPAN_NONE, e);
}

int
check_types_symbol(struct check *c, struct err *e)
{
	return check_types(
	    c, symbol_keys, COUNT(symbol_keys), span_str(c->symbol), e);
}

int
check_types_epoch(struct check *c, const char *id, struct err *e)
{
	return check_types(c, epoch_keys, COUNT(epoch_keys), span_str(id), e);
}

int
check_types_contracts(struct check *c, const char *id, const struct span *cids,
    size_t n, struct err *e)
{
	struct typed one = {KEY_CONTRACT, "hash", NULL};
	char cid[64];
	int rc = 1;

	/* One by one: this is rare, and only the first few are named. */
	for (size_t i = 0, named = 0; i < n && named < 10 && rc >= 0; i++) {
		if (cids[i].n >= sizeof(cid))
			continue;
		memcpy(cid, cids[i].p, cids[i].n);
		cid[cids[i].n] = '\0';
		one.sub = cid;
		rc = check_types(c, &one, 1, span_str(id), e);
		named += rc == 0;
	}
	return rc;
}
