"""The command `recovery`: how it is, and the operator's word on slots that are lost."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from monitor.app.arguments import (
    ApiUrl,
    AsJson,
    ConfigOfDaemon,
    NumbersFrom0,
    StateDir,
    StateOfDaemon,
    address_from,
    state_dir_of,
)

LOOK_SECONDS: Final = 1.0
"""Between two looks with `--watch`."""

recovery = typer.Typer(invoke_without_command=True)


@recovery.callback()
def show(
    context: typer.Context,
    as_json: AsJson = False,
    api: ApiUrl = None,
    state_dir: StateDir = None,
    config: ConfigOfDaemon = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Again every second, until interrupted.")
    ] = False,
) -> None:
    """Say what is being recovered, from where, how far a catch-up is, and which slots are lost."""
    if context.invoked_subcommand is not None:
        context.obj = state_dir if config is None else state_dir_of(config, state_dir)
        return
    from monitor.app.api_client import ask_recovery

    address = address_from(api, config, state_dir)

    def looks() -> Iterator[dict[str, Any]]:
        yield ask_recovery(address)
        while watch:
            time.sleep(LOOK_SECONDS)
            yield ask_recovery(address)

    if as_json:
        for told in looks():
            typer.echo(json.dumps(told, separators=(",", ":")))
        return
    from monitor.app.recovery_tables import show_recoveries
    from monitor.app.tables import console

    show_recoveries(console(), looks())


@recovery.command("sign-off", cls=NumbersFrom0)
def sign_off(
    context: typer.Context,
    slot: Annotated[int, typer.Argument(metavar="FIRST", min=0)],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why it may be left out; kept in its certificate.")
    ],
    last: Annotated[
        int | None, typer.Argument(metavar="[LAST]", min=0, help="All lost ones up to this one.")
    ] = None,
    config: ConfigOfDaemon = None,
    state_dir: StateOfDaemon = None,
) -> None:
    """Take responsibility for a lost slot, or all lost ones of a range, so that the daemon goes on without them."""
    if last is not None and last < slot:
        raise typer.BadParameter("LAST is before FIRST")
    from monitor.app import control_client

    # The outer command's directory is what stood before `sign-off`.
    found = state_dir_of(config, state_dir, context.obj)
    count = control_client.sign_off(found, slot, reason, last)
    if last is None:
        typer.echo(f"slot {slot} is signed off")
    else:
        are = "slot is" if count == 1 else "slots are"
        typer.echo(f"{count} lost {are} signed off, of {slot} to {last}")
