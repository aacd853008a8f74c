"""What a slot of the simulated chain costs: `python -m tests.simulator.chain_cost [SLOTS]`. Printed, never asserted."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from monitor.simulator.chain import GeneratedChain
from monitor.simulator.truth import TruthFile


def print_cost(slots: int) -> None:
    """CPU milliseconds a slot, with the settings of the product, for the chain and for its truth."""
    begun = process_time()
    chain = GeneratedChain(1)
    started = process_time()
    chain.slot(chain.first_slot + slots - 1)
    made = process_time()
    with TemporaryDirectory() as folder, TruthFile(Path(folder) / "truth.jsonl") as truth:
        truth.follow(chain, chain.first_slot + slots)
    told = process_time()
    print(f"start  {(started - begun) * 1000:7.1f} ms")
    print(f"slot   {(made - started) / slots * 1000:7.2f} ms")
    print(f"truth  {(told - made) / slots * 1000:7.2f} ms")


if __name__ == "__main__":
    print_cost(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
