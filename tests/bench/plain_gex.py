#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The job of model-gex in plain Python (plain_model.py says how it is run).

    plain_gex.py SOCKET EPOCH_ID [--gamma live] [--follow HOW | --check]

Exposure by strike and zero gamma by re-pricing at 60 spots, straight lines in
between (model-gex --flip-rule reprice-first), one JSON document.  Gamma is the
vendor's, re-priced where the vendor's is a rounded 0, or by the volatility of
the live quote.  The curve is computed anew only when what it needs changed.

What it leaves out: other rules, exclusions and why, totals by expiration,
ratios, max pain, the finer grid and exact roots of the rule that is ours.
"""

import json
import math
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import plain_model

NEW_YORK = ZoneInfo("America/New_York")
YEAR = 365 * 86400
SPOTS = 60
EARLY = ("261127", "261224", "271126", "280703", "281124", "290703", "291123",
         "291224")
ROOT_2PI = math.sqrt(2 * math.pi)


def settles(cid):
    root, date = cid[2:-15], cid[-15:-9]
    hour, minute = (9, 30) if root == "SPX" else (16, 0)
    if date in EARLY and root != "SPX":
        hour = 13
    return datetime(2000 + int(date[:2]), int(date[2:4]), int(date[4:]), hour,
                    minute, tzinfo=NEW_YORK).timestamp()


def cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def price_and_vega(spot, strike, years, vol, call):
    root = math.sqrt(years)
    d1 = (math.log(spot / strike) + vol * vol / 2 * years) / (vol * root)
    d2 = d1 - vol * root
    vega = spot * root * math.exp(-d1 * d1 / 2) / ROOT_2PI
    if call:
        return spot * cdf(d1) - strike * cdf(d2), vega
    return strike * cdf(-d2) - spot * cdf(-d1), vega


def implied(spot, strike, years, price, call):
    """By Newton's steps, of the option that is out of the money."""
    if call and spot > strike:
        price -= spot - strike
    elif not call and strike > spot:
        price -= strike - spot
    if price <= 0:
        return None
    low, high = 0.001, 10.0
    vol = min(max(math.sqrt(2 * abs(math.log(spot / strike)) / years), 0.1),
              high)
    for _ in range(100):
        value, vega = price_and_vega(spot, strike, years, vol, spot <= strike)
        miss = value - price
        if miss > 0:
            high = vol
        else:
            low = vol
        step = vol - miss / vega if vega > 0 else 0
        if miss == 0 or high - low <= 1e-14 * low \
                or abs(step - vol) <= 1e-14 * vol:
            return vol if 0.00101 < vol < 9.9 else None
        vol = step if low < step < high else 0.5 * (low + high)
    return None


def gamma_of(spot, strike, years, vol):
    width = vol * math.sqrt(years)
    d1 = (math.log(spot / strike) + vol * vol / 2 * years) / width
    return math.exp(-d1 * d1 / 2) / ROOT_2PI / (spot * width)


class Gex:
    fields = ("oi", "gamma", "iv", "delta", "bid", "ask")

    def __init__(self, args, meta, ids):
        self.live = args.gamma == "live"
        self.spot = float(meta["spot"])
        self.now = int(meta["spot_ts"]) / 1000
        self.today = datetime.fromtimestamp(
            self.now, timezone.utc).astimezone(NEW_YORK).strftime("%y%m%d")
        self.terms = {}  # id: call, strike, gamma x oi, what the curve needs
        self.instants = {}
        self.flips = None

    def take(self, cid, values):
        oi, gamma, iv, delta, bid, ask = (
            None if v is None else float(v) for v in values)
        new = self.term(cid, oi, gamma, iv, delta, bid or 0, ask or 0)
        old = self.terms.get(cid)
        if old == new:
            return
        if not old or not new or old[3] != new[3]:
            self.flips = None
        self.terms[cid] = new

    def term(self, cid, oi, gamma, iv, delta, bid, ask):
        when = cid[2:-9]
        if when not in self.instants:
            self.instants[when] = settles(cid)
        years = (self.instants[when] - self.now) / YEAR
        if years <= 0 or oi is None:
            return None
        years = max(years, 60 / YEAR)
        call, strike = cid[-9] == "C", int(cid[-8:]) / 1000
        vol = iv if iv and iv > 0 else None
        if (self.live or vol is None) and bid > 0 and ask >= bid:
            by_mid = implied(self.spot, strike, years, (bid + ask) / 2, call)
            if by_mid:
                vol = by_mid
        today = cid[-15:-9] == self.today
        known = gamma is not None and (
            gamma > 0 or oi == 0
            or not (today or (delta is not None and 0.02 < abs(delta) < 0.98)))
        if self.live or not known:
            gamma = gamma_of(self.spot, strike, years, vol) if vol else None
        if gamma is None:
            return None
        curve = None
        if vol and oi > 0:
            a = 1 / (vol * math.sqrt(years))
            b = (vol * vol / 2 * years - math.log(strike)) * a
            curve = (a, b, (1 if call else -1) * oi * a)
        return call, strike, gamma * oi, curve

    def reprice(self):
        needs = [t[3] for t in self.terms.values() if t and t[3]]
        exp, points = math.exp, []
        for i in range(SPOTS):
            x = self.spot * (0.8 + 0.4 * i / (SPOTS - 1))
            log_x = math.log(x)
            total = 0.0
            for a, b, c in needs:
                d = a * log_x + b
                total += c * exp(-0.5 * d * d)
            points.append((x, total * x))
        self.flips = [
            x0 - (x0 - x1) * y0 / (y0 - y1)
            for (x0, y0), (x1, y1) in zip(points, points[1:])
            if (y0 < 0) != (y1 < 0)
        ]

    def build(self):
        strikes = {}
        unit = 100 * self.spot * self.spot * 0.01
        for term in self.terms.values():
            if term:
                row = strikes.setdefault(term[1], [0.0, 0.0])
                row[not term[0]] += term[2] * unit
        if self.flips is None:
            self.reprice()
        document = {
            "gross_call": math.fsum(call for call, _ in strikes.values()),
            "gross_put": math.fsum(put for _, put in strikes.values()),
            "flips": self.flips,
            "strikes": strikes,
        }
        document["net"] = document["gross_call"] - document["gross_put"]
        return {"doc": json.dumps(document)}


def check(stdin, published):
    """Totals, every strike, and the levels of zero gamma."""
    ours, python = json.load(stdin), json.loads(published["doc"])
    for name in ("gross_call", "gross_put", "net"):
        plain_model.same(name, ours[name], python[name])
    plain_model.same("strikes", len(ours["strikes"]), len(python["strikes"]))
    for row in ours["strikes"]:
        call, put = python["strikes"][str(float(row["strike"]))]
        plain_model.same(f"call at {row['strike']}", row["call"], call)
        plain_model.same(f"put at {row['strike']}", row["put"], put)
    levels = [c["level"] for c in ours["crossings"]]
    plain_model.same("crossings", len(levels), len(python["flips"]))
    for level, flip in zip(levels, python["flips"]):
        plain_model.same("zero gamma", level, flip)


if __name__ == "__main__":
    plain_model.main(
        Gex,
        check,
        lambda parser: parser.add_argument(
            "--gamma", choices=("vendor", "live"), default="vendor"),
    )
