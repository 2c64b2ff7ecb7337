"""A program that has processes share a spool, kills them at random instants, and counts what became of their batches.

Run as `python -m tests.spool.killing DIRECTORY PROCESSES TRIALS SEED`; prints the counts as JSON.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from otel_events.accounting import Accounts
from otel_events.notices import Notices
from otel_events.spool import disk, stock
from otel_events.spool.disk import DiskSpool

disk._LOOK_SECONDS = 0.01
stock._SEGMENT_BYTES = 128 << 10


def make_spool(directory):
    accounts = Accounts()
    spool = DiskSpool(
        directory / "spool",
        signal="logs",
        destination="d",
        writer_id=f"{os.getpid()}",
        accounts=accounts,
        notices=Notices(),
    )
    spool.accounts = accounts
    return spool


def work(directory, name, seed):
    """Append and deliver for ever; say in a file what was acknowledged and what was delivered."""
    chance = random.Random(seed)
    said = os.open(directory / f"{name}.said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    spool = make_spool(directory)
    number = 0
    while True:
        for _ in range(chance.randrange(1, 20)):
            number += 1
            uid = f"{name}-{number}"
            spool.append(uid.encode() + b" " * chance.randrange(3000), 1)
            os.write(said, f"A {uid}\n".encode())
        for _ in range(chance.randrange(20)):
            batch = spool.take(0)
            if batch is None:
                break
            if chance.random() < 0.1:
                spool.put_back(batch)
                continue
            os.write(said, f"D {batch.body.decode().strip()}\n".encode())
            spool.release(batch)


def start(directory, name, seed):
    """Return a worker that has begun."""
    pid = os.fork()
    if pid == 0:
        try:
            work(directory, name, seed)
        finally:
            os._exit(1)
    while not (directory / f"{name}.said").exists() or not (directory / f"{name}.said").stat().st_size:
        time.sleep(0.001)
    return pid


def main(directory, processes, trials, seed):
    chance = random.Random(seed)
    living = {}
    for trial in range(trials + processes):
        if trial < trials:
            living[start(directory, f"p{trial}", chance.random())] = None
        if len(living) == processes or (living and trial >= trials):
            time.sleep(chance.random() * 0.05)
            victim = chance.choice(list(living))
            os.kill(victim, signal.SIGKILL)
            assert os.WIFSIGNALED(os.waitpid(victim, 0)[1]), "a worker ended by itself"
            del living[victim]
    tell(directory, trials)


def tell(directory, trials):
    acknowledged, delivered = set(), Counter()
    for path in directory.glob("*.said"):
        # A kill may cut short what is written: then nobody was told of it, and it counts as not said.
        whole, _, _ = path.read_text().rpartition("\n")
        for line in whole.splitlines():
            what, uid = line.split()
            if what == "A":
                acknowledged.add(uid)
            else:
                delivered[uid] += 1
    spool = make_spool(directory)
    while (batch := spool.take(0)) is not None:
        delivered[batch.body.decode().strip()] += 1
        spool.release(batch)
    spool.close()
    print(
        json.dumps(
            {
                "trials": trials,
                "acknowledged": len(acknowledged),
                "lost": len(acknowledged - set(delivered)),
                "duplicated": sum(count - 1 for count in delivered.values()),
                "dropped": spool.accounts.dropped.counts(),
                "left": sorted(path.name for path in (directory / "spool").iterdir()),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(argument) for argument in sys.argv[2:]))
