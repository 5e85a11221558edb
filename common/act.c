/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <sys/random.h>

#include "act.h"
#include "clock.h"
#include "sig.h"

#define BACKOFF_MIN_MS 50 /* between two tries after a failure … */
#define BACKOFF_MAX_MS 1000

void
act_start(struct act *a, int64_t deadline_ms)
{
	a->deadline = clock_mono_ms() + deadline_ms;
	db_deadline(a->view.db, a->deadline);
}

void
act_free(struct act *a)
{
	words_free(&a->keys);
	words_free(&a->args);
}

int
act_nonce(char out[ACT_NONCE], struct err *e)
{
	unsigned char b[(ACT_NONCE - 1) / 2];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return err_set(e, EX_OSERR, "RANDOM", "no random numbers");
	for (size_t i = 0; i < sizeof(b); i++)
		snprintf(out + 2 * i, 3, "%02x", b[i]);
	return 0;
}

static void
on_time(const struct db_val *v, void *ctx)
{
	int64_t s, us, *ms = ctx;

	if (db_len(v) == 2 && span_int(db_str(db_at(v, 0)), &s) == 0 &&
	    span_int(db_str(db_at(v, 1)), &us) == 0)
		*ms = s * 1000 + us / 1000;
}

int
act_now(struct act *a, int64_t *ms, struct err *e)
{
	const struct span time_cmd[] = {SPAN_LIT("TIME")};

	*ms = a->now_ms > 0 ? a->now_ms : clock_now_ms();
	if (a->now_ms > 0 || clock_is_frozen())
		return 0;
	return db_call(a->view.db, time_cmd, 1, on_time, ms, e);
}

void
act_clear(struct act *a)
{
	words_clear(&a->keys);
	words_clear(&a->args);
}

void
act_key(struct act *a, enum key_name name, struct span of)
{
	key_add(&a->keys.text, a->view.keys, name, of, SPAN_NONE);
	words_close(&a->keys);
}

void
act_journal(struct act *a, struct span symbol)
{
	act_key(a, KEY_CONFIG, SPAN_NONE);
	act_key(a, KEY_JOURNAL, symbol);
}

void
act_answer(const struct db_val *v, void *ctx)
{
	struct answer *a = ctx;
	struct span s;

	*a = (struct answer){0};
	if (db_type(v) != DB_ARRAY || db_len(v) == 0)
		return;
	s = db_str(db_at(v, 0));
	snprintf(a->status, sizeof(a->status), "%.*s", (int)s.n, s.p);
	if (db_len(v) > 1) {
		s = db_str(db_at(v, 1));
		snprintf(a->detail, sizeof(a->detail), "%.*s", (int)s.n, s.p);
	}
}

void
act_strings(const struct db_val *v, void *ctx)
{
	struct words *w = ctx;

	for (size_t i = 0; i < db_len(v); i++)
		words_span(w, db_str(db_at(v, i)));
}

int
act_script(struct act *a, struct db_script *s, struct err *e)
{
	a->answer = (struct answer){0};
	return db_script(a->view.db, s, words_view(&a->keys), a->keys.n,
	    words_view(&a->args), a->args.n, act_answer, &a->answer, e);
}

bool
act_said(const struct act *a, const char *status)
{
	return strcmp(a->answer.status, status) == 0;
}

enum act_result
act_refusal(const struct act *a, const char *script, struct err *e)
{
	if (act_said(a, "badtype"))
		err_set(e, EX_CONFIG, "BADTYPE",
		    "key %s holds another type: not ours, or damaged",
		    a->answer.detail);
	else
		err_set(e, EX_SOFTWARE, "UNEXPECTED",
		    "script %s answered \"%s\"", script, a->answer.status);
	return ACT_FAILED;
}

int
act_recover(struct act *a, struct err *e)
{
	int64_t pause = BACKOFF_MIN_MS;

	for (;;) {
		if (sig_stop != 0)
			return err_set(e, EX_TEMPFAIL, "INTERRUPTED",
			    "stopped by signal %d", (int)sig_stop);
		if (clock_mono_ms() + pause >= a->deadline)
			return -1;
		if (db_alive(a->view.db))
			return 0;
		clock_sleep_ms(pause);
		if (db_reopen(a->view.db, e) == 0) {
			a->reconnects++;
			return 0;
		}
		if (!db_may_retry(e))
			return -1;
		pause = pause * 2 < BACKOFF_MAX_MS ? pause * 2 : BACKOFF_MAX_MS;
	}
}
