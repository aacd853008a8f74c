"""What several commands take alike: where the daemon is, JSON or words, and numbers, which begin at 0."""

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
_BELOW_0 = re.compile(r"-\d+(\.\d+)?")


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
