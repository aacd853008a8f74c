"""What must stand in the environment before grpcio is first imported; so this module does not import it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, MutableMapping
from enum import StrEnum
from pathlib import Path
from typing import Final

import monitor

PATIENCE: Final = 15.0
"""Seconds for the trial of the switch, which takes half a second; a way of polling that fails may well hang."""

_EXPERIMENTS: Final = "GRPC_EXPERIMENTS"
_OFF: Final = "-event_engine_client"


class EventEngine(StrEnum):
    """`ingest.event_engine`: who polls a stream's socket."""

    DEFAULT = "default"
    """A thread pool of grpcio's own."""
    OFF = "off"
    """The reading thread itself: 40 to 50 % less CPU a message at paced rates (SPEED 5). An experiment of grpcio's."""


Trial = Callable[[Mapping[str, str]], str | None]
"""Why streams fail in this environment, or None."""


def trial(environment: Mapping[str, str]) -> str | None:
    """Let another interpreter try streams in this environment, since grpcio reads it once: at its import."""
    command = [sys.executable, "-m", "monitor.adapters.grpc.engine_trial"]
    loud = {
        **for_child(environment),
        "GRPC_VERBOSITY": "ERROR",
    }  # it says so when it knows no such switch
    try:
        done = subprocess.run(
            command, env=loud, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return f"the trial took more than {PATIENCE:g} s"
    if "Unknown experiment" in done.stderr:
        return "the installed grpcio has no such switch"
    if done.returncode:
        return done.stdout.strip() or f"the trial ended with status {done.returncode}"
    return None


def for_child(environment: Mapping[str, str]) -> dict[str, str]:
    """This environment for an interpreter of ours, which finds this package wherever the daemon was started."""
    root = str(Path(monitor.__file__).parents[1])
    path = environment.get("PYTHONPATH")
    return {**environment, "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root}


def prepare(
    event_engine: EventEngine,
    environment: MutableMapping[str, str] = os.environ,
    tried: Trial = trial,
) -> str | None:
    """Choose the event engine; call it before anything imports grpc. What the user set stays.

    Returns why the engine stays on in spite of the choice, or None.
    """
    if event_engine is EventEngine.DEFAULT:
        return None
    experiments = [each for each in environment.get(_EXPERIMENTS, "").split(",") if each]
    if _OFF in experiments:
        return None
    wanted = ",".join([*experiments, _OFF])
    failure = tried({**environment, _EXPERIMENTS: wanted})
    if failure is None:
        environment[_EXPERIMENTS] = wanted
    return failure
