/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <fcntl.h>
#include <unistd.h>

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
    {OPT_URL, "url", "URL", "of the feed (" TAP_URL ")"},
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
    OPT_REDIS,
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

/* "T,Q": each at most once. */
static int
take_channels(bool on[CHANNELS], const char *arg)
{
	size_t n, c;

	memset(on, 0, CHANNELS * sizeof(*on));
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
take_backoff(struct feed_conf *f, const char *arg)
{
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
take_time(struct feed_conf *f, int val, const char *arg)
{
	switch (val) {
	case OPT_BACKOFF:
		return take_backoff(f, arg);
	case OPT_HEALTHY:
		return opt_seconds(arg, 1, 3600000, &f->healthy);
	case OPT_COOLDOWN:
		return opt_seconds(arg, 1, 86400000, &f->cooldown);
	case OPT_PING:
		return opt_seconds(arg, 10, 3600000, &f->ping);
	case OPT_DEAD:
		return opt_seconds(arg, 10, 3600000, &f->dead);
	default: /* OPT_ANSWER */
		return opt_seconds(arg, 10, 3600000, &f->answer);
	}
}

/* Somebody waits there: it must be open. */
static int
take_ready_fd(int64_t *fd, const char *arg)
{
	if (opt_int(arg, 1, 1023, fd) != 0)
		return -1;
	return fcntl((int)*fd, F_GETFD) == -1 ? -1 : 0;
}

static int
take_option(int val, const char *arg, void *ctx)
{
	struct options *o = ctx;
	struct tap_conf *t = &o->tap;

	switch (val) {
	case OPT_URL:
		t->url = arg;
		return 0;
	case OPT_KEY_FILE:
		o->key_file = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_CACERT:
		t->cacert = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_CHANNELS:
		return take_channels(t->channels, arg);
	case OPT_QUOTES:
		return opt_int(arg, 0, 100000, &t->quotes);
	case OPT_NO_BOARD:
		o->no_board = true;
		return 0;
	case OPT_FROM:
		o->from = arg;
		return arg[0] == '\0' ? -1 : 0;
	case OPT_RAW:
		t->is_raw = true;
		return 0;
	case OPT_QUEUE:
		return opt_int(arg, 1, 16777216, &t->queue);
	case OPT_MAX_MESSAGE:
		return opt_int(arg, 1024, 67108864, &t->max_message);
	case OPT_READY_FD:
		return take_ready_fd(&t->ready_fd, arg);
	case 'r':
	case 't':
		return opt_redis(&t->redis, val, arg);
	case 'v':
		t->is_verbose = true;
		return 0;
	default:
		return take_time(&t->feed, val, arg);
	}
}

static int
take_operands(struct options *o, char *argv[])
{
	struct err e;

	if (operands_read(&o->operands, argv, &e) == 0)
		return 0;
	return e.exit == EX_USAGE ? opt_usage(&set, "%s", e.text)
				  : err_report(NULL, &e);
}

int
options_read(struct options *o, int argc, char *argv[])
{
	int status;

	*o = (struct options){
	    .tap =
		{
		    .channels = {true, true},
		    .quotes = 1000,
		    .redis.timeout_ms = OPT_REDIS_MS,
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
	status = opt_read(argc, argv, &set, take_option, o);
	if (status >= 0)
		return status;
	if (o->from != NULL && o->tap.is_raw)
		return opt_usage(&set, "--raw is for the network, not --from");
	if (o->from == NULL && optind == argc)
		return opt_usage(&set, "no symbol or contract given");
	status = take_operands(o, argv + optind);
	if (status != 0)
		return status;
	if (o->no_board && o->operands.nsymbols > 0)
		return opt_usage(
		    &set, "--no-board takes contracts, no symbols");
	return -1;
}

void
options_free(struct options *o)
{
	operands_free(&o->operands);
	secret_wipe(&o->tap.key);
}
