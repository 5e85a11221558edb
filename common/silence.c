/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "silence.h"

#define LATE_MS 60000 /* older records belong to another recording */

/* The silence that forces first. */
static int64_t
limit(const struct silence_rule *rule)
{
	return rule->threshold_ms * (rule->count + 1);
}

static int64_t
capped(const struct silence_rule *rule, int64_t wait)
{
	return wait < rule->max_backoff_ms ? wait : rule->max_backoff_ms;
}

/* Silence begins here, and nothing has been counted of it. */
static void
begin(struct silence *s, const struct silence_rule *rule, int64_t since)
{
	s->since = since;
	s->due = since + rule->threshold_ms;
	s->count = 0;
	s->reach = 0;
}

void
silence_start(struct silence *s, const struct silence_rule *rule, int64_t now)
{
	*s = (struct silence){.open = true, .now = now, .looked = now};
	begin(s, rule, now);
}

static unsigned
on_no_epoch(struct silence *s, const struct silence_rule *rule)
{
	if (s->now < s->first_due)
		return 0;
	s->first_wait = capped(
	    rule, 2 * (s->first_wait == 0 ? limit(rule) : s->first_wait));
	s->first_due = s->now + s->first_wait;
	return SILENCE_FIRST;
}

/* The next count: in rhythm, or from now where that is past already. */
static void
due_after(struct silence *s, int64_t ms)
{
	s->due += ms;
	if (s->due <= s->now)
		s->due = s->now + ms;
}

static unsigned
on_time(struct silence *s, const struct silence_rule *rule)
{
	if (!s->known)
		return 0;
	if (s->epoch[0] == '\0')
		return on_no_epoch(s, rule);
	if (!s->open || s->now < s->due)
		return 0;
	s->count++;
	if (s->count <= rule->count) {
		due_after(s, rule->threshold_ms);
		return SILENCE_COUNT;
	}
	/* Silence of `reach` has been reached: next comes twice as much. */
	if (s->reach == 0)
		s->reach = limit(rule);
	due_after(s, capped(rule, s->reach));
	if (s->reach <= rule->max_backoff_ms)
		s->reach *= 2;
	return SILENCE_COUNT | SILENCE_FORCE;
}

/*
 * A new epoch is a new snapshot, so silence begins anew; but the feed is as
 * dead as before, so the back-off goes on: else a dead feed would force an
 * epoch every few seconds for ever.
 */
static unsigned
on_epoch(struct silence *s, const struct silence_rule *rule, const char *epoch)
{
	int64_t reach = s->reach, count = s->count;

	if (s->known && strcmp(s->epoch, epoch) == 0)
		return 0;
	s->known = true;
	snprintf(s->epoch, sizeof(s->epoch), "%s", epoch);
	s->first_due = s->now;
	s->first_wait = 0;
	begin(s, rule, s->now);
	if (reach > 0) {
		s->reach = reach;
		s->count = count;
		s->due = s->now + capped(rule, reach);
	}
	return SILENCE_VOID;
}

/*
 * The wall clock says for how long the session is open; since the last look
 * it cannot have opened earlier than that, whatever the clock says: a clock
 * that was set forward or back neither makes silence nor ends it.
 */
static void
on_session(struct silence *s, const struct silence_rule *rule,
    const struct silence_event *event)
{
	int64_t elapsed = s->now - s->looked, ago = event->open_ms, opened;
	bool was_open = s->open;

	s->open = event->open;
	s->looked = s->now;
	if (!s->open || (was_open && ago >= elapsed))
		return;
	opened = s->now - (ago < elapsed ? ago : elapsed);
	begin(s, rule, opened > s->since ? opened : s->since);
}

unsigned
silence_step(struct silence *s, const struct silence_rule *rule,
    const struct silence_event *event, int64_t now)
{
	if (now > s->now)
		s->now = now;
	switch (event->kind) {
	case SILENCE_TIME:
		return on_time(s, rule);
	case SILENCE_TICK:
		begin(s, rule, s->now);
		return SILENCE_VOID;
	case SILENCE_EPOCH:
		return on_epoch(s, rule, event->epoch);
	case SILENCE_SESSION:
		on_session(s, rule, event);
		break;
	}
	return 0;
}

int64_t
silence_due(const struct silence *s)
{
	if (!s->known)
		return INT64_MAX;
	if (s->epoch[0] == '\0')
		return s->first_due;
	return s->open ? s->due : INT64_MAX;
}

int64_t
silence_ms(const struct silence *s)
{
	return s->now - s->since;
}

int64_t
silence_clock(struct silence_clock *c, int64_t ts)
{
	int64_t t;

	if (!c->begun) {
		c->begun = true;
		c->now = ts;
	}
	t = ts + c->shift;
	if (t < c->now - LATE_MS) {
		c->shift += c->now - t;
		c->jumps++;
	} else if (t > c->now) {
		c->now = t;
	}
	return c->now;
}
