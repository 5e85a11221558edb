/* SPDX-License-Identifier: ISC */
/* boards: see boards.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "boards.h"
#include "choose.h"
#include "clock.h"
#include "view.h"

#define LOOK_MS 1000 /* between two looks at Redis */
#define STOP_MS 300  /* patience with the thread at the end */

/* One symbol as it was last seen. */
struct seen {
	struct buf id, geometry;
	struct span *ids;
	size_t n;
	int64_t spot;   /* thousandths; 0: unknown */
	int64_t chosen; /* the spot of the last choice */
	int64_t step;
};

struct boards {
	struct boards_conf conf;
	struct seen *seen; /* by symbol */
	char today[DATE_TEXT];
	bool is_due; /* something changed since the last choice */
	struct keys keys;
	struct db *db;
	bool is_away;  /* Redis; it has been said */
	bool was_open; /* it was not at least once */

	pthread_t thread;
	int wake[2];          /* to whoever polls */
	int stop[2];          /* to the thread: closed when it is to end */
	int ended[2];         /* from it: closed when it has */
	pthread_mutex_t lock; /* of the next three */
	struct boards_news *news;
	bool is_failed;
	struct err err;
};

void
boards_news_free(struct boards_news **news)
{
	if (*news == NULL)
		return;
	free((*news)->quotes);
	free((*news)->roots);
	free((*news)->is_known);
	free(*news);
	*news = NULL;
}

/* ----------------------------------------------------------------- reading */

/* Its epoch and spot as Redis has them.  1: the epoch is another one. */
static int
look_at(struct boards *b, size_t i, const struct hash *actives, struct err *e)
{
	const struct view v = {b->db, &b->keys};
	struct span id = hash_get(actives, b->conf.symbols.names[i]), *ids;
	struct seen *s = &b->seen[i];
	struct buf text = {0};
	struct hash meta = {0};
	struct epoch_id parts;
	long n = -1;
	int rc;

	if (id.p == NULL || epoch_id_parse(id, &parts) != 0)
		return 0;
	rc = view_meta(&v, id, &meta, e);
	if (rc == 1)
		s->spot = choose_milli(hash_get(&meta, "spot"));
	hash_free(&meta);
	if (rc < 0 || span_eq(id, buf_view(&s->id)))
		return rc < 0 ? -1 : 0;
	rc = view_geometry(&v, id, &text, e);
	if (rc == 1)
		n = geom_split(buf_view(&text), &ids);
	if (n < 0) { /* gone or damaged: others see to that */
		buf_free(&text);
		return rc < 0 ? -1 : 0;
	}
	buf_clear(&s->id);
	buf_span(&s->id, id);
	buf_free(&s->geometry);
	free(s->ids);
	s->geometry = text;
	s->ids = ids;
	s->n = (size_t)n;
	return 1;
}

static bool
has_moved(const struct seen *s)
{
	return llabs(s->spot - s->chosen) > s->step && s->n > 0;
}

/* 1: choose anew; 0; -1 and *e: what was seen to change before the failure is
 * seen only once, so it stays due. */
static int
look(struct boards *b, struct err *e)
{
	const struct view v = {b->db, &b->keys};
	struct hash actives = {0};
	char today[DATE_TEXT];
	int rc = view_actives(&v, &actives, e);

	for (size_t i = 0; rc >= 0 && i < b->conf.symbols.n; i++) {
		rc = look_at(b, i, &actives, e);
		if (rc == 1 || has_moved(&b->seen[i]))
			b->is_due = true;
	}
	hash_free(&actives);
	if (rc < 0)
		return -1;
	clock_ny_date(clock_now_ms(), 0, today);
	if (strcmp(today, b->today) != 0)
		b->is_due = true;
	memcpy(b->today, today, DATE_TEXT);
	return b->is_due;
}

/* ---------------------------------------------------------------- choosing */

static struct boards_news *
choose(struct boards *b)
{
	struct boards_news *news = mem_zalloc(sizeof(*news));
	size_t n = b->conf.symbols.n, max = b->conf.quotes;
	struct choose_board *of = mem_zalloc(n * sizeof(*of));
	struct span *ids = mem_alloc((max + 1) * sizeof(*ids));
	struct filter roots = {0};

	b->is_due = false;
	news->is_known = mem_zalloc(n * sizeof(bool));
	for (size_t i = 0; i < n; i++) {
		struct seen *s = &b->seen[i];

		of[i] = (struct choose_board){s->ids, s->n, s->spot};
		s->chosen = s->spot;
		s->step = choose_step(&of[i]);
		news->is_known[i] = s->n > 0;
		filter_add_roots(&roots, s->ids, s->n);
	}
	news->roots = roots.roots;
	news->nroots = roots.nroots;
	news->nquotes = choose_quotes(of, n, max, b->today, ids);
	news->quotes = mem_zalloc((news->nquotes + 1) * sizeof(*news->quotes));
	for (size_t i = 0; i < news->nquotes; i++)
		memcpy(news->quotes[i], ids[i].p, ids[i].n);
	free(ids);
	free(of);
	return news;
}

/* ------------------------------------------------------------------ thread */

static void
hand_over(struct boards *b, struct boards_news *news, const struct err *e)
{
	struct boards_news *old;

	pthread_mutex_lock(&b->lock);
	old = b->news;
	if (news != NULL)
		b->news = news;
	if (e != NULL) {
		b->is_failed = true;
		b->err = *e;
	}
	pthread_mutex_unlock(&b->lock);
	if (news != NULL)
		boards_news_free(&old);
	(void)!write(b->wake[1], "", 1);
}

/* False: there is no use in going on. */
static bool
is_bearable(struct boards *b, const struct err *e)
{
	if (!b->was_open && (e->exit == EX_CONFIG || e->exit == EX_NOPERM))
		return false;
	if (!b->is_away)
		err_warn(NULL, e->code,
		    "%s; the subscriptions stay as they are", e->text);
	b->is_away = true;
	return true;
}

/* One look.  1: choose; 0; -1: give up, *e. */
static int
try_look(struct boards *b, struct err *e)
{
	int rc;

	if (b->db == NULL)
		b->db = db_open(b->conf.redis.url, b->conf.redis.timeout_ms, e);
	if (b->db == NULL)
		return is_bearable(b, e) ? 0 : -1;
	rc = look(b, e);
	if (rc < 0) {
		db_close(&b->db);
		return is_bearable(b, e) ? 0 : -1;
	}
	if (b->is_away)
		err_warn(NULL, "REDIS_BACK", "%s answers", db_name(b->db));
	b->is_away = false;
	b->was_open = true;
	return rc;
}

static void *
run(void *arg)
{
	struct boards *b = arg;
	struct pollfd stop = {.fd = b->stop[0], .events = POLLIN};
	struct err e;
	int rc;

	do {
		rc = try_look(b, &e);
		if (rc == 1)
			hand_over(b, choose(b), NULL);
		else if (rc < 0)
			hand_over(b, NULL, &e);
	} while (rc >= 0 && poll(&stop, 1, LOOK_MS) == 0);
	db_close(&b->db);
	close(b->ended[1]);
	return NULL;
}

/* ------------------------------------------------------------------ outside */

static struct boards *
make(const struct boards_conf *conf)
{
	struct boards *b = mem_zalloc(sizeof(*b));

	b->conf = *conf;
	b->seen = mem_zalloc((conf->symbols.n + 1) * sizeof(*b->seen));
	b->wake[0] = b->stop[0] = b->ended[0] = -1;
	b->wake[1] = b->stop[1] = b->ended[1] = -1;
	return b;
}

static void
shut(int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
}

static void
unmake(struct boards *b)
{
	for (size_t i = 0; i < b->conf.symbols.n; i++) {
		buf_free(&b->seen[i].id);
		buf_free(&b->seen[i].geometry);
		free(b->seen[i].ids);
	}
	boards_news_free(&b->news);
	free(b->seen);
	shut(b->wake);
	shut(b->stop);
	b->ended[1] = -1; /* the thread's */
	shut(b->ended);
	free(b);
}

static int
open_pipe(int pair[2], struct err *e)
{
	if (pipe(pair) != 0)
		return err_set(e, EX_OSERR, "PIPE", "%s", strerror(errno));
	for (int i = 0; i < 2; i++)
		fcntl(pair[i], F_SETFD, FD_CLOEXEC);
	return 0;
}

int
boards_start(struct boards **out, const struct boards_conf *conf, struct err *e)
{
	struct boards *b = make(conf);
	sigset_t all, before;
	int rc = keys_init(&b->keys, e);

	*out = NULL;
	if (rc == 0)
		rc = open_pipe(b->wake, e);
	if (rc == 0)
		rc = open_pipe(b->stop, e);
	if (rc == 0)
		rc = open_pipe(b->ended, e);
	if (rc == 0) {
		/* both ends: neither may wait for the other */
		fcntl(b->wake[0], F_SETFL, O_NONBLOCK);
		fcntl(b->wake[1], F_SETFL, O_NONBLOCK);
		pthread_mutex_init(&b->lock, NULL);
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		if (pthread_create(&b->thread, NULL, run, b) != 0)
			rc = err_set(e, EX_OSERR, "THREAD", "cannot be made");
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (rc != 0) {
		unmake(b);
		return -1;
	}
	*out = b;
	return 0;
}

void
boards_stop(struct boards **at)
{
	struct boards *b = *at;
	struct pollfd ended;

	if (b == NULL)
		return;
	*at = NULL;
	close(b->stop[1]);
	b->stop[1] = -1;
	ended = (struct pollfd){.fd = b->ended[0], .events = POLLIN};
	if (poll(&ended, 1, STOP_MS) <= 0) {
		pthread_detach(b->thread); /* it waits for Redis: let it */
		return;
	}
	pthread_join(b->thread, NULL);
	pthread_mutex_destroy(&b->lock);
	unmake(b);
}

int
boards_fd(const struct boards *b)
{
	return b->wake[0];
}

int
boards_take(struct boards *b, struct boards_news **news, struct err *e)
{
	char bytes[64];
	int rc = 0;

	while (read(b->wake[0], bytes, sizeof(bytes)) > 0)
		;
	pthread_mutex_lock(&b->lock);
	*news = b->news;
	b->news = NULL;
	if (*news != NULL) {
		rc = 1;
	} else if (b->is_failed) {
		*e = b->err;
		rc = -1;
	}
	pthread_mutex_unlock(&b->lock);
	return rc;
}

int
boards_read(
    const struct boards_conf *conf, struct boards_news **news, struct err *e)
{
	struct boards *b = make(conf);
	int rc = keys_init(&b->keys, e);

	if (rc == 0) {
		b->db = db_open(conf->redis.url, conf->redis.timeout_ms, e);
		rc = b->db == NULL ? -1 : look(b, e);
	}
	if (rc >= 0)
		*news = choose(b);
	db_close(&b->db);
	unmake(b);
	return rc < 0 ? -1 : 0;
}
