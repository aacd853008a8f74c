"""A drill from its beginning to its end, as a process: plan, signals, event files, and what is shown of it."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from monitor.adapters.clock import SystemClock
from monitor.app.drill import Daemon, Drill, Patience, World
from monitor.app.drill_cost import cost_view
from monitor.app.drill_plan import plan_of
from monitor.app.drill_tables import show_costs, show_left_out, show_plan
from monitor.app.following import following
from monitor.app.tables import Object, console


def show_drill(daemon: Daemon, names: Sequence[str], *, as_json: bool) -> None:
    """Say what would be drained. Raises: DrillBroken, DaemonNotAsked."""
    plan = plan_of(daemon.endpoints(), names)
    if as_json:
        _say_json({"walk": plan.walk, "left_out": plan.left_out})
    else:
        show_plan(console(), plan)


def run_drill(daemon: Daemon, names: Sequence[str], window: float, *, as_json: bool) -> bool:
    """Hold it; whether all went through and nothing was lost or doubled. To be called in the main thread.

    Raises: DrillBroken, DaemonNotAsked; what was measured until then is shown, and what was drained is given back.
    """
    plan = plan_of(daemon.endpoints(), names)
    if not as_json:
        show_left_out(console(), plan)
    clock = SystemClock()
    costs: list[Object] = []
    with _heeding(signal.default_int_handler), following(_files(daemon), clock) as files:
        drill = Drill(daemon, World(clock.now, time.sleep, files.seen), Patience(window))
        try:
            for cost in drill.walk(plan.walk):
                costs.append(cost_view(cost))
                if as_json:
                    _say_json(costs[-1])
        except KeyboardInterrupt:
            _say_aside("interrupted")
        finally:
            with _heeding(signal.SIG_IGN):  # a second interrupt must not leave it drained
                given_back = drill.give_back()
            if given_back is not None:
                _say_aside(given_back)
            if not as_json:
                show_costs(console(), costs)
    return len(costs) == len(plan.walk) and all(cost["clean"] for cost in costs)


@contextmanager
def _heeding(handler: Callable[[int, FrameType | None], Any] | signal.Handlers) -> Iterator[None]:
    """Both signals to stop do this while the block runs: a polite stop is to give back what is drained, too."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _files(daemon: Daemon) -> list[Path]:
    """Event files that can be read from here; said, where there is none."""
    written = [Path(sink["file"]) for sink in daemon.status()["sinks"] if sink["file"] is not None]
    files = [file for file in written if not file.exists() or os.access(file, os.R_OK)]
    if not files:
        why = f"{written[0]} cannot be read" if written else "no sink is of kind jsonl"
        _say_aside(f"duplicates and pauses are not measured: {why}")
    return files


def _say_json(told: Object) -> None:
    sys.stdout.write(json.dumps(told, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _say_aside(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()
