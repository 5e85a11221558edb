/* SPDX-License-Identifier: ISC */
/*
 * epoch-replay: a tape, or what a vendor sent, becomes epochs again.
 *
 *	epoch-replay [options] [TAPE...]	into Redis
 *	epoch-replay [options] CAPTURE...	of chain-fetch and ws-tap --raw
 *	epoch-replay --check [FILE...]		is it whole?  no Redis
 *	epoch-replay --bisect A B		where do they differ?  no Redis
 *
 * In: tapes of epoch-record, or captures; also compressed, also on stdin.  Out:
 * one replay record a symbol.  Redis: as the tools whose acts they were.
 *
 * Why it is right.  Every act goes through the function, and the script, that
 * did it the first time.  Of a tape, with the ids of then: what came of it is
 * compared, act by act.  Of captures, with the clock of then: the order of
 * receipt is the order of acts.  A bad one: all of it, up to --until, is read
 * and understood before the first act is done.  Redis fell back while a tape
 * was recorded: what a rewind made void is not done.  A cut in the middle of a
 * promotion: contracts without their commit are nothing, nor are pages without
 * the last one.  Killed: Redis holds a state that once was; a new replay wants
 * an empty one.
 */
#include <stdlib.h>
#include <unistd.h>

#include "capture_play.h"
#include "clock.h"
#include "epoch.h"
#include "options.h"
#include "replayer.h"
#include "sig.h"

static struct options conf;

/* Open what is named, tapes or captures; 0 or a status. */
static int
open_files(struct source_file **files, char *const *names, size_t n)
{
	struct err e;

	*files = mem_zalloc(n * sizeof(**files));
	for (size_t i = 0; i < n; i++)
		if (source_file(&(*files)[i], names[i], &e) < 0) {
			int status = err_report(names[i], &e);

			while (i-- > 0)
				source_file_close(&(*files)[i]);
			free(*files);
			return status;
		}
	return 0;
}

/* Open and check one player's tape; 0 or a status. */
static int
load(struct player *p, char *name)
{
	struct source_file *f;
	int status = open_files(&f, &name, 1);

	if (status != 0)
		return status;
	if (capture_is(f))
		status = opt_usage(&option_set,
		    "--bisect compares tapes, and %.200s is a capture", name);
	player_add(p, f);
	free(f);
	return status != 0 ? status : replayer_check(p);
}

static int
run_bisect(struct replayer *r, char *const *names)
{
	struct player other = r->player; /* the limits */
	int status = load(&r->player, names[0]);

	if (status == 0)
		status = load(&other, names[1]);
	if (status == 0) {
		player_start(&r->player);
		player_start(&other);
		status = bisect(&r->player, &other);
	}
	player_free(&other);
	return status;
}

/* A limit that is not on the tape was misspelt. */
static int
check_limits(const struct player *p)
{
	const char *missing = player_misses(p);
	uint64_t acts = 0;

	if (missing != NULL)
		return err_fail(NULL, EX_NO, "NOTHING",
		    "no commit of %s on the tape, within these limits",
		    missing);
	for (size_t i = 0; i < p->n_stories; i++)
		acts += p->stories[i].acts;
	if (acts == 0)
		return err_fail(NULL, EX_NO, "NOTHING",
		    "no epoch on the tape, within these limits");
	return 0;
}

static int
connect(struct replayer *r)
{
	bool unchecked;
	struct err e;

	r->act.view.db =
	    epoch_open(conf.redis.url, conf.redis.timeout_ms, &unchecked, &e);
	if (unchecked)
		err_warn(NULL, "UNCHECKED",
		    "may not ask whether the server evicts keys");
	return r->act.view.db == NULL ? err_report(NULL, &e) : 0;
}

static int
run_tapes(struct replayer *r, struct out *out)
{
	int status = replayer_check(&r->player);

	if (status == 0)
		status = check_limits(&r->player);
	if (status == 0 && !conf.check)
		status = connect(r);
	if (status == 0 && !conf.check)
		status = replayer_run(r);
	player_report(&r->player, conf.check, out);
	return status;
}

static int
run_captures(struct replayer *r, struct captures *c, struct out *out)
{
	struct capture_play *p = mem_zalloc(sizeof(*p));
	int status;

	p->r = r;
	p->c = c;
	c->until =
	    r->player.limit == LIMIT_TS ? r->player.limit_number : INT64_MAX;
	p->leave_out = conf.leave_out;
	p->only_check = conf.check;
	status = capture_play_check(p);
	if (capture_play_may_run(p, status) && !conf.check) {
		int rc = connect(r);

		if (rc == 0)
			rc = capture_play_run(p);
		status = err_worse(status, rc);
	}
	capture_play_report(p, out);
	capture_play_free(p);
	free(p);
	return status;
}

static int
run_replay(struct replayer *r, struct out *out, char *const *names, size_t n)
{
	struct captures captures = {.until = INT64_MAX};
	struct source_file *files;
	int status = open_files(&files, names, n);
	const char *tape = NULL;

	if (status != 0)
		return status;
	for (size_t i = 0; i < n; i++) {
		if (capture_is(&files[i])) {
			captures_add(&captures, &files[i]);
			continue;
		}
		player_add(&r->player, &files[i]);
		if (files[i].size > 0)
			tape = files[i].name;
	}
	free(files);
	if (captures.n_files == 0)
		status = conf.leave_out
			     ? opt_usage(&option_set,
				   "--leave-out is for captures: a tape's acts "
				   "follow from each other")
			     : run_tapes(r, out);
	else if (tape != NULL)
		status = opt_usage(&option_set,
		    "tapes or captures, not both: %.200s is no capture", tape);
	else
		status = options_fit_captures(&r->player);
	if (status == 0 && captures.n_files > 0)
		status = run_captures(r, &captures, out);
	captures_free(&captures);
	return status;
}

int
main(int argc, char *argv[])
{
	static char dash[] = "-";
	char *const standard_input[] = {dash};
	struct replayer r = {.speed = 0};
	struct out out;
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	status = options_read(&conf, &r, argc, argv);
	if (status >= 0)
		return status;
	out_init(&out, STDOUT_FILENO);
	r.act.view.keys = &r.keys;
	r.replay.act = &r.act;
	if (clock_init(&e) < 0 || keys_init(&r.keys, &e) < 0)
		status = err_report(NULL, &e);
	else if (conf.bisect)
		status = run_bisect(&r, argv + optind);
	else if (optind == argc)
		status = run_replay(&r, &out, standard_input, 1);
	else
		status = run_replay(
		    &r, &out, argv + optind, (size_t)(argc - optind));
	if (out_close(&out, &e) < 0)
		status = err_worse(status, err_report("stdout", &e));
	replayer_free(&r);
	return sig_end(status);
}
