"""The command line: which command does what, and which exit code says how it ended.

Everything heavy is imported by the command that needs it, so that `--help` answers at once.
"""

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from monitor import __version__
from monitor.app.arguments import (
    ApiUrl,
    AsJson,
    ConfigOfDaemon,
    NumbersFrom0,
    StateDir,
    address_from,
)
from monitor.app.drill_commands import drill
from monitor.app.endpoint_commands import endpoints
from monitor.app.recovery_commands import recovery
from monitor.app.simulator_commands import fault, simulate
from monitor.core.errors import ConfigurationRefused, MonitorError, PlanRefused

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_BUG: Final = 70
EXIT_REFUSED: Final = 78
MOST_SLOTS: Final = 1_000_000
"""Slots that `slots` shows at most: four days of them, read in some seconds. Guessed."""
_INTERRUPTED: Final = 130
"""What typer makes of KeyboardInterrupt."""

app = typer.Typer(
    name="chain-monitor",
    help="Joins several regional Yellowstone gRPC streams into one complete stream of the Solana chain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The YAML file.")]
_ProfileName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="aggressive, balanced or conservative; over what the file says."
    ),
]


@app.command()
def run(config: _ConfigFile, profile: _ProfileName = None) -> None:
    """Watch the endpoints of a configuration until stopped."""
    from monitor.adapters.grpc.environment import EventEngine, prepare
    from monitor.app.configuration import load

    configuration = load(config, os.environ, profile)
    engine_stays = prepare(
        EventEngine(configuration.ingest.event_engine)
    )  # before anything imports grpc
    from monitor.app.lifecycle import run_daemon

    raise typer.Exit(run_daemon(configuration, engine_stays))


@app.command()
def demo(
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where everything is written.")
    ] = Path(".demo"),
    slot_time: Annotated[
        float, typer.Option(metavar="S", min=0.01, help="Seconds a slot of the simulated chain.")
    ] = 0.3,
    ports: Annotated[
        int,
        typer.Option(min=1024, max=65000, help="Port of the first region; the others follow it."),
    ] = 10000,
) -> None:
    """Simulate a cluster of three regions and watch it."""
    from monitor.app.demo import run_demo

    raise typer.Exit(run_demo(directory, slot_time, ports))


@app.command("check-config")
def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE")], profile: _ProfileName = None
) -> None:
    """Read a configuration and show every mistake in it, with its line."""
    from monitor.app.commitment import released_at, vain_wishes
    from monitor.app.configuration import load
    from monitor.app.failover import indivisible
    from monitor.app.recoverability import beyond_recovery

    configuration = load(file, os.environ, profile)
    counts = ", ".join(
        f"{len(items)} {word if len(items) != 1 else word[:-1]}"
        for word, items in (
            ("endpoints", configuration.endpoints),
            ("rpcs", configuration.rpc),
            ("monitors", configuration.monitors),
            ("sinks", configuration.sinks),
        )
    )
    level = released_at(configuration)
    typer.echo(f"{file}: in order: {counts}, {level} (profile {configuration.profile})")
    if configuration.without_effect:
        sections = ", ".join(configuration.without_effect)
        typer.echo(f"{file}: read, but without effect in this release: {sections}")
    undivided = indivisible(configuration)
    vain = vain_wishes(configuration)
    for warning in (*beyond_recovery(configuration), *vain, *filter(None, [undivided])):
        typer.echo(f"{file}: warning: {warning}")


app.command()(simulate)
app.command(cls=NumbersFrom0)(fault)


@app.command(cls=NumbersFrom0)
def slots(
    first: Annotated[int | None, typer.Argument(metavar="FROM", min=0)] = None,
    end: Annotated[int | None, typer.Argument(metavar="TO", min=0)] = None,
    as_json: AsJson = False,
    api: ApiUrl = None,
    state_dir: StateDir = None,
    config: ConfigOfDaemon = None,
) -> None:
    """Show what became of slots FROM to TO, TO excluded, and the proof; without them, of the newest."""
    from monitor.app.api_client import ask_slots

    if first is not None and end is not None and first > end:
        raise typer.BadParameter("TO is below FROM", param_hint="TO")
    if first is not None and end is not None and end - first > MOST_SLOTS:
        raise typer.BadParameter(f"at most {MOST_SLOTS} slots after FROM", param_hint="TO")
    found = ask_slots(address_from(api, config, state_dir), first, end)
    if as_json:
        for slot in found:
            typer.echo(json.dumps(slot, separators=(",", ":")))
        return
    from monitor.app.tables import console, show_slots

    show_slots(console(), list(found), None if first is None or end is None else end - first)


@app.command()
def status(
    as_json: AsJson = False,
    api: ApiUrl = None,
    state_dir: StateDir = None,
    config: ConfigOfDaemon = None,
) -> None:
    """Say whether the daemon is ready or why not, how far it is, and how endpoints and sinks do."""
    from monitor.app.api_client import ask_status

    told = ask_status(address_from(api, config, state_dir))
    if as_json:
        typer.echo(json.dumps(told, separators=(",", ":")))
        return
    from monitor.app.tables import console, show_status

    show_status(console(), told)


@app.command()
def commitment(
    as_json: AsJson = False,
    api: ApiUrl = None,
    state_dir: StateDir = None,
    config: ConfigOfDaemon = None,
) -> None:
    """Say at which commitment events are released, between which it may be, and what was decided, the newest first."""
    from monitor.app.api_client import ask_commitment

    told = ask_commitment(address_from(api, config, state_dir))
    if as_json:
        typer.echo(json.dumps(told, separators=(",", ":")))
        return
    from monitor.app.commitment_tables import show_commitment
    from monitor.app.tables import console

    show_commitment(console(), told)


app.add_typer(recovery, name="recovery")
app.add_typer(endpoints, name="endpoints")
app.command()(drill)


@app.command()
def version() -> None:
    """Say which version this is."""
    typer.echo(f"chain-monitor {__version__}")


def main() -> None:
    """Run the command line; leaves through SystemExit with a code of DESIGN 10."""
    try:
        app(prog_name="chain-monitor")
    except MonitorError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(exit_code(error)) from None
    except SystemExit as end:
        # An interrupt before the daemon took the signals over is a stop as clean as any.
        raise SystemExit(0 if end.code == _INTERRUPTED else end.code) from None
    except Exception as error:  # noqa: BLE001 (the outermost place: a bug becomes one line and its own code)
        typer.echo(bug_report(error, os.environ), err=True)
        raise SystemExit(EXIT_BUG) from None


def exit_code(error: MonitorError) -> int:
    """The code that tells a supervisor whether another try makes sense."""
    return EXIT_REFUSED if isinstance(error, ConfigurationRefused | PlanRefused) else EXIT_FAILED


def bug_report(error: Exception, environ: Mapping[str, str]) -> str:
    """One line for the user; the traceback goes to a file beside the state, or among the temporary ones."""
    told = " ".join(f"{type(error).__name__}: {error}".split())
    directory = environ.get("STATE_DIRECTORY") or tempfile.gettempdir()
    try:
        descriptor, file = tempfile.mkstemp(".log", "chain-monitor-bug-", directory, text=True)
        with open(descriptor, "w", encoding="utf-8") as log:
            log.write(f"chain-monitor {__version__}, Python {sys.version}\n")
            traceback.print_exception(error, file=log)
    except OSError as failed:
        return f"chain-monitor has a bug: {told}; the traceback could not be kept: {failed}"
    return f"chain-monitor has a bug: {told}; the traceback is in {file}"
