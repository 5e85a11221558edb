/* SPDX-License-Identifier: ISC */
/* feed: see feed.h. */
#include <stdio.h>

#include "err.h"
#include "feed.h"

#define REFUSED_WAIT 500 /* ms: after an error, for the acknowledgements */
#define NEVER INT64_MAX

static const char *const state_names[] = {
    [FEED_WAITING] = "waiting",
    [FEED_CONNECTING] = "connecting",
    [FEED_CONNECTED] = "connected",
    [FEED_AUTHENTICATED] = "authenticated",
    [FEED_SUBSCRIBED] = "subscribed",
    [FEED_REFUSED] = "refused",
    [FEED_LOST] = "lost",
};

const char *
feed_state_name(enum feed_state s)
{
	return state_names[s];
}

void
feed_init(struct feed *f, const struct feed_conf *conf, uint64_t random)
{
	*f = (struct feed){.conf = *conf, .random = random};
}

void
feed_free(struct feed *f)
{
	pairs_free(&f->pairs);
	buf_free(&f->text);
}

/* 0 to n. */
static int64_t
jitter(struct feed *f, int64_t n)
{
	f->random = f->random * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
	return n <= 0 ? 0 : (int64_t)(f->random >> 33) % (n + 1);
}

/* When nobody fetches the news, the oldest one is the least of them. */
static void
tell(struct feed *f, enum feed_state state, const char *detail)
{
	struct feed_news *n;

	if (f->nnews == FEED_NEWS)
		memmove(f->news, f->news + 1, --f->nnews * sizeof(f->news[0]));
	n = &f->news[f->nnews++];
	n->state = state;
	snprintf(n->detail, sizeof(n->detail), "%s", detail);
}

/* -------------------------------------------------------------- connecting */

/* Full jitter between the least pause and a bound that doubles. */
static int64_t
pause_ms(struct feed *f)
{
	int64_t bound = f->conf.backoff_min;

	if (f->is_refused)
		return f->conf.cooldown + jitter(f, f->conf.cooldown / 4);
	for (unsigned i = 0; i <= f->tries && bound < f->conf.backoff_max; i++)
		bound *= 2;
	if (bound > f->conf.backoff_max)
		bound = f->conf.backoff_max;
	f->tries++;
	return f->conf.backoff_min + jitter(f, bound - f->conf.backoff_min);
}

void
feed_lost(struct feed *f, const char *how, int64_t now)
{
	bool was_good = f->state >= FEED_AUTHENTICATED &&
			f->state <= FEED_SUBSCRIBED &&
			now - f->opened >= f->conf.healthy;

	if (f->is_failed)
		return;
	/* what is granted comes at once, while others are still being asked */
	if (f->state == FEED_SUBSCRIBED || f->pairs.count[PAIR_GRANTED] > 0)
		f->is_gap = true;
	if (was_good)
		f->tries = 0;
	f->losses++;
	f->at = now + pause_ms(f);
	f->state = f->is_refused ? FEED_REFUSED : FEED_LOST;
	if (f->is_refused)
		how = f->refusal;
	/* the same failure again and again is no news */
	if (strncmp(f->told, how, sizeof(f->told) - 1) != 0) {
		snprintf(f->told, sizeof(f->told), "%s", how);
		tell(f, f->state, f->told);
	}
	f->is_open = f->is_refused = f->is_round = false;
	f->must_auth = f->must_drop = f->must_ping = false;
	f->step = 0;
	f->left = 0;
	pairs_forget(&f->pairs);
}

void
feed_opened(struct feed *f, int64_t now)
{
	f->is_open = true;
	f->must_auth = true;
	f->state = FEED_CONNECTED;
	f->opened = f->heard = f->pinged = now;
	f->step = now + f->conf.answer;
	f->refusal[0] = f->told[0] = '\0';
	tell(f, FEED_CONNECTED, "");
}

void
feed_heard(struct feed *f, bool is_pong, int64_t now)
{
	f->heard = now;
	if (is_pong && f->state == FEED_SUBSCRIBED && !f->is_round &&
	    !f->was_ready)
		f->is_ready = f->was_ready = true;
}

/* ------------------------------------------------------------- subscribing */

void
feed_want(struct feed *f, const struct pair *want, size_t n, int64_t now)
{
	pairs_want(&f->pairs, want, n);
	if (n > 0 && f->state == FEED_WAITING) {
		f->state = FEED_CONNECTING;
		f->at = now;
	}
}

static bool
is_talking(const struct feed *f)
{
	return f->state == FEED_AUTHENTICATED || f->state == FEED_SUBSCRIBED;
}

/* All that was wanted is asked and settled: what did it come to? */
static void
end_round(struct feed *f)
{
	const size_t *n = f->pairs.count;
	char detail[FEED_DETAIL];
	int at;

	f->is_round = false;
	if (n[PAIR_GRANTED] > 0)
		f->state = FEED_SUBSCRIBED;
	at = snprintf(detail, sizeof(detail), "asked %zu, granted %zu",
	    f->pairs.n, n[PAIR_GRANTED]);
	if (n[PAIR_SILENT] > 0)
		at += snprintf(detail + at, sizeof(detail) - (size_t)at,
		    ", silent %zu", n[PAIR_SILENT]);
	if (n[PAIR_REFUSED] > 0)
		at += snprintf(detail + at, sizeof(detail) - (size_t)at,
		    ", refused %zu (%s)", n[PAIR_REFUSED], f->refusal);
	if (f->left > 0)
		snprintf(detail + at, sizeof(detail) - (size_t)at,
		    ", given back %zu", f->left);
	f->left = 0;
	tell(f, f->state, detail);
	if (f->state != FEED_SUBSCRIBED)
		return;
	if (f->is_gap) {
		f->is_gap = false;
		f->is_back = true;
	}
	f->must_ping = f->must_ping || !f->was_ready;
}

/* The frame in flight is answered, or will not be. */
static void
settle(struct feed *f)
{
	f->step = 0;
	pairs_settle(&f->pairs, f->is_no ? PAIR_REFUSED : PAIR_SILENT);
}

/* The next frame of subscriptions; false: none is to be sent now. */
static bool
next_chunk(struct feed *f, struct feed_effect *out, int64_t now)
{
	static const char leave[] = "{\"action\":\"unsubscribe\",\"params\":\"",
			  ask[] = "{\"action\":\"subscribe\",\"params\":\"";
	size_t n;

	if (!is_talking(f) || f->step != 0)
		return false;
	buf_clear(&f->text);
	buf_str(&f->text, f->pairs.nleaving > 0 ? leave : ask);
	if (f->pairs.nleaving > 0) {
		f->left += n = pairs_leave(&f->pairs, &f->text);
	} else {
		n = pairs_ask(&f->pairs, &f->text);
		f->step = n == 0 ? 0 : now + f->conf.answer;
		f->is_no = false;
	}
	if (n == 0 && f->is_round)
		end_round(f);
	if (n == 0)
		return false;
	f->is_round = true;
	buf_str(&f->text, "\"}");
	out->text = buf_view(&f->text);
	return true;
}

/* ---------------------------------------------------------------- statuses */

static bool
begins(struct span text, const char *with, struct span *rest)
{
	size_t n = strlen(with);

	if (text.n < n || memcmp(text.p, with, n) != 0)
		return false;
	*rest = (struct span){text.p + n, text.n - n};
	return true;
}

/* Vendor's words, fit for a line. */
static void
keep_words(struct feed *f, struct span status, struct span message)
{
	char a[24], b[64];

	err_vis(a, sizeof(a), status.p, status.n);
	err_vis(b, sizeof(b), message.p == NULL ? "" : message.p, message.n);
	snprintf(f->refusal, sizeof(f->refusal), "%s%s%s", a,
	    b[0] == '\0' ? "" : ": ", b);
}

static void
on_success(struct feed *f, struct span message)
{
	struct span pair;

	if (!begins(message, "subscribed to: ", &pair))
		return;
	pairs_granted(&f->pairs, pair);
	if (f->step != 0 && is_talking(f) && f->pairs.count[PAIR_ASKED] == 0)
		settle(f);
}

static void
on_error(struct feed *f, struct span status, struct span message, int64_t now)
{
	keep_words(f, status, message);
	f->is_no = true;
	if (is_talking(f) && f->step > now + REFUSED_WAIT)
		f->step = now + REFUSED_WAIT;
}

void
feed_status(
    struct feed *f, struct span status, struct span message, int64_t now)
{
	if (f->is_failed || !f->is_open)
		return;
	if (span_eq(status, SPAN_LIT("auth_success"))) {
		if (f->state != FEED_CONNECTED)
			return;
		f->state = FEED_AUTHENTICATED;
		f->step = 0;
		f->is_round = true;
		tell(f, f->state, "");
	} else if (span_eq(status, SPAN_LIT("auth_failed"))) {
		keep_words(f, status, message);
		f->is_failed = true;
	} else if (span_eq(status, SPAN_LIT("max_connections"))) {
		keep_words(f, status, message);
		f->is_refused = true;
		f->must_drop = true;
	} else if (span_eq(status, SPAN_LIT("success"))) {
		on_success(f, message);
	} else if (!span_eq(status, SPAN_LIT("connected"))) {
		on_error(f, status, message, now);
	}
}

/* -------------------------------------------------------------- what to do */

/* What time alone brings about. */
static const char *
overdue(struct feed *f, int64_t now)
{
	if (f->state == FEED_CONNECTING && f->step != 0 && now >= f->step)
		return "no connection in time";
	if (!f->is_open)
		return NULL;
	if (f->must_drop)
		return "refused";
	if (f->state == FEED_CONNECTED && now >= f->step)
		return "no answer to the key";
	if (now - f->heard >= f->conf.dead)
		return "nothing heard, not even a pong";
	if (f->step != 0 && is_talking(f) && now >= f->step)
		settle(f);
	if (now - f->pinged >= f->conf.ping)
		f->must_ping = true;
	return NULL;
}

static bool
take(bool *flag)
{
	bool was = *flag;

	*flag = false;
	return was;
}

static enum feed_act
take_news(struct feed *f, struct feed_effect *out)
{
	out->state = f->news[0].state;
	memcpy(out->detail, f->news[0].detail, sizeof(out->detail));
	memmove(f->news, f->news + 1, --f->nnews * sizeof(f->news[0]));
	return FEED_REPORT;
}

enum feed_act
feed_next(struct feed *f, struct feed_effect *out, int64_t now)
{
	const char *why;

	if (f->nnews > 0)
		return take_news(f, out);
	if (f->is_failed) {
		snprintf(out->detail, sizeof(out->detail), "%s", f->refusal);
		return FEED_FAIL;
	}
	if (take(&f->is_back))
		return FEED_BACK;
	if (take(&f->is_ready))
		return FEED_READY;
	why = overdue(f, now);
	if (why != NULL) {
		feed_lost(f, why, now);
		return FEED_DROP;
	}
	if (take(&f->must_auth))
		return FEED_AUTH;
	if (next_chunk(f, out, now))
		return FEED_SEND;
	if (f->nnews > 0)
		return take_news(f, out);
	if (take(&f->must_ping)) {
		f->pinged = now;
		return FEED_PING;
	}
	if (!f->is_open && f->state != FEED_WAITING && f->step == 0 &&
	    now >= f->at) {
		f->state = FEED_CONNECTING;
		f->step = now + f->conf.answer;
		f->connects++;
		return FEED_CONNECT;
	}
	return FEED_NOTHING;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
feed_due(const struct feed *f)
{
	int64_t due = f->step == 0 ? NEVER : f->step;

	if (f->state == FEED_WAITING)
		return NEVER;
	if (!f->is_open)
		return f->step == 0 ? f->at : due;
	due = least(due, f->pinged + f->conf.ping);
	return least(due, f->heard + f->conf.dead);
}
