"""The command `endpoints`: what each is like and why it is used so, and what an operator asks of one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from monitor.app.arguments import (
    ApiUrl,
    AsJson,
    ConfigOfDaemon,
    StateDir,
    StateOfDaemon,
    address_from,
    state_dir_of,
)
from monitor.core.wishes import Want

_COMMANDS: Final = {
    Want.DRAIN: "Take an endpoint out of use, over restarts too, until it is promoted or released; others take over first.",
    Want.PROMOTE: "Give an endpoint a place among the hot feeds, which it keeps while it is sound, until it is released.",
    Want.RELEASE: "Use an endpoint as its figures say again: ends a drain and a promotion.",
    Want.PROBE: "Ask an endpoint anew what it runs and how far back it replays.",
}
_OUTCOMES: Final = {
    "drained": "{} is drained, until it is promoted or released",
    "kept": "{} keeps its place, since no other endpoint is sound; it gives it up once one is",
    "promoted": "{} has a place among the hot feeds",
    "waits": "{} gets a place once it is sound",
    "released": "{} is used as its figures say again",
    "probed": "{} was probed",
    None: "{} was asked for, but nothing was decided about it in time; look at its log",
}
_IN_VAIN: Final = ("kept", None)
"""Outcomes that leave what was asked for undone."""

endpoints = typer.Typer(invoke_without_command=True)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="As in the configuration.")]


@endpoints.callback()
def show(
    context: typer.Context,
    as_json: AsJson = False,
    api: ApiUrl = None,
    state_dir: StateDir = None,
    config: ConfigOfDaemon = None,
    why: Annotated[
        bool,
        typer.Option("--why", help="What was found and decided about each, the newest first."),
    ] = False,
    profiles: Annotated[
        bool, typer.Option("--profiles", help="What each runs, and how far back it replays.")
    ] = False,
) -> None:
    """Say how far behind each endpoint is, what it leaves out, how far it is trusted, and how it last failed."""
    if context.invoked_subcommand is not None:
        context.obj = state_dir if config is None else state_dir_of(config, state_dir)
        return
    from monitor.app.api_client import ask_endpoints

    told = ask_endpoints(address_from(api, config, state_dir))
    if as_json:
        for endpoint in told:
            typer.echo(json.dumps(endpoint, separators=(",", ":")))
        return
    from monitor.app.endpoints_tables import show_endpoints
    from monitor.app.profile_tables import show_profiles
    from monitor.app.tables import console

    if profiles:
        show_profiles(console(), told)
        return
    show_endpoints(console(), told, why=why)


def _command(want: Want) -> Callable[..., None]:
    """The command that asks for this."""

    def ask(
        context: typer.Context,
        name: _Name,
        config: ConfigOfDaemon = None,
        state_dir: StateOfDaemon = None,
        as_json: AsJson = False,
    ) -> None:
        _wish(want, name, state_dir_of(config, state_dir, context.obj), as_json=as_json)

    return ask


for _want, _about in _COMMANDS.items():
    endpoints.command(_want.value, help=_about)(_command(_want))


def _wish(want: Want, name: str, state_dir: Path, *, as_json: bool) -> None:
    from monitor.app.control_client import wish

    told = wish(state_dir, want, name)
    if as_json:
        typer.echo(json.dumps(told, separators=(",", ":")))
    else:
        _show(told)
    is_mute = want is Want.PROBE and told["profile"] is None
    if is_mute or told["outcome"] in _IN_VAIN:
        raise typer.Exit(1)


def _show(told: dict[str, Any]) -> None:
    from monitor.app.endpoints_tables import decision_words
    from monitor.app.profile_tables import show_profiles
    from monitor.app.tables import console

    typer.echo(_OUTCOMES[told["outcome"]].format(told["endpoint"]))
    for decision in told["decisions"]:
        typer.echo(f"  {decision_words(decision)}")
    if told.get("unstored") is not None:
        typer.echo(f"  a restart undoes this, since it could not be stored: {told['unstored']}")
    if "profile" not in told:
        return
    if told["profile"] is None:
        typer.echo("it did not answer in time")
    else:
        show_profiles(console(), [told])
