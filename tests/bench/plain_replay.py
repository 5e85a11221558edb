#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The job of epoch-replay in plain Python.

    plain_replay.py SOCKET TAPE [ACT]      up to that act

What bench compares with: json and redis-py, pipelines of 500, the values of
the active epoch in a dictionary, so that a refresh's "newer wins" asks nobody.
The values digest is ours.

What it leaves out: the sums of the lines, numbers without a gap, what came of
an act against what the tape says, rewinds, several symbols, `changed`, the
fence, dirty and clean, sealing and retiring.
"""

import json
import sys

import redis

BATCH = 500
FIELDS = (
    "expiration strike right multiplier bid ask bid_size ask_size quote_ts "
    "quote_seq last last_size trade_ts trade_seq iv delta gamma theta vega oi "
    "volume volume_ts volume_seq"
).split()
TICKS = {
    "q": ("quote_ts", "quote_seq", "bid", "ask", "bid_size", "ask_size"),
    "t": ("trade_ts", "trade_seq", "last", "last_size"),
    "v": ("volume_ts", "volume_seq", "volume"),
}
CHAIN = ("iv", "delta", "gamma", "theta", "vega", "oi")
# of a snapshot's row
ROW = (
    "multiplier bid ask bid_size ask_size quote_ts last last_size trade_ts iv "
    "delta gamma theta vega oi volume volume_ts"
).split()


class Replay:
    def __init__(self, db):
        self.db = db
        self.pipe = db.pipeline(transaction=False)
        self.waiting = 0
        self.staged = {}
        self.epoch = None
        self.board = {}

    def sent(self, n=1):
        self.waiting += n
        if self.waiting >= BATCH:
            self.pipe.execute()
            self.waiting = 0

    def put(self, cid, names, values):
        """Names of a contract become these values; '' goes."""
        key = f"epoch:{self.epoch}:contract:{cid}"
        stored = self.board[cid]
        fresh = {}
        gone = []
        for name, value in zip(names, values):
            if value != "":
                fresh[name] = value
            elif stored.pop(name, None) is not None:
                gone.append(name)
        stored.update(fresh)
        if fresh:
            self.pipe.hset(key, mapping=fresh)
        if gone:
            self.pipe.hdel(key, *gone)
        self.sent()

    def rows(self, act):
        staged = self.staged.setdefault(act["epoch_id"], {})
        for row in act["rows"].split(";"):
            cid, *values = row.split(",")
            staged[cid] = values

    def commit(self, act):
        self.epoch = act["epoch_id"]
        self.board = {}
        for cid, values in self.staged.pop(self.epoch).items():
            self.board[cid] = {}
            self.put(cid, FIELDS, values)
        meta = act["args"][7:]
        symbol = act["symbol"]
        geometry = "".join(cid + "\n" for cid in sorted(self.board))
        self.pipe.set(f"epoch:{self.epoch}:geometry", geometry)
        self.pipe.hset(
            f"epoch:meta:{self.epoch}",
            mapping=dict(zip(meta[::2], meta[1::2])),
        )
        self.pipe.lpush(f"epoch:timeline:{symbol}", self.epoch)
        self.pipe.hset("epoch:active", symbol, self.epoch)
        self.pipe.execute()
        self.waiting = 0

    def hydrate(self, act):
        for row in act["rows"].split(";"):
            kind, cid, *values = row.split(",")
            self.put(cid, TICKS[kind], values)

    def merge(self, cid, row, names, ts, seq):
        """A group of a snapshot's row, if it is newer."""
        stored = self.board[cid]
        values = [row[name] for name in names]
        if not any(values):
            return
        old = [stored.get(name, "") for name in names]
        if any(old) and ts in stored:
            if row[ts] == stored[ts]:
                if seq in stored or "\t".join(values) <= "\t".join(old):
                    return
            elif int(row[ts]) < int(stored[ts]):
                return
        self.put(cid, (*names, ts, seq), (*values, row[ts], ""))

    def refresh_rows(self, act):
        for text in act["rows"].split(";"):
            cid, *values = text.split(",")
            row = dict(zip(ROW, values))
            self.merge(cid, row, TICKS["q"][2:], "quote_ts", "quote_seq")
            self.merge(cid, row, TICKS["t"][2:], "trade_ts", "trade_seq")
            self.merge(cid, row, TICKS["v"][2:], "volume_ts", "volume_seq")
            self.put(cid, CHAIN, [row[name] for name in CHAIN])
            if row["multiplier"]:
                self.put(cid, ("multiplier",), (row["multiplier"],))


def main():
    socket, tape, *until = sys.argv[1:]
    replay = Replay(redis.Redis(unix_socket_path=socket))
    doings = {
        "rows": replay.rows,
        "commit": replay.commit,
        "hydrate": replay.hydrate,
        "refresh_rows": replay.refresh_rows,
    }
    with open(tape, encoding="ascii") as lines:
        for line in lines:
            act = json.loads(line)
            if act["type"] != "act":
                continue
            if until and act["act"] > int(until[0]):
                break
            if act["kind"] in doings:
                doings[act["kind"]](act)
    replay.pipe.execute()


main()
