/* SPDX-License-Identifier: ISC */
/*
 * chain-fetch: the listed contracts of an underlying, as one snapshot.
 *
 *	chain-fetch [--source massive|cboe] [OPTION...] SYMBOL...
 *	chain-fetch [--every S] [OPTION...] - [SYMBOL...]
 *	chain-fetch --from FILE|- [OPTION...] SYMBOL...
 *
 * In: a vendor's answers over HTTPS, or what was saved of them; with - also
 * refresh records, all others pass (requests.c).  Out, for each snapshot:
 * chain_begin, the contracts sorted by id, chain_end; or one chain_abort; with
 * --raw the bodies, too, as chain_page.  Every SYMBOL is answered.  Redis: not
 * used.
 *
 * Why it is right.  A snapshot is held until its last page or document has
 * ended and all of it was valid, so a cut, broken or too bad one never shows
 * a single contract: its only trace is the chain_abort and the exit status.
 * Nothing depends on the order of rows or pages, on how many walks fetched
 * them, on the size of the pieces that read(2) returns or on the locale; the
 * same bodies give the same bytes.  Values keep the vendor's digits.  Rows
 * are read one at a time, so memory is the snapshot's and that of the bodies
 * on their way, for which there is one limit, however many walks there are.
 * Every wait has an end: each request's, and that of all of a snapshot.  The
 * key (secret.h) goes into one header, to one origin, and nowhere else.
 */
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "options.h"
#include "rec.h"
#include "requests.h"
#include "saved.h"
#include "sig.h"

#define MASSIVE_BASE "https://api.massive.com"
#define CBOE_BASE "https://cdn.cboe.com/api/global/delayed_quotes/options/"

/* The vendor, its address, its key.  Whatever it is, the key is taken out of
 * the environment. */
static int
choose_source(struct options *o, struct err *e)
{
	struct fetch_conf *f = &o->fetch;
	bool is_open = f->chain.source == NULL;
	int found = secret_read(&f->key, o->key_file, e);
	const char *env;

	if (!is_open && strcmp(f->chain.source, "cboe") == 0) {
		secret_wipe(&f->key);
		found = 0;
	}
	if (found == -1)
		return -1;
	if (is_open) {
		f->chain.source = found == 1 ? "massive" : "cboe";
		err_warn(NULL, "SOURCE", "%s, since there is %s key",
		    f->chain.source, found == 1 ? "a" : "no");
	}
	if (strcmp(f->chain.source, "cboe") == 0) {
		if (f->base == NULL)
			f->base = CBOE_BASE;
		return 0;
	}
	if (found != 1)
		return err_set(e, EX_NOPERM, "NO_KEY",
		    "massive wants a key: --key-file, or MASSIVE_API_KEY");
	env = getenv("MASSIVE_BASE_URL");
	if (f->base == NULL)
		f->base = env != NULL && env[0] != '\0' ? env : MASSIVE_BASE;
	return 0;
}

static int
fetch_live(struct options *o)
{
	struct err e;

	if (choose_source(o, &e) != 0)
		return o->n_wanted > 0 ? wanted_abort(o->wanted, o->n_wanted,
					     &o->fetch.chain, &e, EX_OK)
				       : err_report(NULL, &e);
	if (o->asks)
		return requests_run(
		    &o->fetch, o->wanted, o->n_wanted, o->equity);
	return fetch_run(&o->fetch, o->wanted, o->n_wanted);
}

static int
fetch_saved(const struct options *o)
{
	const struct chain_conf *chain = &o->fetch.chain;
	struct err e, cause;
	struct in in;
	int rc;

	secret_forget(); /* before anything that may take its time */
	if (in_open(&in, o->from, chain->out, &cause) == 0) {
		rc = saved_read(&in, chain, o->wanted, o->n_wanted);
		in_close(&in);
		return rc;
	}
	err_set(
	    &e, cause.exit, cause.code, "%.200s: %.100s", o->from, cause.text);
	return wanted_abort(o->wanted, o->n_wanted, chain, &e, EX_OK);
}

int
main(int argc, char *argv[])
{
	struct options options;
	struct out out;
	struct err e;
	int rc;

	err_init(argv[0]);
	secret_guard();
	sig_init();
	out_init(&out, STDOUT_FILENO);
	rc = options_read(&options, argc, argv);
	options.fetch.chain.out = &out;
	if (rc < 0 && clock_init(&e) != 0)
		rc = err_report(NULL, &e);
	if (rc < 0)
		rc = options.from == NULL ? fetch_live(&options)
					  : fetch_saved(&options);
	if (out_close(&out, &e) != 0)
		rc = err_worse(rc, err_report(NULL, &e));
	options_free(&options);
	return sig_end(rc);
}
