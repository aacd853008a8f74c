"""The soak of traps runs each scenario on each family, and names what does not hold."""

import pytest

from monitor.app.scenarios import scenario_files
from monitor.simulator.families import Family
from tests.scenarios.trap_scenes import OF_TRANSPORT, SCENES
from tests.soak import transport, traps
from tests.soak.__main__ import main


@pytest.mark.parametrize("family", [Family.OLDER, Family.RICHAT])
def test_a_scenario_holds_on_families_that_are_least_alike(family: Family) -> None:
    assert traps.run_scene("seams", family, seed=1, slots=30, tail=60) is None


def test_all_scenarios_are_run_on_all_families(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[tuple[str, Family]] = []

    def run(scene: str, family: Family, seed: int, slots: int) -> str | None:
        assert (seed, slots) == (7, 10 if scene in OF_TRANSPORT else 40)
        ran.append((scene, family))
        return "lost" if (scene, family) == ("seams", Family.RICHAT) else None

    monkeypatch.setattr(traps, "run_scene", run)
    monkeypatch.setattr(transport, "run_scene", run)
    wrong, size = traps.run_round(7, 40)
    every = {(file.stem, family) for file in scenario_files() for family in Family}
    assert set(ran) == every
    assert len(ran) == len(every)
    assert wrong == "seams on richat: lost"
    assert size == f"{len(scenario_files())} scenarios on 5 families"
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(every)
    assert lines[0].split()[:3] == ["1", "of", str(len(every))]
    assert sum(line.endswith("  lost") for line in lines) == 1


def test_some_scenarios_can_be_run_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(traps, "run_scene", lambda scene, *_: ran.append(scene))
    assert traps.run_round(7, 40, only="seam") == (None, "1 scenarios on 5 families")
    assert ran == ["seams"] * 5
    with pytest.raises(SystemExit) as refused:
        main(["traps", "--only", "no such scenario"])
    assert refused.value.code == 2
    assert "no scenario's name contains 'no such scenario'" in capsys.readouterr().err


def test_what_is_left_out_is_a_scenario_that_there_is() -> None:
    assert "seams" in SCENES
    assert not OF_TRANSPORT & set(SCENES)
