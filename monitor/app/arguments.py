"""What several commands take alike: where the daemon is, JSON or words, and numbers, which begin at 0."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand
from typing_extensions import override

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
ApiUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Where the daemon is; http://127.0.0.1:3002.")
]
StateDir = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Of the daemon: DIR/api.url says where it is.")
]
ConfigOfDaemon = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The daemon's YAML file, which names its state."),
]
StateOfDaemon = Annotated[
    Path | None,
    typer.Option("--state-dir", metavar="DIR", help="The state directory of the daemon."),
]
_BELOW_0 = re.compile(r"-\d+(\.\d+)?")


def state_dir_of(
    config: Path | None, state_dir: Path | None, stood_before: Path | None = None
) -> Path:
    """The state directory of the daemon that is meant. `stood_before`: one that an outer command was given.

    Raises: BadParameter, ConfigurationRefused.
    """
    if config is not None and state_dir is not None:
        raise typer.BadParameter("one of the two is enough", param_hint="--config, --state-dir")
    if config is not None:
        from monitor.app.configuration import load

        return load(config, os.environ).state_dir
    found = state_dir or stood_before
    if found is None:
        raise typer.BadParameter(
            "one of the two has to say where the daemon's state is",
            param_hint="--config, --state-dir",
        )
    return found


def address_from(api: str | None, config: Path | None, state_dir: Path | None) -> str:
    """Where the daemon is that is to be asked: `api` wins; with none of the three, where one usually is.

    Raises: BadParameter, ConfigurationRefused, DaemonNotAsked.
    """
    from monitor.app.api_client import address_of

    if api is None and config is not None:
        state_dir = state_dir_of(config, state_dir)
    return address_of(api, state_dir)


class NumbersFrom0(TyperCommand):
    """A command that calls `-5` a number below 0, where the parser would call it an option that there is not."""

    @override
    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """As the parser does. Raises: BadParameter."""
        with_value = {
            word
            for parameter in self.params
            if not getattr(parameter, "is_flag", True)
            for word in parameter.opts
        }
        before = ""
        for word in args:
            if word == "--":
                break
            if _BELOW_0.fullmatch(word) and before not in with_value:
                raise typer.BadParameter(f"{word} is below 0; numbers begin at 0", ctx)
            before = word
        return super().parse_args(ctx, args)
