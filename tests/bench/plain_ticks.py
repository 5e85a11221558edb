#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The job of epoch-hydrate in plain Python, ticks on stdin.

    plain_ticks.py SOCKET

What bench compares with: json and redis-py, pipelines of 500, the same keys
and fields.  What it leaves out: newer wins (it overwrites), `changed`, meta,
the fence, unknown contracts, another epoch while it runs, any account.
"""

import json
import sys

import redis

BATCH = 500
FIELDS = {
    "quote": ("bid", "ask", "bid_size", "ask_size"),
    "trade": ("last", "last_size"),
    "agg": ("volume",),
}


def main():
    server = redis.Redis(unix_socket_path=sys.argv[1])
    epoch = server.hget("epoch:active", "SPX").decode()
    pipe = server.pipeline(transaction=False)
    waiting = 0
    for line in sys.stdin:
        tick = json.loads(line)
        if tick["type"] != "tick":
            continue
        kind = tick["kind"]
        group = "volume" if kind == "agg" else kind
        values = {name: tick[name] for name in FIELDS[kind] if name in tick}
        values[group + "_ts"] = tick["ts"]
        values[group + "_seq"] = tick.get("feed_seq", 0)
        pipe.hset(f"epoch:{epoch}:contract:{tick['id']}", mapping=values)
        waiting += 1
        if waiting == BATCH:
            pipe.execute()
            waiting = 0
    pipe.execute()


main()
