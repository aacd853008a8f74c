"""The soak of the transport: real servers of one family, a whole daemon, and what is no truth is named."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from monitor.app.scenarios import scenario_files
from monitor.simulator.families import Family
from tests.e2e.expected import Record, records
from tests.simulator.staged import Stage
from tests.soak import transport

pytestmark = pytest.mark.real_time


def test_every_stage_is_one_of_a_scenario() -> None:
    assert set(transport.STAGES) <= set(transport.SCENES)
    assert set(transport.SCENES) <= {file.stem for file in scenario_files()}


def test_blocks_are_large_here_too(tmp_path: Path) -> None:
    stage = transport.STAGES["large-blocks"]
    options = transport.options_for("large-blocks", stage, Family.USUAL, 1, tmp_path)
    played = Stage(replace(options, regions=("ams",)))
    played.play(2)
    assert played.largest > 4 * 2**20


def without_one(events: list[Record]) -> list[Record]:
    return events[:10] + events[11:]


def with_one_twice(events: list[Record]) -> list[Record]:
    return [*events, events[10]]


def with_one_altered(events: list[Record]) -> list[Record]:
    return [*events[:10], {**events[10], "fee": 1}, *events[11:]]


def with_a_smaller_block(events: list[Record]) -> list[Record]:
    place = next(i for i, each in enumerate(events) if each["kind"] == "block")
    less = {**events[place], "transactions": events[place]["transactions"][1:]}
    return [*events[:place], less, *events[place + 1 :]]


def test_a_scenario_holds_and_what_is_no_truth_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = transport.Stage(lasts=True, has_blocks=True)
    monkeypatch.setitem(transport.STAGES, "half-close", stage)
    transport.prove("half-close", Family.OLDER, 1, 4, tmp_path)
    file = tmp_path / "daemon" / "events.jsonl"
    wanted = stage.wanted(4)
    events = [each for each in records(file) if each["slot"] in wanted]
    changes: dict[str, Callable[[list[Record]], list[Record]]] = {
        "never came": without_one,
        "came twice": with_one_twice,
        "differ from the truth": with_one_altered,
        "do not hold their transactions": with_a_smaller_block,
    }
    for told, change in changes.items():
        file.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in change(events)))
        with pytest.raises(AssertionError, match=told):
            transport.judge(tmp_path, stage, wanted)
