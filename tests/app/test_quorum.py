"""The quorum is what the configuration says."""

from pathlib import Path

from monitor.app.quorum import quorum_policy
from monitor.core.quorum import QuorumPolicy
from tests.app.configurations import LEAST, loaded

TWO = "endpoints: [{name: a, url: 'http://a'}, {name: b, url: 'http://b'}]\n"


def test_one_endpoint_is_enough_by_default(tmp_path: Path) -> None:
    assert quorum_policy(loaded(tmp_path, LEAST)) == QuorumPolicy(1, 30.0, is_strict=False)


def test_the_profile_may_ask_for_two(tmp_path: Path) -> None:
    assert quorum_policy(loaded(tmp_path, f"profile: conservative\n{TWO}")) == QuorumPolicy(2)


def test_the_policy_is_what_was_configured(tmp_path: Path) -> None:
    text = TWO + "failover: {confirm_quorum: 2, quorum_wait: 5s, quorum_strict: true}\n"
    assert quorum_policy(loaded(tmp_path, text)) == QuorumPolicy(2, 5.0, is_strict=True)
