/* SPDX-License-Identifier: ISC */
/*
 * front: one protocol for all that comes in on the port, because a client
 * that names no subprotocol gets the first one: requests of the HTTP half,
 * commands for /control, and WebSocket connections.
 */
#include <string.h>

#include "standin.h"

/* user is a slot for the reasons that are a connection's own; while a
 * connection is set up it may be missing. */
int
front_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t n)
{
	struct slot *slot = user;

	switch (reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_RECEIVE_PONG:
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
	case LWS_CALLBACK_CLOSED:
		return ws_callback(wsi, reason, slot, in, n);
	case LWS_CALLBACK_HTTP:
		if (strcmp(in, "/control") == 0)
			return control_open(wsi, slot);
		return http_callback(wsi, reason, user, in, n);
	case LWS_CALLBACK_HTTP_BODY:
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
	case LWS_CALLBACK_HTTP_WRITEABLE:
	case LWS_CALLBACK_TIMER:
		if (slot != NULL && slot->control != NULL)
			return control_callback(wsi, reason, slot, in, n);
		return http_callback(wsi, reason, user, in, n);
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		if (slot != NULL)
			control_close(slot);
		return http_callback(wsi, reason, user, in, n);
	default:
		return http_callback(wsi, reason, user, in, n);
	}
}
