"""What must stand in the environment before grpcio is first imported; so this module does not import it."""

import os
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Final

_EXPERIMENTS: Final = "GRPC_EXPERIMENTS"
_OFF: Final = "-event_engine_client"


class EventEngine(StrEnum):
    """`ingest.event_engine`: who polls a stream's socket."""

    DEFAULT = "default"
    """A thread pool of grpcio's own."""
    OFF = "off"
    """The reading thread itself: 40 to 50 % less CPU a message at paced rates (SPEED 5). An experiment of grpcio's."""


def prepare(event_engine: EventEngine, environment: MutableMapping[str, str] = os.environ) -> None:
    """Choose the event engine; call it before anything imports grpc. What the user set stays."""
    if event_engine is EventEngine.DEFAULT:
        return
    experiments = [each for each in environment.get(_EXPERIMENTS, "").split(",") if each]
    if _OFF not in experiments:
        environment[_EXPERIMENTS] = ",".join([*experiments, _OFF])
