#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The job of model-gex --once in plain Python.

    plain_gex.py SOCKET EPOCH_ID

What bench compares with: redis-py pipelines of 500, exposure by strike from
the vendor's gamma, zero gamma by re-pricing at 60 spots, one JSON document.
It prints the net, which must be ours where no gamma had to be filled in.

What it leaves out: rules other than one, filling in, exclusions, settlement
by root (all at 16:00), crossings to more than a line between two spots,
acknowledging, and reading only what changed.
"""

import json
import math
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import redis

BATCH = 500
FIELDS = ("oi", "gamma", "iv")


def main():
    db = redis.Redis(unix_socket_path=sys.argv[1], decode_responses=True)
    epoch = sys.argv[2]
    meta = db.hgetall(f"epoch:meta:{epoch}")
    spot = float(meta["spot"])
    now = int(meta["spot_ts"]) / 1000
    ids = db.get(f"epoch:{epoch}:geometry").split()
    zone = ZoneInfo("America/New_York")
    closes = {}
    strikes = {}
    priced = []
    for at in range(0, len(ids), BATCH):
        pipe = db.pipeline(transaction=False)
        for cid in ids[at : at + BATCH]:
            pipe.hmget(f"epoch:{epoch}:contract:{cid}", FIELDS)
        for cid, (oi, gamma, iv) in zip(ids[at : at + BATCH], pipe.execute()):
            date = cid[-15:-9]
            if date not in closes:
                closes[date] = datetime(
                    2000 + int(date[:2]), int(date[2:4]), int(date[4:]), 16,
                    tzinfo=zone,
                ).timestamp()
            years = (closes[date] - now) / 31536000
            if years <= 0 or oi is None or gamma is None:
                continue
            sign = 1 if cid[-9] == "C" else -1
            strike = int(cid[-8:]) / 1000
            row = strikes.setdefault(strike, [0.0, 0.0])
            exposure = float(gamma) * float(oi) * 100 * spot * spot * 0.01
            row[sign < 0] += exposure
            vol = float(iv or 0)
            if vol > 0 and float(oi) > 0:
                priced.append((sign * float(oi), strike, years, vol))
    curve = []
    for i in range(60):
        x = spot * (0.8 + 0.4 * i / 59)
        total = 0.0
        for size, strike, years, vol in priced:
            width = vol * math.sqrt(years)
            d1 = (math.log(x / strike) + vol * vol / 2 * years) / width
            total += size * math.exp(-d1 * d1 / 2) / width * x
        curve.append((x, total))
    flips = [
        x1 - (x1 - x0) * y1 / (y1 - y0)
        for (x0, y0), (x1, y1) in zip(curve, curve[1:])
        if (y0 < 0) != (y1 < 0)
    ]
    net = sum(call - put for call, put in strikes.values())
    doc = json.dumps({"net": net, "flips": flips, "strikes": strikes})
    db.hset(f"epoch:{epoch}:model:python", mapping={"doc": doc})
    print(net)


if __name__ == "__main__":
    main()
