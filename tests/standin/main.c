/* SPDX-License-Identifier: ISC */
/*
 * standin: a vendor for tests, on a loopback port that the kernel chooses.
 *
 *	standin --board FILE [--board FILE]... [OPTION]...
 *
 * Boards are CBOE documents.  Each is served as Massive's chain,
 *
 *	GET /v3/snapshot/options/UNDERLYING?…
 *	GET /v3/snapshot/options/UNDERLYING/CONTRACT
 *
 * and verbatim as CBOE's document,
 *
 *	GET /api/global/delayed_quotes/options/SYMBOL.json
 *
 * A second board of the same symbol waits for the fault "board 2".  Once
 * ready it writes "port N" to stdout; it ends on TERM and INT, and by itself
 * after --ttl seconds, so that no test can leave one behind.  script.h tells
 * what a script of faults looks like, log.c what is logged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>

#include "clock.h"
#include "feed.h"
#include "opt.h"
#include "sig.h"

#define TICK_US (50 * LWS_US_PER_MS)
#define HEAD_MAX 16384

enum {
	O_BOARD = 256,
	O_SCRIPT,
	O_LOG,
	O_LOG_AUTH,
	O_KEY,
	O_CERT,
	O_CERT_KEY,
	O_TTL,
	O_READY_FD,
	O_UNKNOWN,
	O_LIMIT,
	O_IPV6,
	O_WS,
	O_WS_SCRIPT,
	O_WS_EVENTS
};

static const struct opt options[] = {
    {O_BOARD, "board", "FILE", "serve this CBOE document; may be repeated"},
    {O_SCRIPT, "script", "FILE", "faults, see above"},
    {O_LOG, "log", "FILE", "append one JSON line a request"},
    {O_LOG_AUTH, "log-auth", NULL, "log the key itself, too"},
    {O_KEY, "key", "KEY", "the one good API key (any)"},
    {O_CERT, "tls-cert", "FILE", "serve https with this PEM certificate"},
    {O_CERT_KEY, "tls-key", "FILE", "and this PEM key"},
    {O_TTL, "ttl", "S", "end after so many seconds (120)"},
    {O_READY_FD, "ready-fd", "FD", "write the port there, too"},
    {O_UNKNOWN, "unknown", "HOW", "unknown underlying: empty (200) or 404"},
    {O_LIMIT, "over-limit", "HOW", "limit over 250: clamp or error (400)"},
    {O_IPV6, "ipv6", NULL, "listen on ::1 instead of 127.0.0.1"},
    {O_WS, "ws", "NAME=VALUE", "a setting of the WebSocket half, see above"},
    {O_WS_SCRIPT, "ws-script", "FILE", "commands by moment, see above"},
    {O_WS_EVENTS, "ws-events", "FILE", "append every event sent, one a line"},
    OPT_COMMON,
    {0},
};

static struct {
	const char *script, *log, *cert, *cert_key, *ws_script, *ws_events;
	int64_t ttl_ms, ready_fd;
	bool is_ipv6;
} conf = {.ttl_ms = 120 * 1000, .ready_fd = -1};

static struct feed feed;
static struct standin server = {.log_fd = -1, .feed = &feed};
static bool is_over;

static int
add_board(const char *file)
{
	struct err e;

	server.boards =
	    mem_grow(server.boards, server.nboards + 1, sizeof(*server.boards));
	if (book_load(&server.boards[server.nboards], file, &e) != 0)
		return err_report(file, &e);
	server.nboards++;
	return 0;
}

/* One of two words: 0 the first, 1 the second, -1 neither. */
static int
choose(const char *arg, const char *first, const char *second)
{
	if (strcmp(arg, first) == 0)
		return 0;
	return strcmp(arg, second) == 0 ? 1 : -1;
}

static int
take_setting(const char *arg)
{
	struct err e;

	if (setting_read(&feed, span_str(arg), &e) == 0)
		return 0;
	return err_report(arg, &e);
}

static int
take_option(int c, const char *arg, void *ctx)
{
	int which;

	(void)ctx;
	switch (c) {
	case O_BOARD:
		return add_board(arg);
	case O_SCRIPT:
		conf.script = arg;
		return 0;
	case O_LOG:
		conf.log = arg;
		return 0;
	case O_LOG_AUTH:
		server.log_auth = true;
		return 0;
	case O_KEY:
		server.key = arg;
		return 0;
	case O_CERT:
		conf.cert = arg;
		return 0;
	case O_CERT_KEY:
		conf.cert_key = arg;
		return 0;
	case O_TTL:
		return opt_seconds(arg, 1, 86400 * 1000, &conf.ttl_ms);
	case O_READY_FD:
		return opt_int(arg, 0, 1023, &conf.ready_fd);
	case O_IPV6:
		conf.is_ipv6 = true;
		return 0;
	case O_UNKNOWN:
		which = choose(arg, "empty", "404");
		server.unknown_is_404 = which == 1;
		return which >= 0 ? 0 : -1;
	case O_WS:
		return take_setting(arg);
	case O_WS_SCRIPT:
		conf.ws_script = arg;
		return 0;
	case O_WS_EVENTS:
		conf.ws_events = arg;
		return 0;
	default:
		which = choose(arg, "clamp", "error");
		server.is_limit_strict = which == 1;
		return which >= 0 ? 0 : -1;
	}
}

static int
open_files(const struct opt_set *set)
{
	struct err e;

	if ((conf.cert == NULL) != (conf.cert_key == NULL))
		return opt_usage(set, "--tls-cert and --tls-key go together");
	server.is_tls = conf.cert != NULL;
	if (conf.script != NULL &&
	    script_load(&server.script, conf.script, &e) != 0)
		return err_report(conf.script, &e);
	if (conf.ws_script != NULL &&
	    rules_load(&feed, conf.ws_script, &e) != 0)
		return err_report(conf.ws_script, &e);
	if (conf.ws_events != NULL) {
		feed.events = fopen(conf.ws_events, "ae");
		if (feed.events == NULL)
			return err_fail(conf.ws_events, EX_CANTCREAT, "EVENTS",
			    "%s", strerror(errno));
	}
	if (conf.log != NULL) {
		server.log_fd = open(
		    conf.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (server.log_fd < 0)
			return err_fail(conf.log, EX_CANTCREAT, "LOG", "%s",
			    strerror(errno));
	}
	return 0;
}

/* A timer and the event loop that it belongs to. */
struct timer {
	lws_sorted_usec_list_t sul;
	struct lws_context *context;
};

/* So that a signal that falls between two waits is not waited out. */
static void
on_tick(lws_sorted_usec_list_t *sul)
{
	struct timer *t = lws_container_of(sul, struct timer, sul);

	lws_sul_schedule(t->context, 0, &t->sul, on_tick, TICK_US);
}

static void
on_ttl(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	is_over = true;
}

static struct lws_context *
listen_on_loopback(void)
{
	static struct lws_protocols protocols[] = {
	    {.name = "http",
		.callback = front_callback,
		.rx_buffer_size = 65536},
	    {0},
	};
	struct lws_context_creation_info info = {0};
	struct lws_context *context;
	struct lws_vhost *vhost;

	protocols[0].per_session_data_size = sizeof(struct slot);
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	if (!conf.is_ipv6)
		info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
	if (server.is_tls)
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	info.max_http_header_data = HEAD_MAX;
	info.user = &server;
	context = lws_create_context(&info);
	if (context == NULL)
		return NULL;
	info.iface = conf.is_ipv6 ? "::1" : "127.0.0.1";
	info.port = 0;
	info.protocols = protocols;
	info.alpn = "http/1.1";
	info.keepalive_timeout = 60;
	info.ssl_cert_filepath = conf.cert;
	info.ssl_private_key_filepath = conf.cert_key;
	vhost = lws_create_vhost(context, &info);
	if (vhost == NULL) {
		lws_context_destroy(context);
		return NULL;
	}
	server.port = lws_get_vhost_listen_port(vhost);
	return context;
}

static void
tell_port(void)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "port %d\n", server.port);

	(void)!write(STDOUT_FILENO, line, (size_t)n);
	if (conf.ready_fd >= 0) {
		(void)!write((int)conf.ready_fd, line, (size_t)n);
		close((int)conf.ready_fd);
	}
}

static void
serve(struct lws_context *context)
{
	struct timer tick = {.context = context}, ttl = {.context = context};

	on_tick(&tick.sul);
	lws_sul_schedule(
	    context, 0, &ttl.sul, on_ttl, conf.ttl_ms * LWS_US_PER_MS);
	feed_start(&feed, context);
	tell_port();
	while (sig_stop == 0 && !is_over && lws_service(context, 0) >= 0)
		;
	lws_sul_cancel(&tick.sul);
	lws_sul_cancel(&ttl.sul);
	feed_stop(&feed);
}

static void
free_all(void)
{
	for (size_t i = 0; i < server.nboards; i++)
		book_free(&server.boards[i]);
	free(server.boards);
	script_free(&server.script);
	feed_free(&feed);
	if (server.log_fd >= 0)
		close(server.log_fd);
}

int
main(int argc, char *argv[])
{
	struct buf help = {0};
	struct opt_set set = {options, "", NULL,
	    "libwebsockets " LWS_LIBRARY_VERSION " zlib " ZLIB_VERSION};
	struct lws_context *context;
	struct err e;
	int rc;

	err_init(argv[0]);
	sig_init();
	feed_init(&feed, &server);
	lws_set_log_level(LLL_ERR, NULL);
	if (clock_init(&e) != 0)
		return err_report(NULL, &e);
	buf_str(&help,
	    "Serves option boards on a loopback port as two vendors do, with "
	    "faults.\n\n");
	script_help(&help);
	feed_help(&help);
	help.p[--help.n] = '\0';
	set.summary = help.p;
	rc = opt_read(argc, argv, &set, take_option, NULL);
	if (rc < 0 && (rc = open_files(&set)) == 0) {
		context = listen_on_loopback();
		if (context == NULL)
			rc = err_fail(NULL, EX_UNAVAILABLE, "LISTEN",
			    "no listening socket, or a bad certificate");
		else
			serve(context);
		lws_context_destroy(context);
	}
	buf_free(&help);
	free_all();
	return sig_end(rc);
}
