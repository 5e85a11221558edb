/* SPDX-License-Identifier: ISC */
/* socket: see socket.h. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <libwebsockets.h>

#include "resolve.h"
#include "socket.h"
#include "url.h"

#define RX_MAX (64 * 1024) /* read at once */
#define SLICE_MS 20        /* of waiting, while the library may have work */
#define HOW_MAX 200

/* A text on its way out, behind the room that the library wants. */
struct outgoing {
	struct outgoing *next;
	size_t n;
	unsigned char room[];
};

struct socket {
	struct socket_conf conf;
	struct lws_context *context;
	struct lws *wsi; /* of the connection that counts; NULL: none */
	struct resolve *resolve;
	struct url url;
	bool is_connecting, is_open;
	unsigned lingering; /* connections dropped and not yet gone */
	int drop_code;
	struct buf message; /* of several pieces */
	struct outgoing *first, **last;
	bool must_ping;
};

/* ------------------------------------------------------------------- state */

static void
forget_outgoing(struct socket *s)
{
	struct outgoing *o;

	while ((o = s->first) != NULL) {
		s->first = o->next;
		explicit_bzero(o->room, LWS_PRE + o->n);
		free(o);
	}
	s->last = &s->first;
	s->must_ping = false;
}

/* The connection no longer counts; what it still does is not heard. */
static void
let_go(struct socket *s)
{
	s->lingering += s->wsi != NULL;
	s->wsi = NULL;
	s->is_connecting = s->is_open = false;
	buf_clear(&s->message);
	forget_outgoing(s);
	resolve_cancel(&s->resolve);
}

static void
lose(struct socket *s, enum socket_loss loss, const char *how)
{
	char text[HOW_MAX];

	snprintf(text, sizeof(text), "%s", how);
	let_go(s);
	s->conf.lost(s->conf.ctx, loss, text);
}

/* ---------------------------------------------------------------- callback */

/* A piece of a message.  -1: close the connection. */
static int
on_receive(struct socket *s, struct lws *wsi, const char *p, size_t n)
{
	bool is_last = lws_is_final_fragment(wsi) != 0;
	struct span text = {p, n};

	if (s->message.n + n > s->conf.max_message) {
		lws_close_reason(wsi, (enum lws_close_status)1009, NULL, 0);
		lose(s, SOCKET_TOO_LONG, "a message over --max-message");
		return -1;
	}
	if (!is_last || s->message.n > 0)
		buf_add(&s->message, p, n);
	if (!is_last)
		return 0;
	if (s->message.n > 0)
		text = buf_view(&s->message);
	s->conf.message(s->conf.ctx, text);
	buf_clear(&s->message);
	return 0;
}

static int
on_writable(struct socket *s, struct lws *wsi)
{
	unsigned char ping[LWS_PRE + 1];
	struct outgoing *o = s->first;
	int rc = 0;

	if (s->must_ping) {
		s->must_ping = false;
		rc = lws_write(wsi, ping + LWS_PRE, 0, LWS_WRITE_PING);
	} else if (o != NULL) {
		rc = lws_write(wsi, o->room + LWS_PRE, o->n, LWS_WRITE_TEXT);
		s->first = o->next;
		if (s->first == NULL)
			s->last = &s->first;
		explicit_bzero(o->room, LWS_PRE + o->n);
		free(o);
	}
	if (rc < 0)
		return -1;
	if (s->must_ping || s->first != NULL)
		lws_callback_on_writable(wsi);
	return 0;
}

/* What the library says of a connection that did not come about. */
static void
on_failure(struct socket *s, const char *in, size_t n)
{
	char why[HOW_MAX];
	bool is_tls;

	err_vis(why, sizeof(why), in == NULL ? "" : in, in == NULL ? 0 : n);
	is_tls = s->url.is_tls &&
		 (strstr(why, "X509") != NULL || strstr(why, "SSL") != NULL ||
		     strstr(why, "tls") != NULL || strstr(why, "cert") != NULL);
	lose(s, is_tls ? SOCKET_NO_TLS : SOCKET_GONE,
	    why[0] == '\0' ? "no connection" : why);
}

/* The vendor's close frame: its code, for people. */
static void
on_close(struct socket *s, const unsigned char *in, size_t n)
{
	char how[HOW_MAX], why[100];

	if (n < 2) {
		lose(s, SOCKET_GONE, "closed");
		return;
	}
	err_vis(why, sizeof(why), (const char *)in + 2, n - 2);
	snprintf(how, sizeof(how), "closed with %d%s%s", in[0] << 8 | in[1],
	    why[0] == '\0' ? "" : ": ", why);
	lose(s, SOCKET_GONE, how);
}

/* Of the connection that counts. */
static int
on_event(struct socket *s, struct lws *wsi, enum lws_callback_reasons reason,
    void *in, size_t n)
{
	switch (reason) {
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		s->is_connecting = false;
		s->is_open = true;
		s->conf.opened(s->conf.ctx);
		return 0;
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return on_receive(s, wsi, in, n);
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		s->conf.pong(s->conf.ctx);
		return 0;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return on_writable(s, wsi);
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		on_failure(s, in, in == NULL ? 0 : strlen(in));
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		on_close(s, in, n);
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
	case LWS_CALLBACK_WSI_DESTROY:
		lose(s, SOCKET_GONE, "cut without a close");
		return 0;
	default:
		return 0;
	}
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t n)
{
	struct socket *s;
	int rc = 0;

	(void)user;
	if (wsi == NULL || lws_get_context(wsi) == NULL)
		return 0;
	s = lws_context_user(lws_get_context(wsi));
	if (s == NULL)
		return 0;
	if (wsi == s->wsi)
		rc = on_event(s, wsi, reason, in, n);
	else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE)
		rc = -1; /* dropped: its close goes out */
	if (reason == LWS_CALLBACK_WSI_DESTROY && wsi != s->wsi &&
	    s->lingering > 0)
		s->lingering--;
	return rc;
}

/* ------------------------------------------------------------------ outside */

static const struct lws_protocols protocols[] = {
    {.name = "ws-tap", .callback = callback, .rx_buffer_size = RX_MAX},
    {0},
};

int
socket_new(struct socket **out, const struct socket_conf *conf, struct err *e)
{
	struct lws_context_creation_info info = {0};
	struct socket *s = mem_zalloc(sizeof(*s));
	FILE *f;

	*out = s;
	s->conf = *conf;
	s->last = &s->first;
	if (url_read(&s->url, conf->url, e) != 0)
		return -1;
	if (conf->cacert != NULL) {
		f = fopen(conf->cacert, "r");
		if (f == NULL)
			return err_set(e, EX_CONFIG, "CACERT",
			    "cannot be read: %.200s", conf->cacert);
		fclose(f);
	}
	/* the library would take proxies from there */
	unsetenv("http_proxy");
	unsetenv("socks_proxy");
	lws_set_log_level(0, NULL);
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = protocols;
	info.gid = (gid_t)-1;
	info.uid = (uid_t)-1;
	info.user = s;
	info.pt_serv_buf_size = RX_MAX;
	info.fd_limit_per_thread = 64;
	if (s->url.is_tls) {
		info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
		info.ssl_client_options_set =
		    (long)(SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 |
			   SSL_OP_NO_TLSv1_1);
		info.client_ssl_ca_filepath = conf->cacert;
		if (conf->cacert != NULL)
			info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
	}
	s->context = lws_create_context(&info);
	if (s->context == NULL)
		return err_set(e, EX_OSERR, "LWS", "cannot be set up%s",
		    conf->cacert == NULL ? "" : ": look at --cacert");
	return 0;
}

void
socket_free(struct socket **at)
{
	struct socket *s = *at;

	if (s == NULL)
		return;
	let_go(s);
	if (s->context != NULL)
		lws_context_destroy(s->context);
	buf_free(&s->message);
	free(s);
	*at = NULL;
}

static void
connect_to(struct socket *s, const char *address)
{
	struct lws_client_connect_info info = {0};

	info.context = s->context;
	info.address = address;
	info.port = s->url.port;
	info.path = s->url.path;
	info.host = s->url.authority;
	info.local_protocol_name = protocols[0].name;
	info.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT;
	if (s->url.is_tls)
		info.ssl_connection |= LCCSCF_USE_SSL;
	info.pwsi = &s->wsi;
	if (lws_client_connect_via_info(&info) == NULL && s->is_connecting) {
		s->wsi = NULL;
		lose(s, SOCKET_GONE, "no connection");
	}
}

void
socket_connect(struct socket *s)
{
	s->is_connecting = true;
	if (resolve_is_literal(s->url.host)) {
		connect_to(s, s->url.host);
		return;
	}
	s->resolve = resolve_start(s->url.host);
	if (s->resolve == NULL)
		lose(s, SOCKET_GONE, "no thread for the resolver");
}

/* Has the resolver answered? */
static void
go_on(struct socket *s)
{
	char address[RESOLVE_TEXT];
	int rc = s->resolve == NULL ? 0 : resolve_take(&s->resolve, address);

	if (rc == 1)
		connect_to(s, address);
	else if (rc < 0)
		lose(s, SOCKET_GONE, address);
}

void
socket_send(struct socket *s, struct span text)
{
	struct outgoing *o = mem_zalloc(sizeof(*o) + LWS_PRE + text.n);

	o->n = text.n;
	memcpy(o->room + LWS_PRE, text.p, text.n);
	*s->last = o;
	s->last = &o->next;
	if (s->wsi != NULL)
		lws_callback_on_writable(s->wsi);
}

void
socket_ping(struct socket *s)
{
	s->must_ping = true;
	if (s->wsi != NULL)
		lws_callback_on_writable(s->wsi);
}

void
socket_drop(struct socket *s, int code)
{
	struct lws *wsi = s->wsi;
	bool was_open = s->is_open;

	let_go(s);
	if (wsi == NULL)
		return;
	if (was_open && code != 0) {
		lws_close_reason(wsi, (enum lws_close_status)code, NULL, 0);
		lws_callback_on_writable(wsi);
	} else {
		lws_set_timeout(
		    wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
	}
}

int
socket_fd(const struct socket *s)
{
	return s->wsi == NULL ? -1 : lws_get_socket_fd(s->wsi);
}

short
socket_events(const struct socket *s)
{
	return s->is_open && !s->must_ping && s->first == NULL
		   ? POLLIN
		   : POLLIN | POLLOUT;
}

int64_t
socket_wait_ms(struct socket *s)
{
	if (s->resolve != NULL || s->is_connecting || s->lingering > 0)
		return SLICE_MS;
	if (s->wsi == NULL)
		return INT64_MAX;
	/* decrypted already, or read and not yet looked at */
	return lws_service_adjust_timeout(s->context, 1000, 0);
}

void
socket_service(struct socket *s)
{
	go_on(s);
	lws_service(s->context, -1);
}

bool
socket_is_closed(const struct socket *s)
{
	return s->wsi == NULL && s->lingering == 0;
}
