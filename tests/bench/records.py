"""`scripts/bench records`: what a record costs, by kind, against the plain way to make it, as a Markdown table.

Processor time, the best of interleaved runs: other work on the machine then hardly shows. Frames are each read once a
run; addresses are in the cache after the first run, as those that a chain names again and again are.
"""

import argparse
import time
from collections.abc import Callable, Iterable
from typing import Final

from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Released
from monitor.wire.pb import geyser_pb2
from monitor.wire.records import Prepared, RecordWriter
from tests.bench.corpus import SLOT, AccountInfo, Info, account_writes, read_corpus
from tests.wire.plain_records import plain_record

COUNT: Final = 300
"""Events of a kind in a run."""
LEVEL: Final = Commitment.CONFIRMED
RECEIVED_AT: Final = 1_795_246_920_123_456_789
BLOCKHASH: Final = "9inP1FNRPkNgmbh2wgepUHcWEJJuh7PmpVXpiB9hQXcR"
SIGNATURE: Final = bytes(range(64))

Way = Callable[[Released], bytes]


def events() -> dict[str, list[Released]]:
    """Some of each kind, evenly taken from the corpus."""
    corpus = read_corpus()
    return {
        "account": [_account(write) for write in account_writes(COUNT, 1)],
        "vote": [_transaction(info) for info in _spread(corpus.votes)],
        "other transaction": [_transaction(info) for info in _spread(corpus.transactions)],
    }


def costs(events: Iterable[Released], ways: dict[str, Way], runs: int) -> dict[str, float]:
    """Microseconds of one event, by way."""
    listed = list(events)
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(runs):
        for name, way in ways.items():
            began = time.process_time()
            for event in listed:
                way(event)
            best[name] = min(best[name], (time.process_time() - began) / len(listed) * 1e6)
    return best


def ways(events: Iterable[Released]) -> dict[str, Way]:
    """The plain way, ours, and ours for an event whose frame was read before."""
    writer = RecordWriter(["ams"], ["all"])
    prepared: dict[int, Prepared] = {id(event): writer.prepare(event) for event in events}

    def plain(event: Released) -> bytes:
        return plain_record(event, LEVEL, RECEIVED_AT)

    def ours(event: Released) -> bytes:
        return writer.line(event, LEVEL, 1, RECEIVED_AT, writer.prepare(event))

    def line(event: Released) -> bytes:
        return writer.line(event, LEVEL, 1, RECEIVED_AT, prepared[id(event)])

    return {"plain": plain, "ours": ours, "line alone": line}


def _spread(infos: tuple[Info, ...]) -> list[Info]:
    return [infos[each * len(infos) // COUNT] for each in range(COUNT)]


def _transaction(info: Info) -> Released:
    update = geyser_pb2.SubscribeUpdateTransaction(transaction=info, slot=SLOT)
    frame = geyser_pb2.SubscribeUpdate(filters=["all"], transaction=update).SerializeToString()
    key = info.signature + info.index.to_bytes(8, "little")
    return 1, 0, False, 0, BLOCKHASH, (int(Kind.TRANSACTION), SLOT, key, 1, info.index, 5, frame)


def _account(write: AccountInfo) -> Released:
    write.txn_signature = SIGNATURE
    update = geyser_pb2.SubscribeUpdateAccount(account=write, slot=SLOT)
    frame = geyser_pb2.SubscribeUpdate(filters=["all"], account=update).SerializeToString()
    key = write.pubkey + SIGNATURE
    return 1, 0, False, 0, None, (int(Kind.ACCOUNT), SLOT, key, 1, 0, 5, frame)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench records", description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    given = parser.parse_args()
    print("| record | bytes | plain us | ours us | of it the line us | gain |")
    print("|---|---:|---:|---:|---:|---:|")
    for kind, listed in events().items():
        found = costs(listed, ways(listed), given.runs)
        made = ways(listed)["ours"]
        size = sum(len(made(event)) for event in listed) / len(listed)
        print(
            f"| {kind} | {size:,.0f} | {found['plain']:.1f} | {found['ours']:.1f} "
            f"| {found['line alone']:.1f} | {found['plain'] / found['ours']:.1f} x |"
        )


if __name__ == "__main__":
    main()
