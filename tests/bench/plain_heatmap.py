#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The job of model-heatmap in plain Python (plain_model.py says how it is run).

    plain_heatmap.py SOCKET EPOCH_ID [--follow HOW | --check]

Singles, verticals and butterflies of the nearest 5 dates in floats, one JSON
document a sheet.  With kept values only the sheets whose legs changed are
computed and published.

What it leaves out: flags (parity, bounds), missing tiles and why, the head,
exact sums.
"""

import json
import math
from datetime import datetime
from zoneinfo import ZoneInfo

import plain_model

NEW_YORK = ZoneInfo("America/New_York")
DATES = 5
WIDTHS = (20, 25, 30, 35, 40, 45, 50)


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


def sheets_of(run, right):
    """Three sheets of the contracts of one date, root and right."""
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
    return {"single": single, "vertical": vertical, "butterfly": butterfly}


class Heatmap:
    fields = ("bid", "ask", "quote_ts")

    def __init__(self, _args, meta, ids):
        now = int(meta["spot_ts"]) / 1000
        times = {}
        for cid in ids:
            date = cid[-15:-9]
            times[date] = max(times.get(date, 0), datetime(
                2000 + int(date[:2]), int(date[2:4]), int(date[4:]),
                9 if cid[2:-15] == "SPX" else 16, tzinfo=NEW_YORK).timestamp())
        self.dates = sorted(d for d, at in times.items() if at > now)[:DATES]
        self.runs = {}
        self.stale = set()

    def take(self, cid, values):
        date, root, right = cid[-15:-9], cid[2:-15], cid[-9]
        if date not in self.dates:
            return
        run = self.runs.setdefault((date, root, right), {})
        bid, ask = float(values[0] or 0), float(values[1] or 0)
        strike = int(cid[-8:]) / 1000
        if bid > 0 and ask >= bid:
            run[strike] = (bid, ask, int(values[2]))
        else:
            run.pop(strike, None)
        self.stale.add((date, root, right))

    def build(self):
        out = {}
        for date, root, right in self.stale:
            name = f"20{date[:2]}-{date[2:4]}-{date[4:]}:{root}"
            made = sheets_of(self.runs[date, root, right], right)
            for strategy, tiles in made.items():
                side = "call" if right == "C" else "put"
                out[f"{name}:{strategy}:{side}"] = json.dumps(tiles)
        self.stale.clear()
        return out


def check(stdin, published):
    """Every sheet's tiles, and the sums of what they say."""
    n = 0
    for line in stdin:
        ours = json.loads(line)
        if ours["type"] != "heatmap_sheet":
            continue
        n += 1
        name = ":".join(
            ours[part] for part in ("expiration", "root", "strategy", "right"))
        python = json.loads(published[name])
        plain_model.same(name, len(ours["tiles"]), len(python))
        for what in ("strike", "width", "mid", "natural", "max_gain",
                     "oldest_quote_ts"):
            # Of squares: what is wrong in two tiles does not cancel.
            plain_model.same(
                f"{what} of {name}",
                math.fsum(t.get(what, 0) ** 2 for t in ours["tiles"]),
                math.fsum(t.get(what, 0) ** 2 for t in python),
            )
    plain_model.same("sheets", n, len(published) - 1)


if __name__ == "__main__":
    plain_model.main(Heatmap, check)
