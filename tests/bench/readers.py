"""The readers of `adapters/grpc` against each other, saturated and paced: `python -m tests.bench.readers`."""

import argparse
from typing import Final

from tests.bench.contest import Contender, Load, interleaved
from tests.bench.table import paced_rows, saturated_rows

FEEDS: Final = "tests.bench.peers.feeds"
RATES: Final = (2_000.0, 5_000.0, 10_000.0, 20_000.0)


def _contenders() -> list[Contender]:
    made = [
        Contender(f"{reader}{', pinned' if pinned else ''}", FEEDS, pinned, ("--reader", reader))
        for reader in ("plain", "single_threaded", "segregated")
        for pinned in (False, True)
    ]
    off = ("--reader", "segregated", "--event-engine", "off")
    made.append(Contender("segregated, event engine off", FEEDS, False, off))
    made.append(Contender("segregated, event engine off, pinned", FEEDS, True, off))
    made.append(
        Contender("segregated, three streams, pinned", FEEDS, True, (*off, "--streams", "3"))
    )
    return made


def main() -> None:
    """The command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=2.0)
    arguments.add_argument("--rates", type=float, nargs="*", default=RATES)
    arguments.add_argument("--only", default="", help="contenders whose name contains this")
    given = arguments.parse_args()
    contenders = [each for each in _contenders() if given.only in each.name]
    saturated = interleaved(contenders, given.runs, given.seconds)
    lines = saturated_rows(saturated, contenders[0].name)
    if given.rates:
        paced = {
            rate: interleaved(contenders, given.runs, given.seconds, Load(rate))
            for rate in given.rates
        }
        lines += ["", *paced_rows(paced, contenders)]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
