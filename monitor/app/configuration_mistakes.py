"""What is wrong with a configuration, said so that it can be put right: file, line, path, remedy."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import PydanticCustomError

from monitor.core.errors import ConfigurationRefused

Location = tuple[str | int, ...]
"""Where in the document: keys of mappings and indexes of sequences, from the root."""


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing to put right."""

    line: int
    """From 1; 0 when it stands in no line of the file, as a bad value of the environment."""
    path: str
    """`endpoints[0].url`, or `$NAME` for an environment variable."""
    wrong: str
    remedy: str

    def told(self, file: Path) -> str:
        """The line that a user sees; what would break or colour it is written as an escape."""
        line = f"{file}:{self.line}: {self.path}: {self.wrong}; {self.remedy}"
        return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line)


def path_of(location: Location) -> str:
    """The location as users read it."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return words.removeprefix(".") or "(document)"


def refuse(file: Path, mistakes: Iterable[Mistake]) -> ConfigurationRefused:
    """The error that names every mistake once, in the order of the file."""
    told = [mistake.told(file) for mistake in sorted(set(mistakes))]
    return ConfigurationRefused("\n".join(told))


def refused(wrong: str, remedy: str) -> PydanticCustomError:
    """What a validator of ours raises; both texts are complete."""
    return PydanticCustomError("refused", "{wrong}", {"wrong": wrong, "remedy": remedy})
