#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The job of chain-fetch | geom-hash | epoch-promote in plain Python.

    plain.py DOCUMENT SOCKET

What bench compares with: json and redis-py as one would write it in an
afternoon, with the same keys and fields, so that the values digests can be
compared.  The document is parsed whole; contracts go out in pipelines of 500;
active is switched last.  The same board again is written again in place.

What it leaves out: bad rows and cut documents, newer wins (a tick's value is
overwritten, nothing is carried), `changed`, the fence, two of us at once,
stale and shrunk boards, the vendor's own digits.
"""

import hashlib
import json
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import redis

NEW_YORK = ZoneInfo("America/New_York")
DELAY_MS = 900_000
BATCH = 500
# Our name, the vendor's.
VALUES = [
    ("bid", "bid"),
    ("ask", "ask"),
    ("bid_size", "bid_size"),
    ("ask_size", "ask_size"),
    ("iv", "iv"),
    ("delta", "delta"),
    ("gamma", "gamma"),
    ("theta", "theta"),
    ("vega", "vega"),
    ("oi", "open_interest"),
    ("volume", "volume"),
]


def to_ms(text, zone):
    moment = datetime.fromisoformat(text).replace(tzinfo=zone)
    return int(moment.timestamp()) * 1000


def contract(row, quote_ts):
    """One row of the document: the id, and the fields of its hash."""
    root, date, right, strike = (
        row["option"][:-15],
        row["option"][-15:-9],
        row["option"][-9],
        int(row["option"][-8:]),
    )
    fields = {
        "expiration": f"20{date[:2]}-{date[2:4]}-{date[4:]}",
        "strike": strike / 1000 if strike % 1000 else strike // 1000,
        "right": "call" if right == "C" else "put",
        "quote_ts": quote_ts,
        "volume_ts": quote_ts,
    }
    for ours, theirs in VALUES:
        if row[theirs] is not None:
            fields[ours] = row[theirs]
    if row["last_trade_time"]:
        fields["last"] = row["last_trade_price"]
        fields["trade_ts"] = to_ms(row["last_trade_time"], NEW_YORK)
    elif row["last_trade_price"]:
        fields["last"] = row["last_trade_price"]
        fields["trade_ts"] = quote_ts
    return f"O:{root}{date}{right}{strike:08d}", fields


def read_board(path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    ts = to_ms(document["timestamp"], timezone.utc)
    contracts = {}
    for row in document["data"]["options"]:
        cid, fields = contract(row, ts - DELAY_MS)
        contracts[cid] = fields
    meta = {
        "symbol": document["symbol"].lstrip("_"),
        "begin_ts": ts,
        "snapshot_ts": ts,
        "spot": document["data"]["current_price"],
        "spot_ts": to_ms(document["data"]["last_trade_time"], NEW_YORK),
        "source": "cboe",
    }
    return meta, contracts


def geometry_of(contracts):
    ids = sorted(contracts)
    geometry = "".join(cid + "\n" for cid in ids)
    strikes = sorted({int(cid[-8:]) for cid in ids})
    expirations = sorted({c["expiration"] for c in contracts.values()})
    grid = [str(s) for s in strikes] + ["--"] + expirations
    return geometry, {
        "geometry_hash": hashlib.sha256(geometry.encode()).hexdigest(),
        "grid_hash": hashlib.sha256(
            "".join(line + "\n" for line in grid).encode()
        ).hexdigest(),
        "contract_count": len(ids),
        "strike_count": len(strikes),
        "expiration_count": len(expirations),
    }


def write_contracts(db, epoch, contracts):
    pipe = db.pipeline(transaction=False)
    for n, (cid, fields) in enumerate(contracts.items(), 1):
        pipe.hset(f"epoch:{epoch}:contract:{cid}", mapping=fields)
        if n % BATCH == 0:
            pipe.execute()
    pipe.execute()


def refresh(db, epoch, meta, contracts):
    write_contracts(db, epoch, contracts)
    pipe = db.pipeline()
    pipe.hset(f"epoch:meta:{epoch}", mapping=meta)
    pipe.hincrby(f"epoch:meta:{epoch}", "seq", 1)
    pipe.sadd("epoch:dirty", epoch)
    pipe.srem("epoch:clean", epoch)
    pipe.execute()


def promote(db, old, meta, geometry, contracts):
    symbol = meta["symbol"]
    second = meta["snapshot_ts"] // 1000
    epoch = f"{symbol}:{second}:{meta['geometry_hash'][:4]}"
    meta.update(created_ts=second, seq=1, full_seq=1, dormant_count=0)
    meta.update(forced_dirty=0, ticks=0, carried=0, reason="geometry")
    before = set((db.get(f"epoch:{old}:geometry") or "").split())
    meta["entered"] = len(contracts.keys() - before)
    meta["exited"] = len(before - contracts.keys())
    write_contracts(db, epoch, contracts)
    pipe = db.pipeline()
    pipe.set(f"epoch:{epoch}:geometry", geometry)
    pipe.set(f"epoch:{epoch}:had_ws_updates", 0)
    if old:
        meta["prev"] = old
        pipe.hset(f"epoch:meta:{old}", "superseded_by", epoch)
        pipe.srem("epoch:dirty", old)
        pipe.sadd("epoch:clean", old)
    pipe.hset(f"epoch:meta:{epoch}", mapping=meta)
    pipe.lpush(f"epoch:timeline:{symbol}", epoch)
    pipe.sadd("epoch:dirty", epoch)
    pipe.hset("epoch:active", symbol, epoch)
    pipe.execute()
    return epoch


def main():
    path, socket = sys.argv[1:]
    db = redis.Redis(unix_socket_path=socket, decode_responses=True)
    meta, contracts = read_board(path)
    geometry, sums = geometry_of(contracts)
    meta.update(sums)
    epoch = db.hget("epoch:active", meta["symbol"])
    stored = epoch and db.hget(f"epoch:meta:{epoch}", "geometry_hash")
    if stored == meta["geometry_hash"]:
        refresh(db, epoch, meta, contracts)
        outcome = "same"
    else:
        epoch = promote(db, epoch, meta, geometry, contracts)
        outcome = "new"
    print(json.dumps({"epoch_id": epoch, "outcome": outcome}))


if __name__ == "__main__":
    main()
