/* SPDX-License-Identifier: ISC */
#include "then.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "sig.h"
#include "tapes.h"

#define START_MS 10000
#define LOOK_MS 5
/* epoch-replay takes smaller numbers for acts; no tape is from 1973. */
#define OLDEST_MS INT64_C(100000000000)

/* ---- the server ---- */

/* The last line of its log, or nothing. */
static void
last_words(const struct then *t, char *out, size_t size)
{
	char text[512];
	ssize_t n = -1;
	int fd = open(t->log, O_RDONLY | O_CLOEXEC);
	char *line;

	if (fd >= 0 && lseek(fd, -(off_t)sizeof(text) + 1, SEEK_END) < 0)
		lseek(fd, 0, SEEK_SET);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n < 0 ? 0 : n] = '\0';
	line = strrchr(text, '\n');
	snprintf(
	    out, size, "%.*s", (int)size - 1, line == NULL ? text : line + 1);
}

static int
start_server(struct then *t, struct err *e)
{
	const char *const argv[] = {"redis-server", "--port", "0",
	    "--unixsocket", t->socket, "--unixsocketperm", "700", "--dir",
	    t->folder.path, "--logfile", t->log, "--save", "", "--appendonly",
	    "no", "--maxmemory-policy", "noeviction", "--daemonize", "no",
	    NULL};

	if (child_start(&t->server, argv, NULL, e) == 0)
		return 0;
	if (e->exit == EX_UNAVAILABLE)
		err_set(e, EX_UNAVAILABLE, "NO_REDIS",
		    "--tape needs a redis-server in PATH; install Debian's "
		    "redis-server package");
	return -1;
}

static int
connect_server(
    struct then *t, const struct options *o, struct inspect *in, struct err *e)
{
	int64_t end = clock_mono_ms() + START_MS;
	char words[200];
	int status = 0;

	while (sig_stop == 0 && clock_mono_ms() < end) {
		in->view.db = db_open(t->url, o->redis.timeout_ms, e);
		if (in->view.db != NULL)
			return 0;
		if (child_ended(&t->server, &status)) {
			last_words(t, words, sizeof(words));
			return err_set(e, EX_TEMPFAIL, "START",
			    "redis-server ended with %d: %s", status, words);
		}
		clock_sleep_ms(LOOK_MS);
	}
	return sig_stop != 0 ? err_set(e, EX_TEMPFAIL, "INTERRUPTED",
				   "stopped by signal %d", (int)sig_stop)
			     : -1;
}

/* ---- the programs ---- */

static int
run(struct then *t, const char *const *argv)
{
	struct err e;
	int status = 0;

	if (child_start(&t->tool, argv, NULL, &e) < 0 ||
	    child_wait(&t->tool, &status, &e) < 0)
		return err_report(
		    e.exit == EX_SOFTWARE ? t->tool.name : NULL, &e);
	return status;
}

static int
replay(struct then *t, const struct options *o, const struct inspect *in)
{
	char until[24];
	const char *const head[] = {
	    "epoch-replay", "--redis", t->url, "--until", until, "--"};
	const size_t n = sizeof(head) / sizeof(head[0]);
	struct tapes tapes = {.n = 0};
	int status = tapes_find(o, in, &tapes);
	const char **argv = mem_zalloc((n + tapes.n + 1) * sizeof(*argv));

	snprintf(until, sizeof(until), "%" PRId64,
	    o->at < OLDEST_MS ? OLDEST_MS : o->at);
	memcpy(argv, head, sizeof(head));
	for (size_t i = 0; i < tapes.n; i++)
		argv[n + i] = tapes.names[i];
	if (status == 0)
		status = run(t, argv);
	free(argv);
	tapes_free(&tapes);
	return status;
}

/* A model that fails says so; what there is is shown all the same. */
static void
compute(struct then *t, const struct options *o, struct inspect *in)
{
	static const struct {
		int flag;
		const char *tool;
	} models[] = {{KIND_GEX, "model-gex"}, {KIND_HEATMAP, "model-heatmap"}};

	for (size_t i = 0; i < 2 && sig_stop == 0; i++) {
		const char *argv[] = {models[i].tool, "--once", "--redis",
		    t->url, in->model != NULL ? "--name" : NULL, in->model,
		    NULL};

		if (o->kind->flags & models[i].flag)
			in->rc = err_worse(in->rc, run(t, argv));
	}
}

int
then_make(struct then *t, const struct options *o, struct inspect *in)
{
	struct err e;
	int status;

	if (folder_make(&t->folder, &e) < 0)
		return err_report(NULL, &e);
	snprintf(t->socket, sizeof(t->socket), "%s/s", t->folder.path);
	snprintf(t->log, sizeof(t->log), "%s/log", t->folder.path);
	snprintf(t->url, sizeof(t->url), "unix://%s", t->socket);
	if (start_server(t, &e) < 0 || connect_server(t, o, in, &e) < 0)
		return err_report(NULL, &e);
	status = replay(t, o, in);
	if (status != 0)
		return status;
	compute(t, o, in);
	folder_remove(&t->folder);
	return sig_stop != 0 ? EX_TEMPFAIL : 0;
}

void
then_end(struct then *t)
{
	child_kill(&t->tool);
	child_kill(&t->server);
	folder_remove(&t->folder);
}
