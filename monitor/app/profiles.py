"""Profiles: what a name such as `balanced` stands for, read from `config/profiles/`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import ConfigDict

from monitor.app.configuration_document import read_document
from monitor.app.configuration_filters import Level
from monitor.app.configuration_mistakes import refuse
from monitor.app.configuration_reading import read_shape
from monitor.app.configuration_shape import AboveZero
from monitor.app.configuration_values import LEVELS, AtLeastOne, SecondsAboveZero

PROFILES_DIRECTORY: Final = Path(__file__).resolve().parents[2] / "config" / "profiles"


@dataclass(frozen=True, slots=True)
class ProfileCommitment:
    """What `commitment` is without a word of the user's, and between which levels it may be."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    strategy: Literal["fixed", "adaptive"]
    level: Level
    lowest: Level
    highest: Level

    def allowed(self) -> list[str]:
        """The words of the levels from the lowest to the highest."""
        least, most = LEVELS[self.lowest], LEVELS[self.highest]
        return [word for word, level in LEVELS.items() if least <= level <= most]


@dataclass(frozen=True, slots=True)
class Batch:
    """How events are grouped for sinks that call out."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    size: AtLeastOne
    interval: SecondsAboveZero


@dataclass(frozen=True, slots=True)
class Profile:
    """Defaults that stand below the user's file."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    commitment: ProfileCommitment
    covers: AtLeastOne
    """Feeds that must hold a filtered slot whole before it is released, while `hold` lasts."""
    confirm_quorum: AtLeastOne
    """Endpoints of different providers that must name a slot's blockhash, as far as there are so many."""
    batch: Batch
    requests_per_second: AboveZero
    """Of each RPC service."""


def read_profile(name: str, directory: Path = PROFILES_DIRECTORY) -> Profile:
    """The profile of this name. Raises: ConfigurationRefused when its file is missing or has mistakes."""
    document = read_document(directory / f"{name}.yaml", {})
    profile = read_shape(document, Profile)
    if profile is None or document.mistakes:
        raise refuse(document.file, document.mistakes)
    return profile
