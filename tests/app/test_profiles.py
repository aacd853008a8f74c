from pathlib import Path

import pytest

from monitor.app.profiles import read_profile
from monitor.core.errors import ConfigurationRefused


@pytest.mark.parametrize(
    ("name", "level", "size", "requests"),
    [
        ("aggressive", "processed", 200, 100),
        ("balanced", "confirmed", 100, 50),
        ("conservative", "finalized", 50, 20),
    ],
)
def test_profiles_are_those_of_the_design(
    name: str, level: str, size: int, requests: float
) -> None:
    profile = read_profile(name)

    assert profile.commitment.level == level
    lowest = "finalized" if name == "conservative" else "processed"
    assert (profile.commitment.lowest, profile.commitment.highest) == (lowest, "finalized")
    assert profile.commitment.strategy == "adaptive"
    assert (profile.batch.size, profile.batch.interval) == (size, 0.1)
    assert profile.requests_per_second == requests
    assert profile.covers == (2 if name == "conservative" else 1)
    assert profile.confirm_quorum == (2 if name == "conservative" else 1)


def test_a_profile_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRefused, match=r"balanced\.yaml:0: .* cannot be read"):
        read_profile("balanced", tmp_path)


def test_a_profile_takes_no_variables_and_no_strange_keys(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "commitment: {strategy: fixed, level: processed, lowest: processed, highest: finalized}\n"
        "covers: 1\n"
        "confirm_quorum: 1\n"
        "batch: {size: 1, interval: 1s, x: '${HOME}'}\n"
        "requests_per_second: 1\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationRefused) as refused:
        read_profile("own", tmp_path)

    assert "batch.x: needs the variable HOME" in str(refused.value)
