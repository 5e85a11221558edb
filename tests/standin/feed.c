/* SPDX-License-Identifier: ISC */
/*
 * feed: the connections, who gets which event, and how connections end.
 *
 * A beat every few milliseconds does what time does: the generator's next
 * events, authentication that did not come, rules by time, clients that left
 * while nobody read from them.  A connection stays in the list when it is
 * over, for its numbers.
 */
#include <stdlib.h>

#include "clock.h"
#include "feed.h"

#define BEAT_MS 5
#define FRAME_BYTES 16384

void
feed_init(struct feed *f, struct standin *s)
{
	*f = (struct feed){.server = s};
	f->last = &f->conns;
	f->set = (struct feed_settings){
	    .plan = 1u << CH_T | 1u << CH_Q | 1u << CH_A | 1u << CH_AM,
	    .quotes = 1000,
	    .buffer = 64 * 1024 * 1024,
	    .auth_ms = 10 * 1000};
}

static bool
is_living(const struct conn *c)
{
	return c->wsi != NULL && c->ending == LIVES;
}

/* Who does not read finds out otherwise that the other side has left. */
static void
look_after(struct conn *c, int64_t now)
{
	if (!is_living(c))
		return;
	if (!c->is_auth && now - c->opened >= c->feed->set.auth_ms) {
		talk_status(
		    c, "auth_timeout", "No authentication request received.");
		conn_drop(c, "auth_timeout");
	} else if (c->is_read_stopped && wire_is_gone(c->wsi))
		conn_abort(c, "gone");
	else
		rules_meet(c, AT_MS, now - c->opened);
}

static void
on_beat(lws_sorted_usec_list_t *sul)
{
	struct feed *f = lws_container_of(sul, struct feed, beat);
	int64_t now = clock_mono_ms();
	lws_usec_t next = BEAT_MS * LWS_US_PER_MS;

	for (struct conn *c = f->conns; c != NULL; c = c->next)
		look_after(c, now);
	if (burst_run(f))
		next = 1;
	else if (burst_is_running(f))
		next = LWS_US_PER_MS;
	lws_sul_schedule(f->context, 0, &f->beat, on_beat, next);
}

void
feed_start(struct feed *f, struct lws_context *context)
{
	f->context = context;
	lws_sul_schedule(context, 0, &f->beat, on_beat, LWS_US_PER_MS);
}

void
feed_stop(struct feed *f)
{
	lws_sul_cancel(&f->beat);
}

static void
forget_inside(struct conn *c)
{
	outbox_clear(c);
	free(c->wants);
	c->wants = NULL;
	c->nwants = 0;
	buf_free(&c->request);
}

void
feed_free(struct feed *f)
{
	struct conn *c = f->conns, *next;

	for (; c != NULL; c = next) {
		next = c->next;
		forget_inside(c);
		free(c);
	}
	f->conns = NULL;
	burst_free(f);
	rules_free(f);
	ids_free(&f->ids);
	free(f->q);
	if (f->events != NULL)
		fclose(f->events);
}

struct conn *
feed_open(struct feed *f, struct lws *wsi)
{
	struct conn *c = mem_zalloc(sizeof(*c));

	c->feed = f;
	c->wsi = wsi;
	c->number = ++f->opened;
	c->opened = clock_mono_ms();
	c->frame_bytes = FRAME_BYTES;
	*f->last = c;
	f->last = &c->next;
	f->open++;
	log_feed(f->server, c, "open", SPAN_LIT(""));
	return c;
}

void
feed_closed(struct conn *c, const char *by, int code)
{
	struct buf b = {0};

	c->wsi = NULL;
	c->feed->open--;
	forget_inside(c);
	if (c->how[0] == '\0')
		snprintf(
		    c->how, sizeof(c->how), "%s", code == 0 ? "gone" : "close");
	buf_fmt(&b,
	    ",\"by\":\"%s\",\"how\":\"%s\",\"code\":%d,\"events\":%lld,"
	    "\"frames\":%lld,\"bytes\":%lld,\"muted\":%lld,\"lost\":%lld",
	    by, c->how, code, (long long)c->events, (long long)c->frames,
	    (long long)c->bytes, (long long)c->muted, (long long)c->lost);
	log_feed(c->feed->server, c, "closed", buf_view(&b));
	buf_free(&b);
}

/* ------------------------------------------------------------------- events */

static bool
wants(const struct conn *c, enum channel ch, size_t number)
{
	unsigned all = c->all;

	if (!is_living(c))
		return false;
	if (number < c->nwants)
		all |= c->wants[number];
	return (all & 1u << ch) != 0;
}

bool
feed_wanted(const struct feed *f, enum channel ch, size_t number)
{
	for (const struct conn *c = f->conns; c != NULL; c = c->next)
		if (wants(c, ch, number))
			return true;
	return false;
}

static void
give(struct conn *c, struct span event)
{
	int64_t limit = c->feed->set.buffer;

	if (c->is_mute) {
		c->muted++;
		return;
	}
	outbox_add(c, event, true);
	if (limit > 0 && c->queued > (size_t)limit)
		conn_abort(c, "slow");
	else
		rules_meet(c, AT_EVENTS, c->queued_events);
}

bool
feed_event(struct feed *f, enum channel ch, size_t number, struct span event)
{
	bool is_sent = false;

	for (struct conn *c = f->conns; c != NULL; c = c->next) {
		if (!wants(c, ch, number))
			continue;
		is_sent |= !c->is_mute;
		give(c, event);
	}
	if (!is_sent)
		return false;
	f->sent++;
	if (f->events != NULL) {
		fwrite(event.p, 1, event.n, f->events);
		fputc('\n', f->events);
	}
	return true;
}

bool
feed_is_idle(const struct feed *f)
{
	if (burst_is_running(f))
		return false;
	for (const struct conn *c = f->conns; c != NULL; c = c->next)
		if (c->wsi != NULL && !c->is_write_stopped &&
		    (c->head != NULL || lws_partial_buffered(c->wsi)))
			return false;
	return true;
}

/* ---------------------------------------------------------------------- end */

static void
end(struct conn *c, enum ending ending, const char *how)
{
	if (!is_living(c))
		return;
	snprintf(c->how, sizeof(c->how), "%s", how);
	c->ending = ending;
	lws_callback_on_writable(c->wsi);
}

void
conn_abort(struct conn *c, const char *how)
{
	if (c->wsi == NULL)
		return;
	snprintf(c->how, sizeof(c->how), "%s", how);
	c->ending = ENDS_BY_DROP;
	outbox_clear(c);
	wire_reset(c->wsi);
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void
conn_drop(struct conn *c, const char *how)
{
	end(c, ENDS_BY_DROP, how);
}

void
conn_close(struct conn *c, int code, const char *how)
{
	c->code = code;
	end(c, ENDS_BY_CLOSE, how);
}

void
conn_evict(struct conn *c)
{
	if (c == NULL || !is_living(c))
		return;
	talk_status(c, "max_connections",
	    "Maximum number of websocket connections exceeded. You have "
	    "reached the connection limit for your account. Please contact "
	    "support at https://massive.com/contact to increase your limit.");
	conn_close(c, 1008, "evicted");
}

struct conn *
feed_end_of_line(struct feed *f, bool is_newest)
{
	struct conn *found = NULL;

	for (struct conn *c = f->conns; c != NULL; c = c->next) {
		if (!is_living(c) || !c->is_auth)
			continue;
		if (!is_newest)
			return c;
		found = c;
	}
	return found;
}
