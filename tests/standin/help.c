/* SPDX-License-Identifier: ISC */
/* help: the WebSocket half's part of --help. */
#include "feed.h"

void
feed_help(struct buf *b)
{
	buf_str(b,
	    "\nWebSocket: ws://127.0.0.1:PORT/options (wss with --tls-cert), "
	    "the vendor's\n"
	    "handshake, statuses and channels T Q A AM FMV LV; T.* A.* AM.* "
	    "are whole\n"
	    "channels.  Only what is subscribed is sent.  --log has a line for "
	    "each open,\n"
	    "auth, subscribe, unsubscribe, pong, rule, closed, and upgrade "
	    "refused.\n\n"
	    "Settings (--ws NAME=VALUE, or the command set):\n");
	setting_help(b);
	buf_str(b,
	    "\nCommands: POST /control, one a line, [to N|first|last|all] "
	    "COMMAND; answered\n"
	    "when all are done by {\"ok\":true,...} a command (200), or "
	    "{\"ok\":false,\"error\":\n"
	    "\"...\"} for the first that fails (400, 504: waited in vain).  "
	    "GET: status.\n"
	    "Without \"to\" all open connections are meant.  Example:\n"
	    "  printf 'wait pairs 2\\nburst 1000 0 seed=7\\nwait idle\\n"
	    "status\\n' |\n"
	    "      curl -sS --data-binary @- http://127.0.0.1:PORT/control\n");
	action_help(b);
	buf_str(b,
	    "\n--ws-script, one rule a line: on WHEN [of N] [once | always | "
	    "times N] COMMAND\n"
	    "  WHEN: connect, auth, subscribe, unsubscribe, events N (its N-th "
	    "is queued),\n"
	    "  ms N; of N: of the N-th connection.  The command is about the "
	    "connection.\n\n");
	burst_help(b);
	buf_str(b,
	    "\nstatus: open, auth, pairs (now), opened, closed, sent (events "
	    "that somebody\n"
	    "got), requests (HTTP); burst: made, and of what was sent the "
	    "kinds, unknown,\n"
	    "foreign, duplicates, late, future; each connection, closed ones "
	    "too: events,\n"
	    "frames, bytes (handed to the socket), queued_events, muted, lost "
	    "(unsent at its\n"
	    "end), how it ended.\n");
}
