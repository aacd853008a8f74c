"""`scripts/bench compare`: the daemon against the npm clients, grpc.aio and bare readers, as Markdown, with goals."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bench.contest import interleaved, replay_server
from tests.bench.peers import node
from tests.bench.rivals import GRPC_JS, HELIUS, NPM, TRITON
from tests.bench.table import facts
from tests.bench.trials import TRIALS, Goal, Trial, table

BURST_NOTE: Final = (
    "Delays count from the moment of sending; in bursts, and where a client is slow to take, from the moment at "
    f"which the message was due. {HELIUS.name} and {TRITON.name} show that moment in whole milliseconds: "
    "half a millisecond is what they are given."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 also where a goal is missed, for a figure is no fault."""
    parser = argparse.ArgumentParser(prog="scripts/bench compare", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds; medians are shown")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a run")
    names = [each.name for each in TRIALS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these trials")
    given = parser.parse_args(arguments)
    trials = [each for each in TRIALS if each.name in given.only]
    versions = _prepare()
    if not versions:
        trials = [without_npm(each) for each in trials]
    with replay_server() as server:
        lines = facts(server.source, server.message_bytes, given.runs, given.seconds)
    print("\n".join([*lines, versions or "No npm client was run.", BURST_NOTE]))
    goals: list[Goal] = []
    for trial in trials:
        contenders = [form for rival in trial.rivals for form in rival.contenders()]
        print(trial.name, file=sys.stderr, flush=True)
        runs = interleaved(contenders, given.runs, given.seconds, trial.load)
        results = trial.results(runs)
        print("\n".join(["", *table(trial, results)]), flush=True)
        goals += trial.goals(results)
    print("\n".join(["", *(each.line() for each in goals)]))
    return 0


def without_npm(trial: Trial) -> Trial:
    """The trial for a machine without Node."""
    return replace(trial, rivals=tuple(each for each in trial.rivals if each not in NPM))


def _prepare() -> str:
    """Install the npm clients; the line that names them, empty where there is no Node."""
    missing = node.missing_programs()
    if missing:
        print(f"{' and '.join(missing)} not found: no npm client is run", file=sys.stderr)
        return ""
    folder = node.install()
    clients = ", ".join(
        f"{each.name} {installed_version(folder, each.name)}" for each in (HELIUS, TRITON, GRPC_JS)
    )
    return f"Node {node.version()} with {clients}."


def installed_version(folder: Path, package: str) -> str:
    """What the package itself says that it is."""
    stated = json.loads((folder / "node_modules" / package / "package.json").read_text())
    return str(stated["version"])


if __name__ == "__main__":
    sys.exit(main())
