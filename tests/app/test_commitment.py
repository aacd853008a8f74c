"""What becomes of the section `commitment`: the kernel's policy, words, and wishes that are in vain."""

from pathlib import Path

import pytest

from monitor.app.commitment import level_policy, released_at, vain_wishes
from monitor.core.chain import Commitment
from monitor.core.commitment import LevelPolicy, LevelStrategy
from tests.app.configurations import LEAST, loaded

PROCESSED, CONFIRMED, FINALIZED = Commitment


def test_the_policy_is_the_users_within_the_profiles_bounds(tmp_path: Path) -> None:
    wishes = "max_latency: 250ms, max_throughput: 5000"
    text = f"profile: aggressive\n{LEAST}commitment: {{strategy: adaptive, level: confirmed, {wishes}}}\n"
    assert level_policy(loaded(tmp_path, text)) == LevelPolicy(
        LevelStrategy.ADAPTIVE, CONFIRMED, PROCESSED, FINALIZED, 0.25, 5000
    )


@pytest.mark.parametrize("strategy", list(LevelStrategy))
@pytest.mark.parametrize(
    ("profile", "levels"),
    [
        ("aggressive", (PROCESSED, PROCESSED, FINALIZED)),
        ("balanced", (CONFIRMED, PROCESSED, FINALIZED)),
        ("conservative", (FINALIZED, FINALIZED, FINALIZED)),
    ],
)
def test_without_a_word_of_the_users_it_is_the_profiles(
    tmp_path: Path, strategy: LevelStrategy, profile: str, levels: tuple[Commitment, ...]
) -> None:
    text = f"profile: {profile}\n{LEAST}commitment: {{strategy: {strategy}}}\n"
    assert level_policy(loaded(tmp_path, text)) == LevelPolicy(strategy, *levels)


@pytest.mark.parametrize(
    ("profile", "strategy", "words"),
    [
        ("balanced", "fixed", "confirmed"),
        ("balanced", "adaptive", "confirmed, adaptive from processed to finalized"),
        ("conservative", "adaptive", "finalized"),
    ],
)
def test_the_level_in_words(tmp_path: Path, profile: str, strategy: str, words: str) -> None:
    text = f"profile: {profile}\n{LEAST}commitment: {{strategy: {strategy}}}\n"
    assert released_at(loaded(tmp_path, text)) == words


@pytest.mark.parametrize(
    ("profile", "commitment", "vain"),
    [
        ("balanced", "strategy: adaptive, max_latency: 1s", []),
        ("balanced", "strategy: fixed", []),
        (
            "balanced",
            "strategy: fixed, max_latency: 1s, max_throughput: 5",
            [
                "commitment.max_latency has no effect: the strategy is fixed; write adaptive",
                "commitment.max_throughput has no effect: the strategy is fixed; write adaptive",
            ],
        ),
        (
            "aggressive",
            "strategy: adaptive, max_throughput: 5",
            ["commitment.max_throughput has no effect: the profile allows nothing below processed"],
        ),
    ],
)
def test_wishes_that_nothing_can_come_of_are_told(
    tmp_path: Path, profile: str, commitment: str, vain: list[str]
) -> None:
    text = f"profile: {profile}\n{LEAST}commitment: {{{commitment}}}\n"
    assert list(vain_wishes(loaded(tmp_path, text))) == vain
