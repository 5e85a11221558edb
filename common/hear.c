/* SPDX-License-Identifier: ISC */
#include "hear.h"

#include "clock.h"
#include "sig.h"

void
hear_init(
    struct hear *h, const char *url, int64_t timeout_ms, const struct keys *k)
{
	*h = (struct hear){.url = url, .timeout_ms = timeout_ms};
	key_add(&h->channel, k, KEY_EVENTS, SPAN_NONE, SPAN_NONE);
}

void
hear_close(struct hear *h)
{
	db_close(&h->db);
	buf_free(&h->channel);
}

static bool
begins(struct span text, struct span with)
{
	return text.n >= with.n && memcmp(text.p, with.p, with.n) == 0;
}

/* "message", channel, "promote ID SEQ" */
static void
on_message(const struct db_val *v, void *ctx)
{
	struct hear *h = ctx;
	struct span text = db_str(db_at(v, 2));

	h->messages++;
	/* What models say of themselves is no work for models. */
	if (!begins(text, SPAN_LIT("ack ")) &&
	    !begins(text, SPAN_LIT("clean ")))
		h->woken = true;
}

/* What was said while nobody listened is lost: look at once. */
static void
listen_again(struct hear *h)
{
	struct err e;

	h->db = db_open(h->url, h->timeout_ms, &e);
	if (h->db == NULL)
		return;
	if (db_listen(h->db, buf_view(&h->channel), on_message, h, &e) < 0)
		db_close(&h->db);
	else
		h->woken = true;
}

void
hear_wait(struct hear *h, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms, left;
	struct err e;

	if (h->db == NULL)
		listen_again(h);
	while (!h->woken && sig_stop == 0) {
		left = until - clock_mono_ms();
		if (left <= 0)
			break;
		if (h->db == NULL) {
			clock_sleep_ms(left);
		} else if (db_hear(h->db, left, &e) < 0) {
			db_close(&h->db);
			h->losses++;
		}
	}
	h->woken = false;
}
