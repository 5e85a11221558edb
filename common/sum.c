/* SPDX-License-Identifier: ISC */
#include "sum.h"

#include "text.h"

void
sum_start(struct sum *s, const struct view *v)
{
	*s = (struct sum){.view = v};
	sha256_start(&s->sha);
}

void
sum_line(struct sum *s, struct span field, struct span value)
{
	buf_clear(&s->line);
	text_vis(&s->line, buf_view(&s->name));
	buf_char(&s->line, '\t');
	text_vis(&s->line, field);
	buf_char(&s->line, '\t');
	text_vis(&s->line, value);
	buf_char(&s->line, '\n');
	sha256_add(&s->sha, buf_view(&s->line));
	if (s->tell != NULL)
		s->tell(buf_view(&s->line), s->ctx);
}

void
sum_end(struct sum *s, char hash[SHA256_TEXT])
{
	sha256_end(&s->sha, hash);
	buf_free(&s->line);
	buf_free(&s->name);
}

struct span
sum_key(struct sum *s, struct buf *key, enum key_name name, struct span of,
    struct span sub)
{
	static const struct keys plain = {""};

	buf_clear(&s->name);
	key_add(&s->name, &plain, name, of, sub);
	buf_clear(key);
	key_add(key, s->view->keys, name, of, sub);
	return buf_view(key);
}

struct contract_sum {
	struct sum *s;
	const char *id;
	const struct span *cids;
	size_t next;
	bool values;
};

static bool
ends_seq(struct span name)
{
	return name.n > 4 && memcmp(name.p + name.n - 4, "_seq", 4) == 0;
}

static void
on_contract(const struct db_val *v, void *ctx)
{
	struct contract_sum *cs = ctx;
	struct hash h = {0};
	struct buf key = {0};

	hash_read(v, &h);
	cs->s->missing += h.n == 0;
	sum_key(
	    cs->s, &key, KEY_CONTRACT, span_str(cs->id), cs->cids[cs->next]);
	if (cs->values) { /* which epoch it is must not matter */
		buf_clear(&cs->s->name);
		buf_str(&cs->s->name, "contract:");
		buf_span(&cs->s->name, cs->cids[cs->next]);
	}
	for (size_t i = 0; i < h.n; i++)
		if (!cs->values || !ends_seq(h.f[i].name))
			sum_line(cs->s, h.f[i].name, h.f[i].value);
	cs->next++;
	buf_free(&key);
	hash_free(&h);
}

int
sum_board(struct sum *s, const char *id, struct span geometry,
    const struct span *ids, size_t n, bool values, struct err *e)
{
	struct contract_sum cs = {s, id, ids, 0, values};
	struct buf key = {0};
	struct err drained;
	char hash[SHA256_TEXT];
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct span argv[2] = {SPAN_LIT("HGETALL")};

		buf_clear(&key);
		key_add(
		    &key, s->view->keys, KEY_CONTRACT, span_str(id), ids[i]);
		argv[1] = buf_view(&key);
		rc = db_push(s->view->db, argv, 2, on_contract, &cs, e);
	}
	if (db_drain(s->view->db, &drained) < 0 && rc == 0) {
		*e = drained;
		rc = -1;
	}
	sha256_hex(geometry, hash);
	sum_key(s, &key, KEY_GEOMETRY, span_str(id), SPAN_NONE);
	if (values) {
		buf_clear(&s->name);
		buf_str(&s->name, "geometry");
	}
	if (rc == 0)
		sum_line(s, SPAN_LIT(""), span_str(hash));
	buf_free(&key);
	return rc;
}
