"""`scripts/bench mapping`: what a real block of 1,790 transactions takes to become rows, against orjson.loads of its body.

Processor time of interleaved passes in one process, medians; the ratios matter. `again`: the same block before, so that
its keys, token balances and instructions are in the caches, as most of them are in a catch-up, where each block tells
much of what the last one told. `new`: empty caches, as of the very first block.
"""

import argparse
import gc
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, Final

import orjson

from monitor.core.monitors import BlocksMetaFilter, Monitor, TransactionsFilter
from monitor.wire import base58, packed_transactions, rpc_meta
from monitor.wire.rpc_block import BlockReader
from tests.real_blocks import read

BLOCK: Final = "blocks/getBlock/mainnet-361774429.base64.json.zst"
SLOT: Final = 361_774_429
DEXES: Final = {
    "Meteora DLMM": "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo",
    "Raydium AMM": "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8",
}
"""Programs that are busy in this block: the busiest of all exchanges, and one of the middle."""
PLAIN: Final = "orjson.loads"
UNFILTERED: Final = "unfiltered"
GOALS: Final = {UNFILTERED: 5.0} | dict.fromkeys(DEXES, 2.0)
"""Times of orjson.loads, in the same run."""

Way = Callable[[], object]


def readers() -> dict[str, BlockReader]:
    """By name, what the monitors of each row want."""
    filters = {
        name: TransactionsFilter(account_include=(program,)) for name, program in DEXES.items()
    }
    return {
        name: BlockReader([Monitor("m", transactions=wanted, blocks_meta=BlocksMetaFilter())])
        for name, wanted in {UNFILTERED: TransactionsFilter(), **filters}.items()
    }


def forget() -> None:
    """Empty all that is kept between blocks."""
    base58.key_bytes.cache_clear()
    kept: tuple[Any, ...] = (
        *(rpc_meta._kept_balance, rpc_meta._kept_holding, rpc_meta._kept_call),
        packed_transactions._kept_header,
    )
    for each in kept:
        each.__self__.clear()


def costs(ways: Mapping[str, Way], passes: int) -> dict[str, tuple[float, float]]:
    """By name: median milliseconds of processor time again and new. Each way runs alone once before."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in ways}
    for way in ways.values():
        way()
    gc.collect()
    gc.freeze()
    for _ in range(passes):
        for name, way in ways.items():
            for place, before in enumerate((way, forget)):
                before()
                began = time.process_time()
                way()
                found[name][place].append((time.process_time() - began) * 1e3)
    gc.unfreeze()
    return {name: (median(again), median(new)) for name, (again, new) in found.items()}


def table(found: Mapping[str, tuple[float, float]], wanted: Mapping[str, int]) -> list[str]:
    """Markdown, with the goals."""
    rows = [
        "| block of 1,790 transactions | rows | again ms | new ms | again x | new x | goal |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    plain = found[PLAIN]
    for name, (again, new) in found.items():
        ratios = again / plain[0], new / plain[0]
        goal = GOALS.get(name)
        reached = "" if goal is None else f"under {goal:g}: " + _word(max(ratios) < goal)
        rows.append(
            f"| {name} | {wanted.get(name, 0):,} | {again:.1f} | {new:.1f} "
            f"| {ratios[0]:.2f} | {ratios[1]:.2f} | {reached} |"
        )
    return rows


def _word(reached: bool) -> str:
    return "reached" if reached else "MISSED"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench mapping", description=__doc__)
    parser.add_argument("--passes", type=int, default=15)
    given = parser.parse_args()
    body = read(BLOCK)
    made = readers()
    ways: dict[str, Way] = {PLAIN: lambda: orjson.loads(body)}
    for name, reader in made.items():
        ways[name] = lambda reader=reader: reader.read(SLOT, body, 0)  # type: ignore[misc]
    wanted = {name: len(reader.read(SLOT, body, 0).rows) for name, reader in made.items()}
    print("\n".join(table(costs(ways, given.passes), wanted)))


if __name__ == "__main__":
    main()
