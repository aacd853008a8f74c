"""The failover manager works as the configuration says."""

from pathlib import Path

from monitor.app.failover import failover_policy
from monitor.core.failover import FailoverPolicy, Strategy
from tests.app.configurations import LEAST, loaded


def test_the_policy_is_what_was_configured(tmp_path: Path) -> None:
    text = "failover: {strategy: race, hot: 5}\nmonitors:\n - {name: m, slots: {}}\n - {name: n, entry: {}}\n"
    assert failover_policy(loaded(tmp_path, LEAST + text)) == FailoverPolicy(Strategy.RACE, 5)


def test_three_feeds_race_by_default(tmp_path: Path) -> None:
    policy = failover_policy(loaded(tmp_path, LEAST))
    assert (policy.strategy, policy.hot) == (Strategy.RACE, 3)


def test_one_endpoint_is_hot_at_standby(tmp_path: Path) -> None:
    policy = failover_policy(loaded(tmp_path, LEAST + "failover: {strategy: standby}\n"))
    assert policy.places == 1
