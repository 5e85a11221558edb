#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The job of chain-fetch | geom-hash | epoch-promote in plain Python.

    plain.py SOCKET DOCUMENT      CBOE's
    plain.py SOCKET PAGE...       all pages of Massive

What bench compares with: json and redis-py as one would write it in an
afternoon, with the same keys and fields, so that the values digests can be
compared.  Documents are parsed whole; contracts go out in pipelines of 500;
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


def read_document(document):
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


# A page's object and its name, ours.
PAGE_VALUES = [
    ("last_quote", "bid", "bid"),
    ("last_quote", "ask", "ask"),
    ("last_quote", "bid_size", "bid_size"),
    ("last_quote", "ask_size", "ask_size"),
    ("last_trade", "price", "last"),
    ("last_trade", "size", "last_size"),
    ("greeks", "delta", "delta"),
    ("greeks", "gamma", "gamma"),
    ("greeks", "theta", "theta"),
    ("greeks", "vega", "vega"),
    ("day", "volume", "volume"),
]


def page_contract(row):
    """One row of a page: the id, and the fields of its hash."""
    details = row["details"]
    fields = {
        "expiration": details["expiration_date"],
        "strike": details["strike_price"],
        "right": details["contract_type"],
        "multiplier": details["shares_per_contract"],
    }
    for part, theirs, ours in PAGE_VALUES:
        value = row.get(part, {}).get(theirs)
        if value is not None:
            fields[ours] = value
    if "last_quote" in row:
        fields["quote_ts"] = row["last_quote"]["last_updated"] // 1_000_000
    if "last_trade" in row:
        fields["trade_ts"] = row["last_trade"]["sip_timestamp"] // 1_000_000
    if "implied_volatility" in row:
        fields["iv"] = row["implied_volatility"]
    if "open_interest" in row:
        fields["oi"] = row["open_interest"]
    return details["ticker"], fields


def read_pages(pages):
    contracts = {}
    times, spot, spot_ts = [], None, 0
    for page in pages:
        for row in page["results"]:
            cid, fields = page_contract(row)
            contracts[cid] = fields
            times += [fields.get("quote_ts", 0), fields.get("trade_ts", 0)]
            asset = row.get("underlying_asset", {})
            if asset.get("last_updated", 0) // 1_000_000 > spot_ts:
                spot_ts = asset["last_updated"] // 1_000_000
                spot = asset.get("value", asset.get("price"))
    ts = max(times + [spot_ts])
    for fields in contracts.values():
        fields["volume_ts"] = ts
    meta = {
        "symbol": row["underlying_asset"]["ticker"].removeprefix("I:"),
        "begin_ts": ts,
        "snapshot_ts": ts,
        "spot": spot,
        "spot_ts": spot_ts,
        "source": "massive",
    }
    return meta, contracts


def read_board(paths):
    documents = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            documents.append(json.load(file))
    if "results" in documents[0]:
        return read_pages(documents)
    return read_document(documents[0])


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
    socket, *paths = sys.argv[1:]
    db = redis.Redis(unix_socket_path=socket, decode_responses=True)
    meta, contracts = read_board(paths)
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
