/* SPDX-License-Identifier: ISC */
/* obey: see inner.h. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "inner.h"

static void
send_key(struct tap *t)
{
	struct buf b = {0};

	buf_reserve(&b, SECRET_MAX + 64);
	buf_str(&b, "{\"action\":\"auth\",\"params\":\"");
	buf_str(&b, t->conf->key.text); /* [A-Za-z0-9_-] */
	buf_str(&b, "\"}");
	socket_send(t->socket, buf_view(&b));
	explicit_bzero(b.p, b.n);
	buf_free(&b);
}

static void
on_report(struct tap *t, const struct feed_effect *what)
{
	const size_t *n = t->feed.pairs.count;
	const char *detail = what->detail;

	say_feed(t, &t->conf->symbols, feed_state_name(what->state), detail);
	if (secret_is_in(&t->conf->key, span_str(detail)))
		return;
	if (what->state == FEED_LOST)
		err_warn(NULL, "LOST", "%s", detail);
	else if (what->state == FEED_REFUSED)
		err_warn(NULL, "REFUSED",
		    "%s; is there another tap with this key?", detail);
	else if (n[PAIR_SILENT] + n[PAIR_REFUSED] > 0 && detail[0] != '\0')
		err_warn(NULL, "SUBSCRIBED", "%s", detail);
	else if (t->conf->is_verbose)
		err_warn(NULL, "FEED", "%s%s%s", feed_state_name(what->state),
		    detail[0] == '\0' ? "" : ": ", detail);
}

static void
on_ready(struct tap *t)
{
	if (t->conf->ready_fd < 0)
		return;
	(void)!write((int)t->conf->ready_fd, "\n", 1);
	close((int)t->conf->ready_fd);
	t->conf->ready_fd = -1;
}

static void
do_act(struct tap *t, enum feed_act act, const struct feed_effect *what)
{
	switch (act) {
	case FEED_CONNECT:
		socket_connect(t->socket);
		break;
	case FEED_AUTH:
		send_key(t);
		break;
	case FEED_SEND:
		socket_send(t->socket, what->text);
		break;
	case FEED_PING:
		socket_ping(t->socket);
		break;
	case FEED_DROP:
		hear_loss(t, "disconnect");
		socket_drop(t->socket, 1000);
		break;
	case FEED_REPORT:
		on_report(t, what);
		break;
	case FEED_BACK:
		say_back(t);
		break;
	case FEED_READY:
		on_ready(t);
		break;
	case FEED_FAIL:
		t->rc = err_worse(t->rc,
		    err_fail(NULL, EX_NOPERM, "AUTH", "%s",
			secret_is_in(&t->conf->key, span_str(what->detail))
			    ? "refused"
			    : what->detail));
		t->is_over = true;
		break;
	case FEED_NOTHING:
		break;
	}
}

void
obey(struct tap *t)
{
	struct feed_effect what;
	enum feed_act act;

	while (!t->is_over && (act = feed_next(&t->feed, &what,
				   clock_mono_ms())) != FEED_NOTHING)
		do_act(t, act, &what);
}
