#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The job of model-heatmap --once in plain Python.

    plain_heatmap.py SOCKET EPOCH_ID

What bench compares with: redis-py pipelines of 500, singles, verticals and
butterflies of the nearest 5 dates in floats, one JSON document a sheet.  It
prints the number of tiles, which must be ours.

What it leaves out: settlement by root (all at 16:00), flags, reasons, exact
sums, acknowledging, and reading and writing only what changed.
"""

import json
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import redis

BATCH = 500
WIDTHS = (20, 25, 30, 35, 40, 45, 50)
FIELDS = ("bid", "ask", "quote_ts")


def tile(strike, width, legs):
    mid = sum(times * (bid + ask) / 2 for times, (bid, ask, _) in legs)
    natural = sum(
        times * (ask if times > 0 else bid) for times, (bid, ask, _) in legs
    )
    out = {"strike": strike, "mid": mid, "natural": natural,
           "oldest_quote_ts": min(leg[2] for _, leg in legs)}
    if width:
        out["width"] = width
        out["max_gain"] = width - mid
    return out


def main():
    db = redis.Redis(unix_socket_path=sys.argv[1], decode_responses=True)
    epoch = sys.argv[2]
    now = int(db.hget(f"epoch:meta:{epoch}", "spot_ts")) / 1000
    ids = db.get(f"epoch:{epoch}:geometry").split()
    zone = ZoneInfo("America/New_York")
    legs = {}
    dates = set()
    for at in range(0, len(ids), BATCH):
        pipe = db.pipeline(transaction=False)
        for cid in ids[at : at + BATCH]:
            pipe.hmget(f"epoch:{epoch}:contract:{cid}", FIELDS)
        for cid, (bid, ask, ts) in zip(ids[at : at + BATCH], pipe.execute()):
            date = cid[-15:-9]
            dates.add(date)
            bid, ask = float(bid or 0), float(ask or 0)
            if bid > 0 and ask >= bid:
                run = legs.setdefault((date, cid[2:-15], cid[-9]), {})
                run[int(cid[-8:]) / 1000] = (bid, ask, int(ts))
    live = sorted(
        date
        for date in dates
        if datetime(2000 + int(date[:2]), int(date[2:4]), int(date[4:]), 16,
                    tzinfo=zone).timestamp() > now
    )[:5]
    sheets = {}
    for (date, root, right), run in legs.items():
        if date not in live:
            continue
        side = 1 if right == "C" else -1
        single, vertical, butterfly = [], [], []
        for strike, leg in sorted(run.items()):
            single.append(tile(strike, 0, [(1, leg)]))
            for width in WIDTHS:
                far = run.get(strike + side * width)
                low, high = run.get(strike - width), run.get(strike + width)
                if far:
                    vertical.append(tile(strike, width, [(1, leg), (-1, far)]))
                if low and high:
                    butterfly.append(
                        tile(strike, width, [(1, low), (-2, leg), (1, high)])
                    )
        sheets[f"{date}:{root}:{right}:single"] = single
        sheets[f"{date}:{root}:{right}:vertical"] = vertical
        sheets[f"{date}:{root}:{right}:butterfly"] = butterfly
    db.hset(
        f"epoch:{epoch}:model:python",
        mapping={name: json.dumps(tiles) for name, tiles in sheets.items()},
    )
    print(sum(len(tiles) for tiles in sheets.values()))


if __name__ == "__main__":
    main()
