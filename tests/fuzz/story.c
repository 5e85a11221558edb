/* SPDX-License-Identifier: ISC */
/*
 * fuzz/story: of any sequence of lines with good sums, an act is told at most
 * once, in order, none that a later rewind made void, and none after one that
 * is missing, unless that was said; what is told is of the epoch whose commit
 * was told last, and a commit comes with contracts that are its geometry.
 *
 * Input: a script of bytes that writes a tape, mostly as a recorder would.
 * What must hold is found out here by the plainest means, looking at all lines.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sha.h"
#include "story.h"

#define LINES 512
#define IDS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

/* ---- a tape ---- */

struct script {
	const uint8_t *p;
	size_t n;
};

static unsigned
take(struct script *s)
{
	if (s->n == 0)
		return 0;
	s->n--;
	return *s->p++;
}

struct tape {
	struct buf text[LINES]; /* with newline */
	struct tape_line line[LINES];
	size_t n;
	int64_t act; /* of the last one */
	char id[EPOCH_ID_MAX];
	int64_t seq;
	struct {
		struct buf geometry;
		int64_t chunks;
	} staged[IDS];
};

static void
id_of(unsigned k, char out[EPOCH_ID_MAX])
{
	snprintf(out, EPOCH_ID_MAX, "SPX:%u:ab12", 1750000000 + k);
}

static void
add_line(struct tape *t, struct tape_line *l)
{
	struct buf *b = &t->text[t->n];
	struct err e;

	memcpy(l->symbol, "SPX", 4);
	l->ts = 1;
	tape_write(b, l);
	expect(
	    tape_read((struct span){b->p, b->n - 1}, &t->line[t->n], &e) == 0);
	t->n++;
}

static void
add_act(struct tape *t, const char *id, const char *kind, const char *args,
    const char *rows)
{
	struct tape_line l = {.what = TAPE_ACT,
	    .act = ++t->act,
	    .args = span_str(args),
	    .rows = span_str(rows)};

	snprintf(l.id, sizeof(l.id), "%s", id);
	snprintf(l.kind, sizeof(l.kind), "%s", kind);
	add_line(t, &l);
}

static void
add_rows(struct tape *t, unsigned k)
{
	static const char rest[] = ",2025-11-21,1,call,,,,,,,,,,,,,,,,,,,,";
	char id[EPOCH_ID_MAX], rows[200], cid[32];

	k %= IDS;
	id_of(k, id);
	snprintf(cid, sizeof(cid), "O:SPX251121C%08d",
	    1000 * (1 + (int)t->staged[k].chunks));
	snprintf(rows, sizeof(rows), "%s%s;%s%s", cid, rest, cid, rest);
	buf_str(&t->staged[k].geometry, cid);
	buf_char(&t->staged[k].geometry, '\n');
	t->staged[k].chunks++;
	add_act(t, id, "rows", "[]", rows);
}

static void
add_commit(struct tape *t, unsigned k, unsigned bad)
{
	char id[EPOCH_ID_MAX], hash[SHA256_TEXT], args[400];

	k %= IDS;
	id_of(k, id);
	sha256_hex(buf_view(&t->staged[k].geometry), hash);
	snprintf(args, sizeof(args),
	    "[\"%s\",\"1\",\"1\",\"0\",\"\",\"0\",\"%d\",\"geometry_hash\",\"%"
	    "s%s\","
	    "\"seq\",\"1\"]",
	    bad % 8 == 1 ? "SPX:1:ab12" : t->id,
	    (int)t->staged[k].chunks + (bad % 8 == 2), hash,
	    bad % 8 == 3 ? "0" : "");
	add_act(t, id, "commit", args, "");
	memcpy(t->id, id, sizeof(t->id));
	t->seq = 1;
	buf_clear(&t->staged[k].geometry);
	t->staged[k].chunks = 0;
}

static void
add_other(struct tape *t, unsigned which)
{
	static const struct {
		const char *kind, *args;
		int moves;
	} kinds[] = {{"hydrate", "[\"%d\"]", 1},
	    {"refresh_begin", "[\"1\",\"1\"]", 0},
	    {"refresh_rows", "[\"1\",\"1\",\"%d\"]", 1},
	    {"dormant", "[\"1\",\"0\",\"%d\"]", 0},
	    {"dormant", "[\"1\",\"1\",\"%d\"]", 1}, {"unpin", "[]", 0},
	    {"retire", "[\"9\"]", 0}, {"hydrate", "[\"x\"]", 1}};
	char args[64];

	which %= sizeof(kinds) / sizeof(*kinds);
	t->seq += kinds[which].moves;
	snprintf(args, sizeof(args), kinds[which].args, (int)t->seq);
	add_act(t, t->id, kinds[which].kind, args, "");
}

static void
add_mark(struct tape *t, enum tape_what what, unsigned back)
{
	struct tape_line l = {.what = what, .from = t->act, .act = t->act};

	if (what == TAPE_REWIND) {
		l.act = back > (uint64_t)t->act ? 0 : t->act - back;
		t->act = l.act;
	}
	add_line(t, &l);
}

/* One step of the script; lines that are lost, and twice, are its, too. */
static void
step(struct tape *t, struct script *s)
{
	unsigned op = take(s), arg = take(s);

	switch (op % 16) {
	case 0:
	case 1:
	case 2:
		add_rows(t, arg);
		break;
	case 3:
		add_commit(t, arg, 0);
		break;
	case 4:
		add_rows(t, arg);
		add_commit(t, arg, arg / IDS);
		break;
	case 5:
		add_mark(t, TAPE_REWIND, arg % 16);
		break;
	case 6:
		add_mark(t, TAPE_HEAD, 0);
		break;
	case 7: /* lost, or twice */
		t->act += arg % 4 == 0 ? -1 : arg % 4 == 1;
		t->act = t->act < 0 ? 0 : t->act;
		break;
	case 8: /* the state fell back, too */
		id_of(arg % IDS, t->id);
		t->seq = 1 + arg / IDS;
		break;
	default:
		if (t->id[0] == '\0')
			add_commit(t, arg, 0);
		else
			add_other(t, op / 16 + arg);
	}
}

/* ---- what must hold ---- */

static bool
is_void(const struct tape *t, size_t i)
{
	for (size_t k = i + 1; k < t->n; k++)
		if (t->line[k].what == TAPE_REWIND &&
		    t->line[k].act < t->line[i].act)
			return true;
	return false;
}

/* The number before that of line i, -1: nothing was before. */
static int64_t
number_before(const struct tape *t, size_t i)
{
	while (i-- > 0)
		if (t->line[i].what != TAPE_ACT || !is_void(t, i))
			return t->line[i].act;
	return -1;
}

static void
check_commit(const struct story *s, const struct tape_line *l)
{
	struct span list = l->args, arg;
	struct buf own = {0};
	char hash[SHA256_TEXT];

	sha256_hex(buf_view(&s->deed.geometry), hash);
	for (int i = 0; i < 9; i++)
		expect(tape_arg(&list, &own, &arg) == 1);
	expect(span_eq(arg, span_str(hash)));
	for (size_t i = 0; i < s->deed.n; i++)
		expect(i == 0 || span_cmp(s->deed.rows[i - 1].cid,
				     s->deed.rows[i].cid) < 0);
	buf_free(&own);
}

struct told {
	int64_t act; /* last */
	char id[EPOCH_ID_MAX];
	bool gap; /* since the last commit */
};

static void
check_told(
    const struct tape *t, size_t i, const struct story *s, struct told *told)
{
	const struct tape_line *l = &t->line[i];
	bool commit = strcmp(l->kind, "commit") == 0;
	struct span list = l->args, prev;
	struct buf own = {0};

	expect(l->what == TAPE_ACT && strcmp(l->kind, "rows") != 0);
	expect(!is_void(t, i));
	expect(l->act > told->act && s->last_act == l->act);
	expect(number_before(t, i) == l->act - 1);
	expect(commit || !told->gap);
	if (commit) {
		expect(tape_arg(&list, &own, &prev) == 1);
		expect(told->gap || told->id[0] == '\0' ||
		       span_eq(prev, span_str(told->id)));
		memcpy(told->id, l->id, sizeof(told->id));
		told->gap = false;
		check_commit(s, l);
	} else if (strcmp(l->kind, "retire") != 0) {
		expect(strcmp(l->id, told->id) == 0);
	}
	told->act = l->act;
	buf_free(&own);
}

static void
tell(const struct tape *t, struct story *s, const char *from)
{
	struct told told = {.gap = from[0] != '\0'};
	uint64_t acts = 0;
	struct err e;

	story_start(s);
	snprintf(s->from, sizeof(s->from), "%s", from);
	for (size_t i = 0; i < t->n; i++) {
		int rc = story_tell(s, &t->line[i], &e);

		if (rc < 0 && strcmp(e.code, "GAP") != 0)
			break;
		if (rc < 0)
			told.gap = true;
		if (rc > 0) {
			check_told(t, i, s, &told);
			expect(++acts == s->acts);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct tape t;
	struct script script = {data, n};
	struct story s = {.number = -1};
	char from[EPOCH_ID_MAX];

	memcpy(s.symbol, "SPX", 4);
	t.act = take(&script) % 4;
	t.id[0] = '\0';
	id_of(take(&script) % IDS, from);
	while (script.n > 0 && t.n + 2 <= LINES)
		step(&t, &script);
	for (size_t i = 0; i < t.n; i++)
		story_scan(&s, &t.line[i]);
	tell(&t, &s, "");
	tell(&t, &s, from);
	story_free(&s);
	for (size_t i = 0; i < t.n; i++)
		buf_free(&t.text[i]);
	for (size_t k = 0; k < IDS; k++)
		buf_free(&t.staged[k].geometry);
	t = (struct tape){0};
	return 0;
}
