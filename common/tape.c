/* SPDX-License-Identifier: ISC */
#include "tape.h"

#include <stdio.h>

#include "sha.h"
#include "text.h"

#define SUM_HEAD ",\"sum\":\""
#define SUM_TAIL "\"}"
#define SUM_SIZE (sizeof(SUM_HEAD) - 1 + TAPE_SUM - 1 + sizeof(SUM_TAIL) - 1)

static void
sum_of(struct span bytes, char out[TAPE_SUM])
{
	char hash[SHA256_TEXT];

	sha256_hex(bytes, hash);
	memcpy(out, hash, TAPE_SUM - 1);
	out[TAPE_SUM - 1] = '\0';
}

bool
tape_is_packed(struct span head)
{
	static const char magic[TAPE_PEEK] = {
	    0x28, (char)0xb5, 0x2f, (char)0xfd};

	return head.n >= TAPE_PEEK && memcmp(head.p, magic, TAPE_PEEK) == 0;
}

void
tape_write(struct buf *b, struct tape_line *l)
{
	static const char *const types[] = {
	    [TAPE_HEAD] = "tape", [TAPE_ACT] = "act", [TAPE_REWIND] = "rewind"};
	size_t start = b->n;

	buf_str(b, "{\"type\":\"");
	buf_str(b, types[l->what]);
	buf_str(b, "\",\"ts\":");
	buf_int(b, l->ts);
	buf_str(b, ",\"symbol\":\"");
	buf_str(b, l->symbol);
	if (l->what == TAPE_HEAD)
		buf_fmt(b, "\",\"version\":%d,\"after\":", TAPE_VERSION);
	else if (l->what == TAPE_REWIND)
		buf_fmt(b, "\",\"from\":%lld,\"to\":", (long long)l->from);
	else
		buf_str(b, "\",\"act\":");
	buf_int(b, l->act);
	if (l->what == TAPE_ACT) {
		buf_str(b, ",\"epoch_id\":\"");
		buf_str(b, l->id);
		buf_str(b, "\",\"kind\":\"");
		buf_str(b, l->kind);
		buf_str(b, "\",\"args\":");
		buf_span(b, l->args);
		if (l->rows.n > 0) {
			buf_str(b, ",\"rows\":\"");
			buf_span(b, l->rows);
			buf_char(b, '"');
		}
	}
	sum_of((struct span){b->p + start, b->n - start}, l->sum);
	buf_str(b, SUM_HEAD);
	buf_str(b, l->sum);
	buf_str(b, SUM_TAIL "\n");
}

/* Printable ASCII that JSON does not escape. */
static bool
is_plain(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '"' ||
		    s.p[i] == '\\')
			return false;
	return true;
}

bool
tape_act_ok(const struct tape_line *l)
{
	struct span list = l->args, arg;
	struct buf own = {0};
	struct epoch_id id;
	int rc;

	while ((rc = tape_arg(&list, &own, &arg)) > 0)
		;
	buf_free(&own);
	return rc == 0 && l->act > 0 && l->ts > 0 && l->kind[0] != '\0' &&
	       is_plain(span_str(l->kind)) && is_plain(l->rows) &&
	       epoch_id_parse(span_str(l->id), &id) == 0 &&
	       strcmp(id.symbol, l->symbol) == 0;
}

/* --- reading --- */

struct cursor {
	const char *p, *end;
};

static bool
take(struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, text, n) != 0)
		return false;
	c->p += n;
	return true;
}

/* Up to the next quote, which is not taken. */
static struct span
take_text(struct cursor *c)
{
	const char *start = c->p;
	const char *q = memchr(start, '"', (size_t)(c->end - start));

	c->p = q == NULL ? c->end : q;
	return (struct span){start, (size_t)(c->p - start)};
}

static bool
take_copy(struct cursor *c, char *out, size_t size)
{
	struct span s = take_text(c);

	if (s.n == 0 || s.n >= size || memchr(s.p, '\0', s.n) != NULL)
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

static bool
take_int(struct cursor *c, int64_t *out)
{
	const char *start = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	return span_int((struct span){start, (size_t)(c->p - start)}, out) == 0;
}

/* A list of strings, up to its bracket. */
static bool
take_list(struct cursor *c, struct span *list)
{
	const char *start = c->p;
	bool inside = false;

	if (c->p == c->end || *c->p != '[')
		return false;
	for (; c->p < c->end; c->p++) {
		if (inside && *c->p == '\\')
			c->p++;
		else if (*c->p == '"')
			inside = !inside;
		else if (!inside && *c->p == ']')
			break;
	}
	if (c->p >= c->end)
		return false;
	c->p++;
	*list = (struct span){start, (size_t)(c->p - start)};
	return true;
}

static bool
take_act(struct cursor *c, struct tape_line *l)
{
	if (!take(c, ",\"epoch_id\":\"") ||
	    !take_copy(c, l->id, sizeof(l->id)) || !take(c, "\",\"kind\":\"") ||
	    !take_copy(c, l->kind, sizeof(l->kind)) ||
	    !take(c, "\",\"args\":") || !take_list(c, &l->args))
		return false;
	l->rows = SPAN_LIT("");
	if (take(c, ",\"rows\":\"")) {
		l->rows = take_text(c);
		if (!take(c, "\""))
			return false;
	}
	return c->p == c->end && tape_act_ok(l);
}

static int
take_line(struct cursor *c, struct tape_line *l, int64_t *version)
{
	if (take(c, "{\"type\":\"act\""))
		l->what = TAPE_ACT;
	else if (take(c, "{\"type\":\"tape\""))
		l->what = TAPE_HEAD;
	else if (take(c, "{\"type\":\"rewind\""))
		l->what = TAPE_REWIND;
	else
		return -1;
	if (!take(c, ",\"ts\":") || !take_int(c, &l->ts) ||
	    !take(c, ",\"symbol\":\"") ||
	    !take_copy(c, l->symbol, sizeof(l->symbol)) ||
	    !symbol_valid(span_str(l->symbol)))
		return -1;
	if (l->what == TAPE_HEAD &&
	    (!take(c, "\",\"version\":") || !take_int(c, version)))
		return -1;
	if (*version != TAPE_VERSION)
		return 0;
	if (l->what == TAPE_REWIND &&
	    (!take(c, "\",\"from\":") || !take_int(c, &l->from)))
		return -1;
	if (!take(c, l->what == TAPE_HEAD     ? ",\"after\":"
		     : l->what == TAPE_REWIND ? ",\"to\":"
					      : "\",\"act\":") ||
	    !take_int(c, &l->act))
		return -1;
	if (l->what == TAPE_ACT)
		return take_act(c, l) ? 0 : -1;
	return c->p == c->end ? 0 : -1;
}

int
tape_read(struct span line, struct tape_line *l, struct err *e)
{
	struct span body = line;
	int64_t version = TAPE_VERSION;
	struct cursor c;

	*l = (struct tape_line){0};
	if (line.n <= SUM_SIZE ||
	    memcmp(line.p + line.n - SUM_SIZE, SUM_HEAD,
		sizeof(SUM_HEAD) - 1) != 0 ||
	    memcmp(line.p + line.n - 2, SUM_TAIL, 2) != 0)
		return err_set(
		    e, EX_DATAERR, "BAD_TAPE", "not a line of a tape");
	body.n -= SUM_SIZE;
	sum_of(body, l->sum);
	if (memcmp(l->sum, line.p + line.n - 2 - (TAPE_SUM - 1),
		TAPE_SUM - 1) != 0)
		return err_set(
		    e, EX_DATAERR, "BAD_SUM", "changed since it was written");
	c = (struct cursor){body.p, body.p + body.n};
	if (take_line(&c, l, &version) < 0)
		return err_set(e, EX_DATAERR, "BAD_TAPE",
		    "not a line of a tape as we write them");
	if (version != TAPE_VERSION)
		return err_set(e, EX_DATAERR, "NEWER",
		    "version %lld of the tape; this program reads %d",
		    (long long)version, TAPE_VERSION);
	return 0;
}

/* --- args --- */

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* The character of an escape, its bytes in *n; -1 none that cjson writes. */
static int
escaped_char(struct span s, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int high, low;

	*n = 2;
	if (s.n < 2 || s.p[1] == '\0')
		return -1;
	at = strchr(from, s.p[1]);
	if (at != NULL)
		return to[at - from];
	*n = 6;
	if (s.n < 6 || memcmp(s.p + 1, "u00", 3) != 0)
		return -1;
	high = hex_digit(s.p[4]);
	low = hex_digit(s.p[5]);
	return high < 0 || high > 7 || low < 0 || high + low == 0
		   ? -1
		   : high * 16 + low;
}

static int
unescape(struct span s, struct buf *own, struct span *arg)
{
	size_t n;

	buf_clear(own);
	for (size_t i = 0; i < s.n; i += n) {
		int c = (unsigned char)s.p[i];

		n = 1;
		if (c == '\\')
			c = escaped_char((struct span){s.p + i, s.n - i}, &n);
		if (c < 0)
			return -1;
		buf_char(own, (char)c);
	}
	*arg = buf_view(own);
	return 1;
}

int
tape_arg(struct span *list, struct buf *own, struct span *arg)
{
	const char *p = list->p, *end = p + list->n, *q;
	bool escaped = false;

	if (p == end || (*p != '[' && *p != ','))
		return p < end && *p == ']' && p + 1 == end ? 0 : -1;
	p++;
	if (p < end && *p == ']' && list->p[0] == '[')
		return p + 1 == end ? 0 : -1;
	if (p == end || *p != '"')
		return -1;
	for (q = ++p; q < end && *q != '"'; q++) {
		if ((unsigned char)*q < ' ')
			return -1;
		if (*q == '\\') {
			escaped = true;
			q++;
		}
	}
	if (q + 1 >= end || (q[1] != ',' && q[1] != ']'))
		return -1;
	*list = (struct span){q + 1, (size_t)(end - q - 1)};
	*arg = (struct span){p, (size_t)(q - p)};
	if (!text_is_utf8(*arg))
		return -1;
	return escaped ? unescape(*arg, own, arg) : 1;
}
