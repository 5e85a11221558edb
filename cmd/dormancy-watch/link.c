/* SPDX-License-Identifier: ISC */
#include "link.h"

#include "clock.h"
#include "sig.h"

#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 5000

int
link_open(struct link *l, const char *url, int64_t timeout_ms, struct err *e)
{
	if (keys_init(&l->keys, e) == -1)
		return -1;
	l->db = db_open(url, timeout_ms, e);
	if (l->db == NULL)
		return -1;
	l->act.view = (struct view){l->db, &l->keys};
	return 0;
}

void
link_close(struct link *l)
{
	act_free(&l->act);
	db_close(&l->db);
}

int
link_failed(struct link *l, const struct err *e)
{
	if (sig_stop != 0)
		return 0; /* it was not waited for to the end */
	if (!l->may_wait || !db_may_retry(e))
		return -1;
	if (!l->away) {
		err_warn(db_name(l->db), e->code,
		    "%s; the watch goes on without it", e->text);
		l->away = true;
		l->losses++;
		l->pause = 0;
	}
	l->pause = l->pause == 0 ? PAUSE_MIN_MS : 2 * l->pause;
	if (l->pause > PAUSE_MAX_MS)
		l->pause = PAUSE_MAX_MS;
	l->retry_at = clock_mono_ms() + l->pause;
	return 0;
}

void
link_works(struct link *l)
{
	if (!l->away)
		return;
	l->away = false;
	err_warn(db_name(l->db), "REDIS_BACK", "answers again");
}

int
link_ready(struct link *l, struct err *e)
{
	if (sig_stop != 0 || (l->away && clock_mono_ms() < l->retry_at))
		return 0;
	if (db_alive(l->db) || db_reopen(l->db, e) == 0)
		return 1;
	return link_failed(l, e);
}
