"""The commands of the simulator: run one, with a scenario or without, and break it while it runs."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

_COMMAND_LINE: Final = "COMMANDLINE"
"""What typer calls the source of a value that was written there."""


def simulate(
    ctx: typer.Context,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What goes wrong, and when: a name of --list-scenarios, or a file. "
            "What else is written here goes before it.",
        ),
    ] = None,
    list_scenarios: Annotated[
        bool, typer.Option("--list-scenarios", help="Show the named scenarios and stop.")
    ] = False,
    regions: Annotated[str, typer.Option(metavar="NAMES", help="Comma-separated.")] = "ams,nyc,tyo",
    rpcs: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, max=16, help="JSON-RPC nodes: rpc1, rpc2, ...; ports as regions."
        ),
    ] = 1,
    slot_time: Annotated[float, typer.Option(metavar="S", min=0.01, help="Seconds a slot.")] = 0.3,
    seed: Annotated[int, typer.Option(help="Equal seeds make equal chains.")] = 1,
    ports: Annotated[
        int, typer.Option(min=0, max=65000, help="Port of the first region; 0 picks free ones.")
    ] = 10000,
    truth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what is on the chain.")
    ] = None,
    truth_max_mb: Annotated[
        int | None,
        typer.Option(metavar="MB", min=1, help="Bound the truth; one older part is kept."),
    ] = None,
    blocks: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Serve these getBlock answers, one JSON a line."),
    ] = None,
    fill: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Fill the made chain with the transactions of these answers."
        ),
    ] = None,
    votes: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=2000, help="Votes a slot; 40.")
    ] = None,
    transactions: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Other transactions a slot; 15.")
    ] = None,
    replay_slots: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Slots that a region replays; 150. 0: no replay."),
    ] = None,
    replay_rate: Annotated[
        float | None,
        typer.Option(
            metavar="N", min=0.1, help="Slots of a replay a second; as fast as they are read."
        ),
    ] = None,
    age: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="Slots that the chain is old at the start; RPCs have them."
        ),
    ] = 0,
    start_when: Annotated[
        int, typer.Option(metavar="N", min=0, help="Start the chain when N feeds are open.")
    ] = 0,
    control: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where `fault` is taken.")
    ] = "127.0.0.1:9999",
    token: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Refuse clients without this x-token.")
    ] = None,
) -> None:
    """Run a simulated cluster: one Yellowstone server a region, and JSON-RPC."""
    from monitor.app import scenarios, simulation
    from monitor.simulator.options import SimulateOptions

    if list_scenarios:
        for line in scenarios.list_scenarios():
            typer.echo(line)
        return
    base = SimulateOptions()
    if scenario is not None:
        base = scenarios.options_of(scenarios.read_scenario(scenarios.find_scenario(scenario)))
    given = _given(ctx)
    options = simulation.with_words(base, given)
    raise typer.Exit(simulation.run_simulation(options, typer.echo))


def _given(ctx: typer.Context) -> dict[str, Any]:
    """The options that stand on the command line."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return {
        name: ctx.params[name]
        for name, source in sources.items()
        if source is not None and source.name == _COMMAND_LINE
    }


def fault(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="A region, all regions (`all`), or an RPC.")
    ],
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Of a region: kill refuse outage mute stall lag lie uncount lose-tx drop-tx "
            "drop-account drop-slot duplicate cut end heal. Of the chain (`all`): fork die recreate "
            "confirm-late stall-finality stall-confirmation halt heal. Of an RPC: kill mute cut slow behind "
            "pruned lack limit errors lie heal.",
        ),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ARG]...",
            help="lag, slow: seconds. outage, behind: slots. pruned, lack: a slot. limit: requests a second. "
            "errors: a code without its sign (32004), null, meta-null, 429, 429-date or 500, and a "
            "share. lie, of an RPC: blockhash, parent, missing, altered, fee or any, and a share. "
            "confirm-late, stall-finality, stall-confirmation, halt: slots, as 100, or seconds, as 600s. "
            "lie, uncount, lose-tx, drop-tx, drop-account, drop-slot, duplicate, fork, die, recreate, "
            "of an RPC mute and cut: a share, as 0.05. "
            "What lose-tx loses is lost by every region that has it.",
        ),
    ] = None,
    control: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where the simulator takes it.")
    ] = "127.0.0.1:9999",
) -> None:
    """Break a region or an RPC of the running simulation; `heal` mends it."""
    from monitor.simulator.control import send_fault

    argument = " ".join(arguments) if arguments else None
    typer.echo(send_fault(control, target, name, argument))
