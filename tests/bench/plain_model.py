# SPDX-License-Identifier: ISC
"""What plain_gex.py and plain_heatmap.py share: the life of a model in plain
Python, as one would write it in an afternoon.

    MODEL SOCKET EPOCH_ID [OPTION]...

    (nothing)            read everything, compute, publish, once
    --follow everything  wait for hints; each time read everything and compute
    --follow changed     wait for hints; read what `changed` has since the last
                         time, compute from values that were kept
    --check              our record(s) on stdin are what Python published, to
                         1e-9; else 1

Values are read in pipelines of 500.  Published is a hash of documents with
its seq, in one step with the same message that our models' acknowledgement
sends, so that one listener measures both.

What it leaves out: registering, epoch:dirty and epoch:clean, the base that it
replaces, another epoch while it runs, lost connections, anything damaged.
"""

import argparse
import sys

import redis

BATCH = 500
NAME = "python"


def read(db, epoch, ids, fields, take):
    for at in range(0, len(ids), BATCH):
        pipe = db.pipeline(transaction=False)
        for cid in ids[at : at + BATCH]:
            pipe.hmget(f"epoch:{epoch}:contract:{cid}", fields)
        for cid, values in zip(ids[at : at + BATCH], pipe.execute()):
            take(cid, values)


def publish(db, epoch, seq, documents):
    pipe = db.pipeline()
    pipe.hset(f"epoch:{epoch}:model:{NAME}", mapping={**documents, "seq": seq})
    pipe.publish("epoch:events", f"ack {epoch} {seq} {NAME}")
    pipe.execute()


def read_everything(db, epoch, make):
    """A model of all values, and the seq that they are at least of."""
    meta = db.hgetall(f"epoch:meta:{epoch}")
    ids = db.get(f"epoch:{epoch}:geometry").split()
    model = make(meta, ids)
    read(db, epoch, ids, model.fields, model.take)
    return model, int(meta["seq"])


def read_changed(db, epoch, model, since):
    seq = int(db.hget(f"epoch:meta:{epoch}", "seq"))
    ids = db.zrangebyscore(f"epoch:{epoch}:changed", since + 1, "+inf")
    read(db, epoch, ids, model.fields, model.take)
    return seq


def follow(db, epoch, make, how):
    hints = db.pubsub()
    hints.subscribe("epoch:events")
    model, seq = read_everything(db, epoch, make)
    publish(db, epoch, seq, model.build())
    while True:
        hints.get_message(timeout=1)
        while hints.get_message(timeout=0):
            pass
        if int(db.hget(f"epoch:meta:{epoch}", "seq")) == seq:
            continue
        if how == "everything":
            model, seq = read_everything(db, epoch, make)
        else:
            seq = read_changed(db, epoch, model, seq)
        publish(db, epoch, seq, model.build())


def same(what, ours, python):
    """Complain when two numbers are not the same to 1e-9."""
    if abs(ours - python) > 1e-9 * max(abs(ours), abs(python)):
        sys.exit(f"{what}: ours {ours!r}, Python's {python!r}")


def main(make, check, add_options=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("socket")
    parser.add_argument("epoch")
    parser.add_argument("--follow", choices=("everything", "changed"))
    parser.add_argument("--check", action="store_true")
    if add_options:
        add_options(parser)
    args = parser.parse_args()
    db = redis.Redis(unix_socket_path=args.socket, decode_responses=True)

    def made(meta, ids):
        return make(args, meta, ids)

    if args.check:
        check(sys.stdin, db.hgetall(f"epoch:{args.epoch}:model:{NAME}"))
    elif args.follow:
        follow(db, args.epoch, made, args.follow)
    else:
        model, seq = read_everything(db, args.epoch, made)
        publish(db, args.epoch, seq, model.build())
