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
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "clock.h"
#include "operands.h"
#include "opt.h"
#include "sig.h"
#include "tap.h"

#define URL "wss://socket.massive.com/options"

enum {
	OPT_URL = 256,
	OPT_KEY_FILE,
	OPT_CACERT,
	OPT_CHANNELS,
	OPT_QUOTES,
	OPT_NO_BOARD,
	OPT_FROM,
	OPT_RAW,
	OPT_QUEUE,
	OPT_MAX_MESSAGE,
	OPT_BACKOFF,
	OPT_HEALTHY,
	OPT_COOLDOWN,
	OPT_PING,
	OPT_DEAD,
	OPT_ANSWER,
	OPT_READY_FD
};

static const struct opt options[] = {
    {OPT_URL, "url", "URL", "of the feed (" URL ")"},
    {OPT_KEY_FILE, "key-file", "FILE", "holds the key"},
    {OPT_CACERT, "cacert", "FILE", "PEM certificates to trust"},
    {OPT_CHANNELS, "channels", "LIST", "of T, Q, A and AM (T,Q)"},
    {OPT_QUOTES, "quotes", "N", "contracts with quotes, in all (1000)"},
    {OPT_NO_BOARD, "no-board", NULL, "do not ask Redis: contracts only"},
    {OPT_FROM, "from", "FILE", "read a capture; - is standard input"},
    {OPT_RAW, "raw", NULL, "write the messages instead, as ws_frame"},
    {OPT_QUEUE, "queue", "N", "values kept while stdout is slow (65536)"},
    {OPT_MAX_MESSAGE, "max-message", "N",
	"longest message, in bytes (4194304)"},
    {OPT_BACKOFF, "backoff", "MIN:MAX", "seconds before another try (1:60)"},
    {OPT_HEALTHY, "healthy", "S",
	"what a connection must live to be a good one (10)"},
    {OPT_COOLDOWN, "cooldown", "S",
	"pause when there are too many connections (60)"},
    {OPT_PING, "ping", "S", "seconds between our pings (20)"},
    {OPT_DEAD, "dead", "S", "give up after hearing nothing (60)"},
    {OPT_ANSWER, "answer", "S",
	"longest wait for a connection, or an answer (5)"},
    {OPT_READY_FD, "ready-fd", "N", "write a newline there once subscribed"},
    {'r', "redis", "URL", "address of Redis (default $REDIS_URL)"},
    {'t', "redis-timeout", "S", "longest wait for one answer (5)"},
    {'v', "verbose", NULL, "tell of the connection, counters at the end"},
    OPT_COMMON,
    {0},
};

static const struct opt_set set = {
    .table = options,
    .operands = "SYMBOL|CONTRACT|@FILE...",
    .summary = "Turn the vendor's WebSocket into ticks.",
    .versions = "libwebsockets " LIBWEBSOCKETS_PKG ", hiredis " HIREDIS_PKG
		", jansson " JANSSON_PKG ", libcrypto " LIBCRYPTO_PKG,
};

static struct {
	struct tap_conf tap;
	const char *from, *key_file;
	bool no_board;
} conf = {
    .tap =
	{
	    .channels = {true, true},
	    .quotes = 1000,
	    .redis_timeout_ms = 5000,
	    .queue = 65536,
	    .max_message = 4 * 1024 * 1024,
	    .ready_fd = -1,
	    .feed = {.backoff_min = 1000,
		.backoff_max = 60000,
		.healthy = 10000,
		.cooldown = 60000,
		.ping = 20000,
		.dead = 60000,
		.answer = 5000},
	},
};

/* "T,Q": each at most once. */
static int
take_channels(const char *arg)
{
	bool *on = conf.tap.channels;
	size_t n, c;

	memset(on, 0, sizeof(conf.tap.channels));
	for (;; arg += n + 1) {
		n = strcspn(arg, ",");
		for (c = 0; c < CHANNELS; c++)
			if (span_eq((struct span){arg, n},
				span_str(channel_names[c])))
				break;
		if (c == CHANNELS || on[c])
			return -1;
		on[c] = true;
		if (arg[n] == '\0')
			return 0;
	}
}

static int
take_backoff(const char *arg)
{
	struct feed_conf *f = &conf.tap.feed;
	const char *colon = strchr(arg, ':');
	char min[16];
	size_t n = colon == NULL ? sizeof(min) : (size_t)(colon - arg);

	if (n >= sizeof(min))
		return -1;
	memcpy(min, arg, n);
	min[n] = '\0';
	if (opt_seconds(min, 1, 3600000, &f->backoff_min) != 0)
		return -1;
	return opt_seconds(colon + 1, f->backoff_min, 3600000, &f->backoff_max);
}

/* How long and how often. */
static int
take_time(int val, const char *arg)
{
	struct feed_conf *f = &conf.tap.feed;

	switch (val) {
	case OPT_BACKOFF:
		return take_backoff(arg);
	case OPT_HEALTHY:
		return opt_seconds(arg, 1, 3600000, &f->healthy);
	case OPT_COOLDOWN:
		return opt_seconds(arg, 1, 86400000, &f->cooldown);
	case OPT_PING:
		return opt_seconds(arg, 10, 3600000, &f->ping);
	case OPT_DEAD:
		return opt_seconds(arg, 10, 3600000, &f->dead);
	case OPT_ANSWER:
		return opt_seconds(arg, 10, 3600000, &f->answer);
	case 't':
		return opt_seconds(arg, 1, 3600000, &conf.tap.redis_timeout_ms);
	}
	return -1;
}

/* Somebody waits there: it must be open. */
static int
take_ready_fd(const char *arg)
{
	if (opt_int(arg, 1, 1023, &conf.tap.ready_fd) != 0)
		return -1;
	return fcntl((int)conf.tap.ready_fd, F_GETFD) == -1 ? -1 : 0;
}

static int
take_option(int val, const char *arg)
{
	struct tap_conf *t = &conf.tap;

	switch (val) {
	case OPT_URL:
		t->url = arg;
		return 0;
	case OPT_KEY_FILE:
		conf.key_file = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_CACERT:
		t->cacert = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_CHANNELS:
		return take_channels(arg);
	case OPT_QUOTES:
		return opt_int(arg, 0, 100000, &t->quotes);
	case OPT_NO_BOARD:
		conf.no_board = true;
		return 0;
	case OPT_FROM:
		conf.from = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_RAW:
		t->is_raw = true;
		return 0;
	case OPT_QUEUE:
		return opt_int(arg, 1, 16777216, &t->queue);
	case OPT_MAX_MESSAGE:
		return opt_int(arg, 1024, 67108864, &t->max_message);
	case OPT_READY_FD:
		return take_ready_fd(arg);
	case 'r':
		t->redis = arg;
		return 0;
	case 'v':
		t->is_verbose = true;
		return 0;
	}
	return take_time(val, arg);
}

static int
check_options(int operands)
{
	if (conf.from != NULL && conf.tap.is_raw)
		return opt_usage(&set, "--raw is for the network, not --from");
	if (conf.from == NULL && operands == 0)
		return opt_usage(&set, "no symbol or contract given");
	return 0;
}

/* The key and where it goes.  Whatever happens, it leaves the environment. */
static int
prepare(struct err *e)
{
	const char *env = getenv("MASSIVE_WS_URL");
	int found;

	if (conf.tap.url == NULL)
		conf.tap.url = env != NULL && env[0] != '\0' ? env : URL;
	found = secret_read(&conf.tap.key, conf.key_file, e);
	if (found == 0)
		err_set(e, EX_NOPERM, "NO_KEY",
		    "the feed wants a key: --key-file, or MASSIVE_API_KEY");
	return found == 1 ? 0 : -1;
}

static int
run(const struct operands *o)
{
	struct tap_conf *t = &conf.tap;
	struct capture_conf capture = {.path = conf.from,
	    .contracts = o->contracts,
	    .ncontracts = o->ncontracts,
	    .is_verbose = t->is_verbose};
	struct err e;

	t->symbols = (struct served){o->symbols, o->nsymbols};
	t->contracts = o->contracts;
	t->ncontracts = o->ncontracts;
	if (conf.from != NULL) {
		capture.boards = (struct boards_conf){.symbols = t->symbols,
		    .redis = t->redis,
		    .timeout_ms = t->redis_timeout_ms};
		secret_forget();
		return capture_run(&capture);
	}
	if (prepare(&e) != 0)
		return err_report(NULL, &e);
	return tap_run(t);
}

int
main(int argc, char *argv[])
{
	struct operands o = {0};
	const char *arg;
	struct err e;
	int val, rc;

	err_init(argv[0]);
	secret_guard();
	sig_init();
	while ((val = opt_next(argc, argv, &set, &arg, &rc)) != -1) {
		if (val == OPT_DONE)
			return rc;
		if (take_option(val, arg) != 0)
			return opt_usage(&set, "bad argument: %.80s", arg);
	}
	rc = check_options(argc - optind);
	if (rc != 0)
		return rc;
	if (clock_init(&e) != 0)
		return err_report(NULL, &e);
	opt_check_env();
	if (operands_read(&o, argv + optind, &e) != 0)
		rc = e.exit == EX_USAGE ? opt_usage(&set, "%s", e.text)
					: err_report(NULL, &e);
	else if (conf.no_board && o.nsymbols > 0)
		rc = opt_usage(&set, "--no-board takes contracts, no symbols");
	else
		rc = run(&o);
	operands_free(&o);
	secret_wipe(&conf.tap.key);
	return sig_end(rc);
}
