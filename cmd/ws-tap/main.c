/* SPDX-License-Identifier: ISC */
/*
 * ws-tap: the vendor's WebSocket as ticks.
 *
 *	ws-tap [OPTION...] SYMBOL|CONTRACT|@FILE...
 *	ws-tap --from FILE|- [OPTION...] [SYMBOL|CONTRACT|@FILE...]
 *
 * In: the vendor's socket, or what --raw wrote of it.  Out: tick, and gap,
 * feed and heartbeat about them.  Redis: reads epoch:active, epoch:meta:ID
 * and epoch:ID:geometry of each SYMBOL, to choose what to subscribe; writes
 * nothing.
 *
 * Why it is right.  Nothing that is slow can hold up the socket, whose
 * vendor hangs up on slow readers: stdout has a queue that conflates and then
 * drops, with an account of each (queue.h); Redis is read by another thread
 * (boards.h), names are looked up by a third (resolve.h).  All that is bounded
 * by --queue, --max-message, and 1 MiB of other records.  Whatever ends a
 * connection, another one is tried, after a pause that grows until one has
 * lived (feed.h); what was missed is said in a gap, never guessed.  Every
 * event received is written, conflated, filtered, unsupported, bad or
 * dropped, and each heartbeat shows that account closed.  A cut message gives
 * nothing of its torn event; a repeated one the same ticks again, which
 * newer-wins makes harmless.  Two of us with one key would throw each other
 * out: whoever is told so pauses for a minute.  The key (secret.h) goes into
 * one frame, to the host of the URL, and nowhere else.
 */
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "clock.h"
#include "options.h"
#include "sig.h"

/* The key and where it goes.  Whatever happens, it leaves the environment. */
static int
prepare(struct options *o, struct err *e)
{
	const char *env = getenv("MASSIVE_WS_URL");
	int found;

	if (o->tap.url == NULL)
		o->tap.url = env != NULL && env[0] != '\0' ? env : TAP_URL;
	found = secret_read(&o->tap.key, o->key_file, e);
	if (found == 0)
		err_set(e, EX_NOPERM, "NO_KEY",
		    "the feed wants a key: --key-file, or MASSIVE_API_KEY");
	return found == 1 ? 0 : -1;
}

static int
run_capture(const struct options *o)
{
	const struct tap_conf *t = &o->tap;
	const struct capture_conf capture = {.path = o->from,
	    .contracts = t->contracts,
	    .ncontracts = t->ncontracts,
	    .is_verbose = t->is_verbose,
	    .boards = {.symbols = t->symbols, .redis = t->redis}};

	secret_forget();
	return capture_run(&capture);
}

static int
run(struct options *o)
{
	struct err e;

	o->tap.symbols =
	    (struct served){o->operands.symbols, o->operands.nsymbols};
	o->tap.contracts = o->operands.contracts;
	o->tap.ncontracts = o->operands.ncontracts;
	if (clock_init(&e) != 0)
		return err_report(NULL, &e);
	if (o->from != NULL)
		return run_capture(o);
	if (prepare(o, &e) != 0)
		return err_report(NULL, &e);
	return tap_run(&o->tap);
}

int
main(int argc, char *argv[])
{
	struct options options;
	int rc;

	err_init(argv[0]);
	secret_guard();
	sig_init();
	rc = options_read(&options, argc, argv);
	if (rc < 0)
		rc = run(&options);
	options_free(&options);
	return sig_end(rc);
}
