/* SPDX-License-Identifier: ISC */
/*
 * settings: what the vendor would allow, as NAME=VALUE, for the command line
 * and for the command "set".
 */
#include "feed.h"

static int
read_plan(struct feed *f, struct span text)
{
	const char *comma;
	unsigned plan = 0;

	for (struct span one = text; text.n > 0;) {
		enum channel ch;

		comma = memchr(text.p, ',', text.n);
		one = text;
		if (comma != NULL)
			one.n = (size_t)(comma - text.p);
		ch = channel_of(one);
		if (ch == CHANNELS)
			return -1;
		plan |= 1u << ch;
		one.n += comma != NULL;
		text.p += one.n;
		text.n -= one.n;
	}
	f->set.plan = plan;
	return 0;
}

static int
read_acks(struct feed *f, struct span text)
{
	f->set.is_ack_single = span_eq(text, SPAN_LIT("single"));
	return f->set.is_ack_single || span_eq(text, SPAN_LIT("batched")) ? 0
									  : -1;
}

static int
read_evict(struct feed *f, struct span text)
{
	f->set.is_evict_newest = span_eq(text, SPAN_LIT("newest"));
	return f->set.is_evict_newest || span_eq(text, SPAN_LIT("oldest")) ? 0
									   : -1;
}

static int
read_refuse(struct feed *f, struct span text)
{
	int64_t status = 0;
	bool is_key = span_eq(text, SPAN_LIT("key"));
	bool is_plan = span_eq(text, SPAN_LIT("plan"));
	bool is_accept = span_eq(text, SPAN_LIT("accept"));

	if (!is_key && !is_plan && !is_accept &&
	    !span_eq(text, SPAN_LIT("off")) &&
	    (span_int(text, &status) != 0 || status < 200 || status > 599))
		return -1;
	f->set.refuse_status = (int)status;
	f->set.is_key_refused = is_key;
	f->set.is_plan_refused = is_plan;
	f->set.is_accept_wrong = is_accept;
	return 0;
}

static int
read_connections(struct feed *f, struct span text)
{
	return span_int(text, &f->set.connections);
}

static int
read_quotes(struct feed *f, struct span text)
{
	return span_int(text, &f->set.quotes);
}

static int
read_buffer(struct feed *f, struct span text)
{
	return span_int(text, &f->set.buffer);
}

static int
read_auth(struct feed *f, struct span text)
{
	return span_int(text, &f->set.auth_ms);
}

static const struct {
	const char *name;
	int (*read)(struct feed *, struct span);
	const char *args, *help;
} settings[] = {
    {"plan", read_plan, "T,Q,A,AM", "the channels that the key may have"},
    {"acks", read_acks, "batched|single", "acknowledgements in one message"},
    {"connections", read_connections, "N", "how many may be; 0: any number"},
    {"evict", read_evict, "oldest|newest",
	"who goes when they are more; the newest\n"
	"after its first acknowledgements"},
    {"quotes", read_quotes, "N", "Q pairs a connection (1000)"},
    {"buffer", read_buffer, "BYTES",
	"unsent, then a slow reader is reset; 0: never\n(64 MiB)"},
    {"auth-timeout", read_auth, "MS", "to authenticate in (10000)"},
    {"refuse", read_refuse, "off|STATUS|accept|key|plan",
	"the upgrade with an HTTP status or a wrong\n"
	"Sec-WebSocket-Accept; any key; the plan"},
};

int
setting_read(struct feed *f, struct span text, struct err *e)
{
	const char *eq = memchr(text.p, '=', text.n);
	struct span name = text;

	if (eq != NULL)
		name.n = (size_t)(eq - text.p);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (eq == NULL || !span_eq(name, span_str(settings[i].name)))
			continue;
		if (settings[i].read(
			f, (struct span){eq + 1, text.n - name.n - 1}) == 0)
			return 0;
	}
	return err_set(
	    e, EX_USAGE, "SETTING", "not a setting: %.*s", (int)text.n, text.p);
}

void
help_row(struct buf *b, const char *word, const char *args, const char *help)
{
	size_t from = b->n;

	buf_fmt(b, "  %s%s", word, args);
	if (b->n - from > 31)
		buf_fmt(b, "\n%32s", "");
	while (b->n - from < 32)
		buf_char(b, ' ');
	for (; *help != '\0'; help++) {
		if (*help == '\n' && help[-1] != '\n')
			buf_fmt(b, "\n%32s", "");
		else
			buf_char(b, *help);
	}
	buf_char(b, '\n');
}

void
setting_help(struct buf *b)
{
	char word[64];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(word, sizeof(word), "%s=", settings[i].name);
		help_row(b, word, settings[i].args, settings[i].help);
	}
}
