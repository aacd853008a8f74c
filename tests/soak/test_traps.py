"""The soak of traps runs each scenario on each family, and names what does not hold."""

import pytest

from monitor.simulator.families import Family
from tests.scenarios.trap_scenes import OF_TRANSPORT, SCENES
from tests.soak import traps


@pytest.mark.parametrize("family", [Family.OLDER, Family.RICHAT])
def test_a_scenario_holds_on_families_that_are_least_alike(family: Family) -> None:
    assert traps.run_scene("seams", family, seed=1, slots=30, tail=60) is None


def test_all_scenarios_are_run_on_all_families(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, Family]] = []

    def run(scene: str, family: Family, seed: int, slots: int) -> str | None:
        assert (seed, slots) == (7, 30)
        ran.append((scene, family))
        return "lost" if (scene, family) == ("seams", Family.RICHAT) else None

    monkeypatch.setattr(traps, "run_scene", run)
    wrong, size = traps.run_round(7, 30)
    assert set(ran) == {(scene, family) for scene in SCENES for family in Family}
    assert wrong == "seams on richat: lost"
    assert size == f"{len(SCENES)} scenarios on 5 families"


def test_what_is_left_out_is_a_scenario_that_there_is() -> None:
    assert "seams" in SCENES
    assert not OF_TRANSPORT & set(SCENES)
