/* SPDX-License-Identifier: ISC */
/*
 * The table again and again.  On a terminal it is drawn over the last one,
 * line by line, so that it does not flicker.  When Redis goes away the last
 * table stays and one line says so; so it does when Redis is back.
 */
#include <unistd.h>

#include "clock.h"
#include "inspect.h"
#include "sig.h"

#define HOME "\033[H"
#define CLEAR_LINE "\033[K\n"
#define CLEAR_REST "\033[J"

/* What view_table queued becomes one drawing. */
static void
draw_in_place(struct out *o)
{
	struct buf b = {0};

	buf_str(&b, HOME);
	for (size_t i = 0; i < o->buf.n; i++) {
		if (o->buf.p[i] == '\n')
			buf_str(&b, CLEAR_LINE);
		else
			buf_char(&b, o->buf.p[i]);
	}
	buf_str(&b, CLEAR_REST);
	buf_clear(&o->buf);
	out_write(o, b.p, b.n);
	buf_free(&b);
}

/* Sleep to the next full interval since start; a signal ends it. */
static void
wait_next(int64_t start, int64_t interval)
{
	int64_t next, now = clock_mono_ms();

	next = start + ((now - start) / interval + 1) * interval;
	while (!sig_stop && (now = clock_mono_ms()) < next)
		clock_sleep_ms(next - now < 200 ? next - now : 200);
}

/* Lost and back again are told once each. */
static void
tell(const struct inspect *in, const struct err *e, int64_t *lost)
{
	int64_t now = clock_mono_ms();

	if (e != NULL && *lost == 0) {
		err_warn(NULL, "REDIS_AWAY", "%s", e->text);
		*lost = now;
	} else if (e == NULL && *lost != 0) {
		err_warn(NULL, "REDIS_BACK", "%s: after %lld.%lld s",
		    db_name(in->view.db), (long long)((now - *lost) / 1000),
		    (long long)((now - *lost) % 1000 / 100));
		*lost = 0;
	}
}

int
watch_table(struct inspect *in, int64_t interval_ms)
{
	bool terminal =
	    isatty(STDOUT_FILENO) == 1 && !in->json && in->fields == NULL;
	int64_t start = clock_mono_ms(), lost = 0;
	struct err e;

	while (!sig_stop) {
		in->now = clock_now_ms();
		in->rc = EX_OK; /* of the last table only */
		if ((db_alive(in->view.db) ||
			db_reopen(in->view.db, &e) == 0) &&
		    view_table(in, &e) == 0)
			tell(in, NULL, &lost);
		else if (sig_stop)
			break;
		else if (db_may_retry(&e))
			tell(in, &e, &lost);
		else
			return err_report(NULL, &e);
		if (terminal && in->out.buf.n > 0)
			draw_in_place(&in->out);
		if (out_flush(&in->out) < 0)
			break; /* out_close says why */
		wait_next(start, interval_ms);
	}
	return EX_OK;
}
