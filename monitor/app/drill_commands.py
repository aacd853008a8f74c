"""The command `drill`: failovers on a running daemon, one after the other, and what each cost."""

from typing import Annotated

import typer

from monitor.app.arguments import AsJson, ConfigOfDaemon, StateOfDaemon, state_dir_of


def drill(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Endpoints in their order; without: each that has a place."
        ),
    ] = None,
    config: ConfigOfDaemon = None,
    state_dir: StateOfDaemon = None,
    window: Annotated[
        float,
        typer.Option(
            metavar="S",
            min=0.1,
            help="Seconds that are watched undisturbed, then drained, then given back.",
        ),
    ] = 10.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be drained, and drain nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Drain one endpoint after the other, give each back, and report what that cost in events, duplicates and time.

    What is drained is promoted back in the end, and when it is interrupted; what a drill that is killed has asked for
    ends by itself. Status 1: something was lost or doubled, or a failover did not go through.
    """
    found = state_dir_of(config, state_dir)

    from monitor.app.drill_run import run_drill, show_drill
    from monitor.app.running_daemon import RunningDaemon

    daemon = RunningDaemon(found)
    if dry_run:
        show_drill(daemon, names or [], as_json=as_json)
    elif not run_drill(daemon, names or [], window, as_json=as_json):
        raise typer.Exit(1)
