"""`scripts/bench ingest`: the daemon against grpc.aio, saturated and paced, as a Markdown table."""

import argparse
from typing import Final

from tests.bench.contest import Contender, Load, interleaved, replay_server
from tests.bench.table import best_of, facts, paced_rows, saturated_rows, verdicts

AIO: Final = "tests.bench.peers.aio"
BASELINES: Final = (
    Contender("grpc.aio", AIO),
    Contender("grpc.aio, pinned", AIO, pinned=True),
)
DAEMON: Final = "tests.bench.peers.daemon"
OURS: Final = tuple(
    Contender(f"daemon to {sink}{', pinned' if pinned else ''}", DAEMON, pinned, ("--sink", sink))
    for sink in ("null", "jsonl")
    for pinned in (False, True)
)
OTHER_WAYS: Final = tuple(
    Contender(f"daemon to null, {words}", DAEMON, pinned, ("--sink", "null", *arguments))
    for words, pinned, arguments in (
        ("event engine off", False, ("--event-engine", "off")),
        ("event engine off, pinned", True, ("--event-engine", "off")),
        ("reader process", False, ("--workers", "process")),
    )
)
BARE: Final = "tests.bench.peers.bare"
THREE: Final = 3
BARE_THREE: Final = (
    Contender("three bare readers", BARE, feeds=THREE),
    Contender("three bare readers, pinned", BARE, pinned=True, feeds=THREE),
)
OURS_OF_THREE: Final = tuple(
    Contender(f"daemon to null, three feeds{words}", DAEMON, pinned, arguments, THREE)
    for words, pinned, arguments in (
        ("", False, ()),
        (", pinned", True, ()),
        (", reader processes", False, ("--workers", "process")),
    )
)
RATES: Final = (2_000.0, 5_000.0, 10_000.0, 20_000.0)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench ingest", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds; medians are shown")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a run")
    parser.add_argument("--rates", type=float, nargs="*", default=RATES, help="paced messages/s")
    parser.add_argument("--only", help="contenders whose name contains this, and the baselines")
    given = parser.parse_args()
    contenders = [*BASELINES, *OURS, *OTHER_WAYS]
    of_three = [*BARE_THREE, *OURS_OF_THREE]
    if given.only is not None:
        contenders = [each for each in contenders if each in BASELINES or given.only in each.name]
        of_three = [each for each in of_three if each in BARE_THREE or given.only in each.name]
    with replay_server() as server:
        lines = facts(server.source, server.message_bytes, given.runs, given.seconds)
    saturated = interleaved(contenders, given.runs, given.seconds)
    baseline = best_of([each.name for each in BASELINES], saturated)
    lines += ["", *saturated_rows(saturated, baseline)]
    if len(of_three) > len(BARE_THREE):
        raced = interleaved(of_three, given.runs, given.seconds)
        bare = best_of([each.name for each in BARE_THREE], raced)
        lines += ["", *saturated_rows(raced, bare)]
    paced = {
        rate: interleaved(contenders, given.runs, given.seconds, Load(rate)) for rate in given.rates
    }
    if paced:
        lines += ["", *paced_rows(paced, contenders)]
    lines += ["", *verdicts(saturated, paced, [each.name for each in BASELINES])]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
