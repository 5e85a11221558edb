/* SPDX-License-Identifier: ISC */
/*
 * wsclient: a WebSocket client for tests: as simple as one can be, so that
 * what it prints is what the server sent.
 *
 *	wsclient [OPTION]... URL
 *
 * Lines of stdin go out as messages (but !ping as a ping, !close as a close
 * frame 1000), each message received comes out as one line.  What happens
 *beside that is a line that begins with '!': !open, !pong, !close CODE (the
 *server's close frame), !lost (an end without one), !refused TEXT (no
 *connection).  The end of stdin leaves the connection open; it ends with the
 *connection (status 0), after --messages or --events of them, on TERM, or after
 *--for seconds (status 1).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "buf.h"
#include "clock.h"
#include "opt.h"
#include "sig.h"

#define TICK_US (10 * LWS_US_PER_MS)

enum { O_COUNT = 256, O_MESSAGES, O_EVENTS, O_STOP, O_CACERT, O_FOR };

static const struct opt options[] = {
    {O_COUNT, "count", NULL, "no messages, at the end their counts"},
    {O_MESSAGES, "messages", "N", "end after so many messages"},
    {O_EVENTS, "events", "N", "end after so many events (\"ev\":)"},
    {O_STOP, "stop-after", "N", "read nothing more after so many messages"},
    {O_CACERT, "cacert", "FILE", "trust this certificate (wss)"},
    {O_FOR, "for", "S", "give up after so many seconds (20)"},
    OPT_COMMON,
    {0},
};

static struct {
	int64_t messages, events, stop_after, for_ms;
	const char *cacert;
	bool is_count;
} conf = {.for_ms = 20 * 1000};

static struct {
	struct lws_context *context;
	struct lws *wsi;
	struct buf in, out; /* a message in parts; stdin's lines unsent */
	int64_t messages, events, bytes, begun;
	bool is_over, is_stdin_over, is_close_told;
	int rc;
} me;

static void
tell(const char *what, const char *text)
{
	printf("!%s%s%s\n", what, text[0] == '\0' ? "" : " ", text);
	fflush(stdout);
}

static void
end(int rc)
{
	me.is_over = true;
	me.rc = rc;
}

static int64_t
count_events(struct span text)
{
	static const char word[] = "\"ev\":";
	const char *p = text.p, *stop = text.p + text.n;
	int64_t n = 0;

	while ((p = memchr(p, '"', (size_t)(stop - p))) != NULL) {
		if ((size_t)(stop - p) < sizeof(word) - 1)
			break;
		if (p[1] == 'e' && memcmp(p, word, sizeof(word) - 1) == 0) {
			n++;
			p += sizeof(word) - 1;
		} else
			p++;
	}
	return n;
}

static void
on_message(struct lws *wsi, struct span text)
{
	if (me.messages++ == 0)
		me.begun = clock_mono_ms();
	me.bytes += (int64_t)text.n;
	me.events += count_events(text);
	if (!conf.is_count) {
		printf("%.*s\n", (int)text.n, text.p);
		fflush(stdout);
	}
	if (conf.stop_after > 0 && me.messages >= conf.stop_after)
		lws_rx_flow_control(wsi, 0);
	if ((conf.messages > 0 && me.messages >= conf.messages) ||
	    (conf.events > 0 && me.events >= conf.events))
		end(0);
}

static int
on_part(struct lws *wsi, const char *in, size_t n)
{
	bool is_whole = lws_is_final_fragment(wsi) &&
			lws_remaining_packet_payload(wsi) == 0;

	if (is_whole && me.in.n == 0) {
		on_message(wsi, (struct span){in, n});
		return 0;
	}
	buf_add(&me.in, in, n);
	if (is_whole) {
		on_message(wsi, buf_view(&me.in));
		buf_clear(&me.in);
	}
	return 0;
}

/* One line of stdin as one message. */
static int
send_line(struct lws *wsi)
{
	const char *stop =
	    me.out.n == 0 ? NULL : memchr(me.out.p, '\n', me.out.n);
	struct span line;
	enum lws_write_protocol how = LWS_WRITE_TEXT;
	unsigned char *room;
	int rc;

	if (stop == NULL)
		return 0;
	line = (struct span){me.out.p, (size_t)(stop - me.out.p)};
	if (span_eq(line, SPAN_LIT("!close"))) {
		lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
		return -1;
	}
	if (span_eq(line, SPAN_LIT("!ping"))) {
		how = LWS_WRITE_PING;
		line.n = 0;
	}
	room = mem_alloc(LWS_PRE + line.n + 1);
	memcpy(room + LWS_PRE, line.p, line.n);
	rc = lws_write(wsi, room + LWS_PRE, line.n, how);
	free(room);
	me.out.n -= (size_t)(stop + 1 - me.out.p);
	memmove(me.out.p, stop + 1, me.out.n);
	lws_callback_on_writable(wsi);
	return rc < 0 ? -1 : 0;
}

static void
on_close_frame(const unsigned char *in, size_t n)
{
	char code[16] = "1005";

	if (n >= 2)
		snprintf(code, sizeof(code), "%d", in[0] << 8 | in[1]);
	tell("close", code);
	me.is_close_told = true;
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t n)
{
	(void)user;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		tell("open", "");
		lws_callback_on_writable(wsi);
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		tell("refused", in == NULL ? "" : in);
		end(0);
		return 0;
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return on_part(wsi, in, n);
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		tell("pong", "");
		return 0;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return send_line(wsi);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		on_close_frame(in, n);
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
		if (!me.is_close_told && !me.is_over)
			tell("lost", "");
		me.wsi = NULL;
		end(0);
		return 0;
	default:
		return 0;
	}
}

/* Stdin as far as it has something, and the time. */
static void
on_tick(lws_sorted_usec_list_t *sul)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t got;

	while (!me.is_stdin_over && poll(&p, 1, 0) == 1) {
		buf_reserve(&me.out, 65536);
		got = read(STDIN_FILENO, me.out.p + me.out.n, 65536);
		if (got <= 0) {
			me.is_stdin_over = true;
			break;
		}
		me.out.n += (size_t)got;
		if (me.wsi != NULL)
			lws_callback_on_writable(me.wsi);
	}
	lws_sul_schedule(me.context, 0, sul, on_tick, TICK_US);
}

static void
on_late(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	tell("late", "");
	end(1);
}

static int
take_option(int c, const char *arg, void *ctx)
{
	(void)ctx;
	switch (c) {
	case O_COUNT:
		conf.is_count = true;
		return 0;
	case O_CACERT:
		conf.cacert = arg;
		return 0;
	case O_FOR:
		return opt_seconds(arg, 1, 86400 * 1000, &conf.for_ms);
	case O_MESSAGES:
		return opt_int(arg, 1, INT64_MAX, &conf.messages);
	case O_EVENTS:
		return opt_int(arg, 1, INT64_MAX, &conf.events);
	default:
		return opt_int(arg, 1, INT64_MAX, &conf.stop_after);
	}
}

static int
dial(char *url)
{
	static const struct lws_protocols protocols[] = {
	    {.name = "", .callback = callback, .rx_buffer_size = 262144}, {0}};
	struct lws_context_creation_info info = {0};
	struct lws_client_connect_info to = {0};
	const char *scheme, *path;
	char rest[1024];

	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = protocols;
	info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	info.client_ssl_ca_filepath = conf.cacert;
	me.context = lws_create_context(&info);
	if (me.context == NULL ||
	    lws_parse_uri(url, &scheme, &to.address, &to.port, &path) != 0)
		return err_fail(url, EX_USAGE, "URL", "not one");
	snprintf(rest, sizeof(rest), "/%s", path);
	to.context = me.context;
	to.path = rest;
	to.host = to.origin = to.address;
	to.ssl_connection = strcmp(scheme, "wss") == 0 ? LCCSCF_USE_SSL : 0;
	to.pwsi = &me.wsi;
	if (lws_client_connect_via_info(&to) == NULL && !me.is_over)
		return err_fail(url, EX_UNAVAILABLE, "CONNECT", "refused");
	return 0;
}

int
main(int argc, char *argv[])
{
	lws_sorted_usec_list_t tick = {0}, late = {0};
	static const struct opt_set set = {options, "URL",
	    "Talks to a WebSocket: lines of stdin out, messages in.",
	    "libwebsockets " LWS_LIBRARY_VERSION};
	struct err e;
	int status;

	err_init(argv[0]);
	sig_init();
	lws_set_log_level(0, NULL);
	if (clock_init(&e) != 0)
		return err_report(NULL, &e);
	status = opt_read(argc, argv, &set, take_option, NULL);
	if (status >= 0)
		return status;
	if (optind + 1 != argc)
		return opt_usage(&set, "one URL is needed");
	me.rc = dial(argv[optind]);
	if (me.rc != 0)
		return me.rc;
	lws_sul_schedule(me.context, 0, &tick, on_tick, 1);
	lws_sul_schedule(
	    me.context, 0, &late, on_late, conf.for_ms * LWS_US_PER_MS);
	while (!me.is_over && sig_stop == 0 && lws_service(me.context, 0) >= 0)
		;
	if (conf.is_count)
		printf("messages %lld events %lld bytes %lld ms %lld\n",
		    (long long)me.messages, (long long)me.events,
		    (long long)me.bytes,
		    (long long)(clock_mono_ms() - me.begun));
	lws_sul_cancel(&tick);
	lws_sul_cancel(&late);
	lws_context_destroy(me.context);
	buf_free(&me.in);
	buf_free(&me.out);
	return sig_end(me.rc);
}
