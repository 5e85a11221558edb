/* SPDX-License-Identifier: ISC */
/* fetch: see fetch.h. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "clock.h"
#include "fetch.h"
#include "massive.h"
#include "sig.h"

#define TRIES_MAX 4
#define BACKOFF_MS 250        /* doubled with every try */
#define BACKOFF_LIMIT_MS 1000 /* after a 429 that names no time */
#define BACKOFF_MAX_MS 15000

int64_t
fetch_rest(const struct fetch *f)
{
	int64_t rest = f->until - clock_mono_ms();

	return rest > 0 ? rest : 0;
}

/* Statuses with an exit of their own; all others are 69. */
static int
exit_of(const struct fetch *f, long status)
{
	bool is_keyed = f->conf->key.text[0] != '\0';

	if (status == 429)
		return EX_TEMPFAIL;
	if (is_keyed && (status == 401 || status == 403))
		return EX_NOPERM;
	if (status == 400 || status == 404)
		return EX_DATAERR;
	return EX_UNAVAILABLE;
}

void
fetch_hide_key(const struct fetch *f, struct err *e)
{
	struct span text = span_str(e->text);

	if (secret_is_in(&f->conf->key, text) ||
	    secret_ends(&f->conf->key, text))
		snprintf(
		    e->text, sizeof(e->text), "(the answer carries the key)");
}

static void
judge_status(
    const struct fetch *f, const struct http_job *job, struct verdict *v)
{
	char code[16], text[MASSIVE_TEXT_MAX];

	massive_error_text(buf_view(&job->body), text);
	snprintf(code, sizeof(code), "HTTP_%ld", job->status);
	err_set(&v->err, exit_of(f, job->status), code, "%s",
	    text[0] != '\0'          ? text
	    : job->status / 100 == 3 ? "a redirect, which is not followed"
				     : "no word of explanation");
	v->may_retry =
	    job->status == 429 || job->status == 499 || job->status / 100 == 5;
}

struct verdict
fetch_judge(const struct fetch *f, const struct http_job *job)
{
	struct verdict v = {.retry_after = job->retry_after};

	if (job->err.exit == EX_DATAERR) {
		v.err = job->err; /* a limit of ours */
	} else if (job->status != 0 && job->status != 200) {
		judge_status(f, job, &v);
	} else if (job->err.exit != 0) {
		v.err = job->err;
		v.may_retry = job->may_retry;
	}
	fetch_hide_key(f, &v.err);
	return v;
}

/* Anywhere from 0 to max: clients that failed together do not come back
 * together. */
static int64_t
jitter(int64_t max)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
		return max / 2;
	return (int64_t)((uint64_t)r * (uint64_t)max >> 32);
}

int64_t
fetch_wait(const struct fetch *f, struct verdict *v, int tries)
{
	bool limited = v->err.exit == EX_TEMPFAIL;
	int64_t rest = fetch_rest(f), wait, most;
	char text[ERR_TEXT_MAX];

	fetch_hide_key(
	    f, &v->err); /* it may be of a page that was read since */
	if (!v->may_retry)
		return -1;
	most = limited ? BACKOFF_LIMIT_MS : BACKOFF_MS;
	for (int i = 1; i < tries && most < BACKOFF_MAX_MS; i++)
		most *= 2;
	wait = v->retry_after >= 0 ? v->retry_after : jitter(most);
	if (wait < rest && (limited || tries < TRIES_MAX))
		return wait;
	snprintf(text, sizeof(text), "%s", v->err.text);
	snprintf(v->err.text, sizeof(v->err.text), "after %d tries: %.300s",
	    tries, text);
	return -1;
}

void
fetch_over(const struct fetch *f, struct err *e)
{
	if (sig_stop)
		err_set(e, EX_TEMPFAIL, "STOPPED", "told to stop");
	else
		err_set(e, EX_UNAVAILABLE, "DEADLINE",
		    "not done within %" PRId64 " ms", f->conf->deadline_ms);
}

/* Two fetches may have all in common, even the time, but not this. */
static void
new_run(char run[17])
{
	uint64_t r = 0;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		r = (uint64_t)clock_mono_ms();
	snprintf(run, 17, "%016" PRIx64, r);
}

void
fetch_raw(
    struct fetch *f, struct raw_page *page, struct span body, struct err *e)
{
	const struct chain_conf *conf = &f->conf->chain;
	char filter[FILTER_TEXT];

	if (!f->conf->raw)
		return;
	if (page->page == 1)
		new_run(f->run);
	page->run = f->run;
	page->source = conf->source;
	page->reason = chain_reason(conf);
	filter_text(&conf->filter, filter);
	page->filter = filter[0] != '\0' ? filter : NULL;
	if (secret_is_in(&f->conf->key, body))
		err_set(e, EX_PROTOCOL, "KEY_IN_BODY",
		    "the answer carries the key");
	else
		raw_write(conf->out, page, body);
}

/* ------------------------------------------------------------ the schedule */

int
fetch_open(struct fetch *f, const struct http_aside *aside, struct err *e)
{
	const struct fetch_conf *conf = f->conf;
	struct http_conf http = {
	    .base = conf->base,
	    .cacert = conf->cacert,
	    .key = conf->key.text[0] != '\0' ? &conf->key : NULL,
	    .max_body = conf->max_body,
	    .parallel = (int)conf->parallel,
	    .aside = aside,
	};

	if (http_open(&f->http, &http, e) == 0)
		return 0;
	http_close(&f->http);
	return -1;
}

int
fetch_symbol(struct fetch *f, const struct wanted *w)
{
	int rc;

	f->until = clock_mono_ms() + f->conf->deadline_ms;
	progress_start(&f->progress, w->symbol.name, f->conf->quiet);
	if (strcmp(f->conf->chain.source, "massive") == 0)
		rc = fetch_massive(f, w);
	else
		rc = fetch_cboe(f, w);
	progress_end(&f->progress);
	return rc;
}

static int
fetch_all(struct fetch *f, const struct wanted *wanted, size_t n)
{
	struct err e;
	int rc = EX_OK;

	for (size_t i = 0; i < n && !f->conf->chain.out->failed; i++) {
		if (i > 0 && sig_stop) {
			/* each symbol is answered */
			fetch_over(f, &e);
			rc = err_worse(
			    rc, chain_abort(&f->conf->chain,
				    wanted[i].symbol.name, clock_now_ms(), &e));
		} else {
			rc = err_worse(rc, fetch_symbol(f, &wanted[i]));
		}
		out_flush(f->conf->chain.out);
	}
	return rc;
}

int
fetch_run(const struct fetch_conf *conf, struct wanted *wanted, size_t n)
{
	struct fetch f = {.conf = conf};
	struct err e;
	int64_t beat;
	int rc;

	if (fetch_open(&f, NULL, &e) != 0)
		return wanted_abort(wanted, n, &conf->chain, &e, EX_OK);
	beat = clock_mono_ms();
	rc = fetch_all(&f, wanted, n);
	while (conf->every_ms > 0 && !sig_stop && !conf->chain.out->failed) {
		beat = clock_next_beat(beat, conf->every_ms, clock_mono_ms());
		http_wait(f.http, beat - clock_mono_ms());
		/* between two beats the end of a service is no failure */
		rc = sig_stop ? EX_OK : fetch_all(&f, wanted, n);
	}
	http_close(&f.http);
	return rc;
}
