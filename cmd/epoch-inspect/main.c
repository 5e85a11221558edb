/* SPDX-License-Identifier: ISC */
/*
 * epoch-inspect: what Redis remembers of epochs, for people and scripts.
 *
 *	epoch-inspect [SYMBOL|ID...]              the table
 *	epoch-inspect --timeline [SYMBOL|ID...]   a row for each epoch
 *	epoch-inspect --at TIME [SYMBOL...]       which one was active then
 *	epoch-inspect --contracts [--near PCT]    the contracts of an epoch
 *	epoch-inspect --diff A [B]                what entered and left
 *	epoch-inspect --check [SYMBOL...]         does what must hold, hold?
 *	epoch-inspect --digest [--values]         canonical hashes
 *	epoch-inspect --models [SYMBOL...]        which model is behind, where
 *	epoch-inspect --gex [SYMBOL|ID...]        gamma exposure by strike
 *	epoch-inspect --heatmap [SYMBOL|ID...]    prices of strategies
 *	epoch-inspect --doctor                    is the server set up well?
 *	epoch-inspect --prometheus [SYMBOL...]    gauges for a textfile
 *
 *	epoch-inspect --at TIME --tape PATH [VIEW] …   all that, as it was then
 *
 * In: nothing, or tapes.  Out: text; records with --json.  Redis: reads only,
 * every key of docs/REDIS.md; with a tape none but its own, which ends with it
 * (then.h).
 *
 * A symbol is resolved to its epoch id once; all else is read by that id, so
 * that a promotion between two reads never mixes two epochs.  Writers may
 * run meanwhile: a key that vanished is shown as "-".
 */
#include <unistd.h>

#include "clock.h"
#include "options.h"
#include "sig.h"
#include "then.h"

static struct keys keys;

static void
show(const struct options *o, struct inspect *in)
{
	struct err e;

	if (in->watch_ms > 0)
		in->rc = watch_table(in, in->watch_ms);
	else if (o->kind->show(in, &e) < 0)
		inspect_fail(in, NULL, &e);
}

static void
inspect_then(const struct options *o, struct inspect *in)
{
	struct then then = {.folder = {.fd = -1}};
	int status = then_make(&then, o, in);

	if (status == 0)
		show(o, in);
	else
		in->rc = status;
	db_close(&in->view.db);
	then_end(&then);
}

static void
inspect_now(const struct options *o, struct inspect *in)
{
	struct err e;

	in->view.db = db_open(o->redis.url, o->redis.timeout_ms, &e);
	if (in->view.db == NULL)
		in->rc = err_report(NULL, &e);
	else
		show(o, in);
	db_close(&in->view.db);
}

static void
inspect(const struct options *o, struct inspect *in)
{
	struct err e;

	if (clock_init(&e) < 0 || keys_init(&keys, &e) < 0) {
		in->rc = err_report(NULL, &e);
		return;
	}
	in->now = o->at >= 0 ? o->at : clock_now_ms();
	if (o->n_tapes > 0)
		inspect_then(o, in);
	else
		inspect_now(o, in);
}

int
main(int argc, char *argv[])
{
	struct inspect in = {.view.keys = &keys, .near_bp = -1};
	struct options options = {0};
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	out_init(&in.out, STDOUT_FILENO);
	status = options_read(&options, &in, argc, argv);
	if (status < 0) {
		inspect(&options, &in);
		if (out_close(&in.out, &e) < 0)
			inspect_fail(&in, NULL, &e);
		status = in.rc;
	}
	options_free(&options, &in);
	return sig_end(status);
}
