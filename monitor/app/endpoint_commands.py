"""The command `endpoints`: what each is like, and why it is thought to be so."""

import json
from typing import Annotated

import typer

from monitor.app.arguments import ApiUrl, AsJson, StateDir

endpoints = typer.Typer(invoke_without_command=True)


@endpoints.callback()
def show(
    as_json: AsJson = False,
    api: ApiUrl = None,
    state_dir: StateDir = None,
    why: Annotated[
        bool, typer.Option("--why", help="What was found against each, the newest first.")
    ] = False,
    profiles: Annotated[
        bool, typer.Option("--profiles", help="What each runs, and how far back it replays.")
    ] = False,
) -> None:
    """Say how far behind each endpoint is, what it leaves out, how far it is trusted, and how it last failed."""
    from monitor.app.api_client import address_of, ask_endpoints

    told = ask_endpoints(address_of(api, state_dir))
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
